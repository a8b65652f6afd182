"""How another Python of ours is started: which one, and apart from this one's console."""

import os
import subprocess
import sys
from pathlib import Path


def interpreter() -> str:
    """This Python; on Windows the one with a console, which has streams even when no window is shown."""
    beside = Path(sys.executable).with_name("python.exe")
    return str(beside) if os.name == "nt" and beside.exists() else sys.executable


def own_group() -> dict:
    """Arguments of Popen for a process that Ctrl-C here does not reach and that shows no window."""
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}

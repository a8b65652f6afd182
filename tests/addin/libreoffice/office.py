"""A LibreOffice with the extension, in a profile of its own, and a person who presses controls in it."""

import atexit
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.libreoffice import python_with_uno
from xlcicf.addin.oxt import EXTENSION, build_extension

CRASHED = ("DisposedException", "UnknownPropertyException")  # what the bridge then says
SECONDS = 60  # that anything may take
NO_TIPS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Common/Misc">
<prop oor:name="ShowTipOfTheDay" oor:op="fuse"><value>false</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Misc">
<prop oor:name="FirstRun" oor:op="fuse"><value>false</value></prop></item>
</oor:items>
"""
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def unopkg(folder: Path, *arguments) -> subprocess.CompletedProcess:
    """Runs it on the profile in a folder; it refuses to work for root, who therefore lets nobody do it."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    command = [shutil.which("unopkg") or str(_program() / "unopkg")]
    command += [*arguments, f"-env:UserInstallation={profile_in(folder)}"]
    environment = os.environ | _path() | {"HOME": str(home)}
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, 65534, 65534)
        command = [*NOBODY, *command]
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS
    )


def _path() -> dict[str, str]:
    """LibreOffice's own Python first: it cannot load it where another comes before."""
    return {"PATH": os.pathsep.join([str(Path(python_with_uno()).parent), os.environ["PATH"]])}


def profile_in(folder: Path) -> str:
    return (folder / "profile").as_uri()


def _program() -> Path:
    return Path(shutil.which("soffice")).resolve().parent


class PressedOffice:
    """LibreOffice in front of a person. What `pressing.Pressing` can do is a method here."""

    def __init__(self):
        for program in ("Xvfb", "xdotool"):
            if not shutil.which(program):
                pytest.skip(f"nobody sits before LibreOffice's windows: {program} is missing")
        if python_with_uno() is None:
            pytest.skip("no Python here has LibreOffice's uno module (python3-uno)")
        self.folder = Path(tempfile.mkdtemp(prefix="xlcicf-pressed-"))
        self.folder.chmod(0o755)
        settings = self.folder / "profile" / "user" / "registrymodifications.xcu"
        settings.parent.mkdir(parents=True)
        settings.write_text(NO_TIPS)
        build_extension(self.folder)
        added = unopkg(self.folder, "add", "-f", "-s", str(self.folder / EXTENSION))
        assert added.returncode == 0, added.stderr
        self.screen, display = _screen()
        self.process = subprocess.Popen(
            [python_with_uno(), Path(__file__).with_name("pressing.py"), profile_in(self.folder)],
            env=os.environ
            | _path()
            | {"TMPDIR": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state"), "PYTHONUTF8": "1"}
            | {"DISPLAY": display, "SAL_USE_VCLPLUGIN": "gen"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __getattr__(self, what: str):
        return lambda *arguments: self._ask(what, [str(a) if isinstance(a, Path) else a for a in arguments])

    def _ask(self, what: str, arguments: list):
        self.process.stdin.write(json.dumps([what, arguments]).encode() + b"\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        line = self.process.stdout.readline() if ready else b""
        done, said = json.loads(line) if line else (False, f"no answer to {what} {arguments}")
        if not done and (not line or any(sign in said for sign in CRASHED)):
            self.end()
        assert done, said
        return said

    def processes(self) -> list[str]:
        """Those of ours that belong to it: their environment names its folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                environment, command = (entry / "environ").read_bytes(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(self.folder).encode() in environment and b"xlcicf.addin" in command:
                found.append(f"{entry.name} {command.decode().replace(chr(0), ' ')}")
        return found

    @property
    def is_there(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        if self.process.stdin.closed:
            return
        if self.is_there:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.screen.kill()
        self.screen.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


offices: list[PressedOffice] = []  # the last is the one in which controls are pressed


def running() -> PressedOffice:
    """The one that all tests of this process use; a new one where it has crashed."""
    if not offices or not offices[-1].is_there:
        offices.append(PressedOffice())
        atexit.register(offices[-1].end)
    return offices[-1]


def _screen() -> tuple[subprocess.Popen, str]:
    """A display of its own, and its name."""
    heard, said = os.pipe()
    command = ["Xvfb", "-displayfd", str(said), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(
        command,
        pass_fds=[said],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(said)
    with os.fdopen(heard) as number:
        return screen, ":" + number.readline().strip()


def until(condition, seconds: float = SECONDS, what: str = ""):
    """What a condition comes to as soon as it is true; fails where it does not become so."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, what or "it has not come to that"
        time.sleep(0.05)
    return found

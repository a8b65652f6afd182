"""LibreOffice, asked by the tests. One is started for all of a process's questions, since that takes a second."""

import atexit
import functools
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

SECONDS = 300  # that an answer may take
HERE = Path(__file__).parent

ALWAYS_RECOMPUTE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


class Office:
    """A LibreOffice with a profile of its own, in which saved results are never trusted.

    Skips the test where no Python can talk to it.
    """

    def __init__(self):
        python = python_with_uno()
        if python is None:
            pytest.skip("no Python here has LibreOffice's uno module (python3-uno)")
        self._folder = Path(tempfile.mkdtemp(prefix="xlcicf-libreoffice-"))
        self._process = subprocess.Popen(
            [python, HERE / "uno_office.py", _profile_in(self._folder)],
            env=os.environ | {"TMPDIR": str(self._folder), "PYTHONUTF8": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, script: Path, within: float = SECONDS, **asked):
        """What `answer(context, **asked)` of a script for such a Python returns within so many seconds; all of
        it JSON."""
        self._process.stdin.write(json.dumps([str(script), asked]).encode() + b"\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], within)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            self.end()
        assert line, f"LibreOffice was asked by {script.name} and has not answered"
        is_answer, said = json.loads(line)
        assert is_answer, said
        return said

    @property
    def is_there(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        if self.is_there:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)


_offices: list[Office] = []  # the last is the one that is asked


def ask(script: Path, within: float = SECONDS, **asked):
    """The same, of the LibreOffice that all tests of this process ask."""
    if not _offices or not _offices[-1].is_there:
        _offices.append(Office())
        atexit.register(_offices[-1].end)
    return _offices[-1].ask(script, within, **asked)


def convert(path: Path, kind: str, folder: Path, within: float = SECONDS) -> Path:
    """The book as LibreOffice recomputes and saves it: `kind` "xlsx" or "pdf". Returns the new file.

    AssertionError where it takes more seconds than `within`."""
    result = folder / f"{path.stem}.{kind}"
    folder.mkdir(exist_ok=True)
    if python_with_uno():
        source, target = path.resolve().as_uri(), result.resolve().as_uri()
        ask(HERE / "libreoffice_convert.py", within, source=source, kind=kind, target=target)
    else:
        with tempfile.TemporaryDirectory() as home:
            profile = f"-env:UserInstallation={_profile_in(Path(home))}"
            command = ["soffice", profile, "--headless", "--norestore", "--convert-to", kind, "--outdir"]
            subprocess.run([*command, folder, path], check=True, timeout=SECONDS)
    assert result.exists(), f"LibreOffice converted nothing: {path}"
    return result


@functools.cache
def python_with_uno() -> str | None:
    """A Python that can talk to LibreOffice: the system's own, or the one that LibreOffice brings."""
    office = Path(shutil.which("soffice")).resolve().parent
    for python in ("/usr/bin/python3", str(office / "python"), shutil.which("python3")):
        try:
            if python and subprocess.run([python, "-c", "import uno"], capture_output=True).returncode == 0:
                return python
        except OSError:
            continue
    return None


def _profile_in(folder: Path) -> str:
    """The URI of a new profile in which saved results are never trusted."""
    settings = folder / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(ALWAYS_RECOMPUTE)
    return (folder / "profile").as_uri()

"""Books that are open in a LibreOffice, as xlwings Books on the remote engine."""

import atexit
import functools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import xlwings

from tests.libreoffice import python_with_uno
from xlcicf.host.libreoffice.host import LIBREOFFICE
from xlcicf.host.remote.engine import Engine, open_books
from xlcicf.host.remote.link import Link


class LiveOffice:
    """A LibreOffice without a window, with the agent's operations at hand; its profile is new."""

    def __init__(self):
        python = python_with_uno()
        assert python, "python3-uno is missing"
        self._folder = Path(tempfile.mkdtemp(prefix="xlcicf-live-"))
        script = Path(__file__).with_name("agent_over_bridge.py")
        self._process = subprocess.Popen(
            [python, script, (self._folder / "profile").as_uri()],
            env=os.environ | {"TMPDIR": str(self._folder), "PYTHONUTF8": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        atexit.register(self.end)
        self.link = Link(self._process.stdout, self._process.stdin)
        Thread(target=self.link.listen, args=[lambda message: None], daemon=True).start()
        active = xlwings.engines.active
        self.engine: Engine = open_books(self.link, LIBREOFFICE)
        if active is not None:
            active.activate()

    @contextmanager
    def opened(self, path: Path) -> Iterator[xlwings.Book]:
        """A book, until the body is left."""
        active, book = xlwings.engines.active, self.link("open", str(path))
        xlwings.engines(self.engine.name).activate()
        try:
            yield self.engine.book(book)
        finally:
            self.link("close", book)
            if active is not None:
                active.activate()

    def end(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


@functools.cache
def live_office() -> LiveOffice:
    """One for all tests of this process."""
    return LiveOffice()

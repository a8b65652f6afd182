"""The process behind menu and toolbar of a program with an agent inside it: it carries commands out.

    python -P -m xlcicf.addin.command_process

talks with the agent as `xlcicf.host.remote.protocol` says, and ends with its standard input. The program does
not wait for it: each press is a thread, in which a run stays until it has ended.
"""

import gc
import os
import time
from contextlib import nullcontext
from importlib import import_module
from queue import SimpleQueue
from threading import Lock, Thread, current_thread

from xlcicf.addin import ADDIN, commands, controls, pipe
from xlcicf.addin.agents_pipes import agents_pipes
from xlcicf.errors import XlcicfError
from xlcicf.host.libreoffice.host import LIBREOFFICE
from xlcicf.host.patience import once
from xlcicf.host.remote.engine import Engine, open_books
from xlcicf.host.remote.link import Link
from xlcicf.words import TAB

GRACE = 5.0  # seconds that runs have to keep their best when the program is gone
READ = 10.0  # seconds for which the last sentence stays in the status bar
SELDOM = 50_000, 20, 100_000  # collections: one of all that lives takes a fifth of a second

# What is not waited for, as a run is not, and what does not wait.
AT_ONCE = {"train", "solve", "step", "stop"}


class Desk:
    """What comes from the agent, and what it is told of the controls."""

    def __init__(self, link: Link):
        self.link = link
        self.engine: Engine = open_books(link, LIBREOFFICE, self._macro)
        self.presses: list[Thread] = []
        self._turn = Lock()  # of what is pressed one after the other
        self._latest: dict[str, Thread] = {}  # book -> the last press of a control
        self._looks: SimpleQueue[str] = SimpleQueue()
        Thread(target=self._look_after_controls, daemon=True).start()

    def hear(self, message: dict) -> None:
        match message:
            case {"do": "press", "control": control, "text": text, "book": book}:
                self.presses = [press for press in self.presses if press.is_alive()]
                self.presses.append(Thread(target=self._press, args=(book, control, text), daemon=True))
                self.presses[-1].start()
            case {"do": "look", "book": book}:
                self._looks.put(book)

    def _press(self, name: str, control: str, text: str) -> None:
        book = self.engine.book(name)
        self._latest[name] = current_thread()
        try:
            with self._turn if control not in AT_ONCE else nullcontext():
                said = commands.run(book, control, text)
        except XlcicfError as error:  # the book is no longer open, say: there is nobody to tell
            said = str(error)
        except Exception as error:  # a person shall read a sentence all the same
            said = f"{control} did not work ({type(error).__name__}: {error}); try again"
            once(book.app.alert, said, TAB, "ok", "critical")
        self._looks.put(name)
        if said:
            time.sleep(READ)
        if self._latest[name] is current_thread():  # else another one has the say in the status bar
            once(self.link, "status", name, None)
            gc.collect()  # now that nobody waits

    def _macro(self, book, name: str, _arguments: tuple) -> None:
        """What Excel's add-in has macros for: the controls follow what happens."""
        if name.startswith(f"'{ADDIN}'!"):
            self._looks.put(book.id)

    def _look_after_controls(self) -> None:
        """One after the other; a book that is to be looked at several times is looked at once."""
        while True:
            waiting = {self._looks.get()}
            while not self._looks.empty():
                waiting.add(self._looks.get())
            for name in waiting:
                once(self._show_controls, name)

    def _show_controls(self, name: str) -> None:
        book = self.engine.book(name)
        try:
            self.link("controls", name, controls.states(book), controls.texts(book))
        except XlcicfError:  # it is closed by now
            pass


def main() -> None:
    gc.set_threshold(*SELDOM)
    link = agents_pipes()
    desk = Desk(link)
    Thread(target=_load, daemon=True).start()
    link.listen(desk.hear)
    until = time.monotonic() + GRACE
    for press in desk.presses:
        press.join(max(0.0, until - time.monotonic()))
    pipe.dismiss()
    os._exit(0)  # a thread in the middle of a computation would hold it


def _load() -> None:
    """What the first press needs, while nobody waits for it."""
    pipe.warm()
    import_module("xlcicf.formula.sheetfunction")
    import_module("xlcicf.solve.check")


if __name__ == "__main__":
    main()

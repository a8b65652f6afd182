"""The process that answers the functions in cells of a program with an agent inside it.

    python -P -m xlcicf.addin.function_process

talks with the agent as `xlcicf.host.remote.protocol` says, and ends with its standard input.
"""

import os
from importlib import import_module
from threading import Thread

import xlwings as xw

from xlcicf.addin.agents_pipes import agents_pipes
from xlcicf.addin.function_calls import error_value
from xlcicf.errors import XlcicfError
from xlcicf.host.libreoffice.host import LIBREOFFICE
from xlcicf.host.remote.engine import Engine, open_books
from xlcicf.host.remote.link import Link

READING = ("NN_DERIVATIVE", "NN_NUDGE", "NN_PARITY")  # the functions that are handed cells


class Answers:
    """Each call is answered in a thread of its own: what it reads may have another cell call meanwhile."""

    def __init__(self, link: Link):
        self.link = link
        self.engine = open_books(link, LIBREOFFICE, functions=READING)

    def hear(self, call: dict) -> None:
        Thread(target=self._answer, args=(call,), daemon=True).start()

    def _answer(self, call: dict) -> None:
        self.link.say({"result": answered(self.engine, call)})


def answered(engine: Engine, call: dict) -> list[list]:
    """The rows that the cell shows."""
    from xlcicf.addin.udfs import FUNCTIONS  # the first call waits until they are loaded

    function = FUNCTIONS[call["function"]]
    try:
        given = [_given(engine, call["book"], argument) for argument in call["arguments"]]
    except XlcicfError as error:
        return function.refused(error)
    return function(*given)


def _given(engine: Engine, book: str, argument):
    """What the function takes for an argument: a cell, rows of cells, or an xlwings Range."""
    match argument:
        case {"sheet": sheet, "area": area}:
            return range_of(engine, book, sheet, area)
        case [str() as text]:
            return error_value(text)
        case list():
            return [
                [error_value(*cell) if isinstance(cell, list) else cell for cell in row] for row in argument
            ]
    return argument


def range_of(engine: Engine, book: str, sheet: str, area: list[int]) -> xw.Range:
    """Cells that a call hands over by reference."""
    return engine.cells(book, sheet, area)


def main() -> None:
    link = agents_pipes()
    answers = Answers(link)
    import_module("xlcicf.addin.preload")
    link.listen(answers.hear)
    os._exit(0)  # a call in the middle of its computation would hold it


if __name__ == "__main__":
    main()

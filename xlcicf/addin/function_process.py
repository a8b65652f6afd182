"""The process that answers the functions in cells of a program with an agent in it (xlcicf.host.remote).

    python -P -m xlcicf.addin.function_process

reads calls from standard input and answers each with its rows. It ends with that input.
"""

import json
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import BinaryIO

import xlwings as xw

from xlcicf.addin.function_calls import error_value
from xlcicf.errors import BookError, XlcicfError


class Pipes:
    """Lines of JSON to and from the agent."""

    def __init__(self, heard: BinaryIO, said: BinaryIO):
        self._heard, self._said = heard, said

    def say(self, message: dict) -> None:
        self._said.write(json.dumps(message).encode() + b"\n")
        self._said.flush()

    def lines(self) -> Iterator[dict]:
        """What the agent says, until it says no more."""
        while line := self._heard.readline():
            yield json.loads(line)


def range_of(pipes: Pipes, book: str, reference: dict) -> xw.Range:
    """The cells that a call hands over by reference, in the open book."""
    raise BookError("this LibreOffice hands over no cells yet; use a function that takes numbers")


def main() -> None:
    pipes = Pipes(sys.stdin.buffer, _own_output())
    import_module("xlcicf.addin.preload")
    for asked in pipes.lines():
        pipes.say({"result": answered(pipes, asked)})


def _own_output() -> BinaryIO:
    """Standard output, from now on for the protocol alone: whatever else is printed goes to stderr."""
    said = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return said


def answered(pipes: Pipes, asked: dict) -> list[list]:
    """The rows that the cell shows."""
    from xlcicf.addin.udfs import FUNCTIONS  # the first call waits until they are loaded

    function = FUNCTIONS[asked["function"]]
    try:
        given = [_given(pipes, asked["book"], argument) for argument in asked["arguments"]]
    except XlcicfError as error:
        return function.refused(error)
    return function(*given)


def _given(pipes: Pipes, book: str, argument):
    """What the function takes for an argument: a cell, rows of cells, or an xlwings Range."""
    match argument:
        case {"sheet": _, "area": _}:
            return range_of(pipes, book, argument)
        case [str() as text]:
            return error_value(text)
        case list():
            return [
                [error_value(*cell) if isinstance(cell, list) else cell for cell in row] for row in argument
            ]
    return argument


if __name__ == "__main__":
    main()

"""How a function in a cell is called: what Excel hands over is read, the body computes, cells come back.

Each function is declared once, in xlcicf.addin.udfs:

    @in_cells(x=numbers("any shape", "the numbers"))
    def NN_RELU(x):
        \"\"\"The larger of 0 and each number.\"\"\"
        return relu(x)

Its name, arguments, defaults and docstring make the wrapper in VBA, the function wizard's texts, the table
in docs/addin.md and the tests.
"""

import hashlib
import inspect
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from reprlib import repr as shortened

import numpy as np
import xlwings as xw

from xlcicf.errors import DataError, TrainingError, XlcicfError
from xlcicf.learn.layers import one_thread

CATEGORY = "Neural Net"

FUNCTIONS: dict[str, "CellFunction"] = {}

# What a cell shows for an error of ours, the first class that fits.
ERROR_TEXTS = (
    (DataError, "#VALUE!"),  # of the wrong shape or kind
    (TrainingError, "#NUM!"),  # settings, or a run, from which no number comes
    (XlcicfError, "#N/A"),  # no model there: cells that do not depend on each other or cannot be translated
)

# COM hands over an error value as a whole number, 0x800A0000 and the number that VBA's CVErr takes; every
# other number of a cell comes as a float.
_ERRORS = {
    2000: "#NULL!",
    2007: "#DIV/0!",
    2015: "#VALUE!",
    2023: "#REF!",
    2029: "#NAME?",
    2036: "#NUM!",
    2042: "#N/A",
}
_FIRST_ERROR = 0x800A0000 - 2**32
_LAST_ERROR = _FIRST_ERROR + 0xFFFF


def error_value(text: str) -> int:
    """What COM would hand over for "#N/A" and so on; for an error that Excel lacks that of #VALUE!."""
    return _FIRST_ERROR + next((code for code, name in _ERRORS.items() if name == text), 2015)


# ---- arguments -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Argument:
    """One argument of a function.

    shape  in words, such as "rows x columns"; what may be given, for an option
    doc    what it is
    read   (what Excel hands over, the argument's name) -> what the body takes; raises DataError
    cells  whether Excel hands over the range itself rather than its values
    """

    shape: str
    doc: str
    read: Callable[[object, str], object]
    cells: bool = False


def numbers(shape: str, doc: str) -> Argument:
    """Numbers as an array (rows, columns); a TRUE counts 1."""
    return Argument(shape, doc, array_of)


def number(doc: str) -> Argument:
    """One number, for the body a float."""
    return Argument("a number", doc, _number)


def whole(doc: str, least: int) -> Argument:
    """One whole number, for the body an int."""

    def read(value, name):
        given = _number(value, name)
        if given != int(given) or given < least:
            raise DataError(f"{name} is {given:g}; it must be a whole number of at least {least}")
        return int(given)

    return Argument(f"a whole number from {least}", doc, read)


def choice(doc: str, *words: str) -> Argument:
    """One of some words, letters' case ignored."""

    def read(value, name):
        word = value.strip().lower() if isinstance(value, str) else value
        if word not in words:
            what = _unfit(value) or f"is {shortened(value)}"
            raise DataError(f"{name} {what}; it must be one of {', '.join(words)}")
        return word

    return Argument(" or ".join(f'"{word}"' for word in words), doc, read)


def cells(shape: str, doc: str) -> Argument:
    """Cells rather than their values, for the body an xlwings Range in one piece."""

    def read(value, name):
        if not isinstance(value, xw.Range) or "," in value.address:
            raise DataError(f"{name} must be cells in one rectangle, such as B2:D5")
        return value

    return Argument(shape, doc, read, cells=True)


def array_of(value, name: str) -> np.ndarray:
    """One number or rows of numbers as float64 (rows, columns); a single row is 1 x n.

    Raises DataError, naming row and column, for text, a blank and an error value.
    """
    raw = np.array(value)
    if raw.dtype.kind not in "fbiu":
        raise DataError(_first_unfit(value, name))
    array = np.atleast_2d(raw.astype(np.float64, copy=False))
    if ((array >= _FIRST_ERROR) & (array <= _LAST_ERROR)).any() and (sentence := _first_unfit(value, name)):
        raise DataError(sentence)
    return array


def _first_unfit(value, name: str) -> str | None:
    """What stands where the first cell without a number is, and where that is."""
    rows = value if isinstance(value, list | tuple) else ((value,),)
    rows = rows if isinstance(rows[0], list | tuple) else (rows,)
    for i, row in enumerate(rows, 1):
        for j, cell in enumerate(row, 1):
            if what := _unfit(cell):
                where = f" in row {i}, column {j}" if len(rows) > 1 or len(row) > 1 else ""
                return f"{name}{where} {what}; a number is needed there"
    return None


def _unfit(cell) -> str | None:
    if cell is None:
        return "is blank"
    if type(cell) is int and _FIRST_ERROR <= cell <= _LAST_ERROR:
        return f"is {_ERRORS.get(cell - _FIRST_ERROR, 'an error value')}"
    if isinstance(cell, str):
        return f"is the text {shortened(cell)}"
    return None if isinstance(cell, float | int) else f"is {shortened(cell)}"


def _number(value, name: str) -> float:
    array = array_of(value, name)
    if array.size != 1:
        raise DataError(f"{name} is {array.shape[0]} x {array.shape[1]} cells; it must be one number")
    return array.item()


# ---- functions -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CellFunction:
    """A function in cells; calling it is what its cell does."""

    name: str
    doc: str
    arguments: dict[str, Argument]
    body: Callable
    volatile: bool

    @cached_property
    def by_reference(self) -> bool:
        return any(argument.cells for argument in self.arguments.values())

    @cached_property
    def vararg(self) -> str | None:
        """The argument that takes all that follow."""
        return next((p.name for p in self._parameters if p.kind is p.VAR_POSITIONAL), None)

    @cached_property
    def defaults(self) -> dict[str, object]:
        """What stands for each argument that may be left out."""
        return {p.name: p.default for p in self._parameters if p.default is not p.empty}

    @property
    def summary(self) -> str:
        """The docstring in one line; the function wizard shows 255 characters."""
        return " ".join(self.doc.split())

    def hint(self, name: str) -> str:
        """What the function wizard says of an argument."""
        argument, default = self.arguments[name], self.defaults.get(name)
        left_out = "" if default is None else f"; left out: {default}"
        return f"{argument.doc} ({argument.shape}{left_out})"

    @property
    def usage(self) -> str:
        """As one types it: NN_NUDGE(objective, changing, [h])."""
        shown = [f"[{name}]" if name in self.defaults else name for name in self.arguments]
        return f"{self.name}({', '.join(shown)}{', ...' if self.vararg else ''})"

    @property
    def _parameters(self):
        return inspect.signature(self.body).parameters.values()

    def __call__(self, *given) -> list[list]:
        """Rows of cells; an error is its text in one cell, and its sentence is kept for NN_LASTERROR."""
        try:
            with one_thread():
                return self._shown(self._result(self._read(given)))
        except XlcicfError as error:
            return self.refused(error)
        except Exception as error:  # a cell is no place for a traceback
            logging.getLogger(__name__).exception(self.name)
            sentence = f"{self.name} met what it was not made for ({type(error).__name__}: {error})"
            return LAST_ERROR.keep("#VALUE!", f"{sentence}; please report it")

    def refused(self, error: XlcicfError) -> list[list[str]]:
        """What the cell shows for an error of ours."""
        text = next(text for kind, text in ERROR_TEXTS if isinstance(error, kind))
        return LAST_ERROR.keep(text, f"{self.name}: {error}")

    def _read(self, given) -> list:
        """The arguments as the body takes them; a blank cell stands for an option that is left out."""
        taken = []
        for name in list(self.arguments)[len(given) :]:
            if name not in self.defaults:
                raise DataError(f"{name} is missing; type {self.usage}")
        names = [name for name in self.arguments if name != self.vararg]
        for name, value in zip(names, given, strict=False):
            omitted = value is None and name in self.defaults
            taken.append(self.defaults[name] if omitted else self.arguments[name].read(value, name))
        for count, value in enumerate(given[len(names) :], 1):
            assert self.vararg, f"{self.usage} is called with {len(given)} arguments"
            taken.append(self.arguments[self.vararg].read(value, f"{self.vararg} {count}"))
        return taken

    def _result(self, taken: list):
        """What the body computes, or what it computed from the same content before."""
        if self.by_reference or self.volatile:
            return self.body(*taken)
        return RESULTS.get(content_key(self.name, taken), lambda: self.body(*taken))

    def _shown(self, result) -> list[list]:
        """A text, a number or an array (rows, columns) as rows of cells."""
        if isinstance(result, str):
            return [[result]]
        array = np.atleast_2d(np.asarray(result, dtype=np.float64))
        if sentence := _no_number(array):
            return LAST_ERROR.keep("#NUM!", f"{self.name}: {sentence}")
        return array.tolist()


def in_cells(*, volatile: bool = False, **arguments: Argument) -> Callable[[Callable], Callable]:
    """Registers a function by its own name, and with xlwings where there is an Excel."""

    def register(body):
        doc = inspect.getdoc(body)
        assert doc and list(arguments) == list(inspect.signature(body).parameters), body.__name__
        function = CellFunction(body.__name__, doc, arguments, body, volatile)
        FUNCTIONS[function.name] = function

        @xw.ret("raw")
        @wraps(body)
        def called(*given):
            return function(*given)

        for name, argument in arguments.items():
            called = xw.arg(name, "range" if argument.cells else "raw", doc=function.hint(name))(called)
        return xw.func(category=CATEGORY, volatile=volatile)(called)  # last: each of the others resets it

    return register


def _no_number(array: np.ndarray) -> str | None:
    """Where an array (rows, columns) holds what a cell cannot show, if it does."""
    unfit = np.argwhere(~np.isfinite(array))
    if not len(unfit):
        return None
    row, column = unfit[0] + 1
    return f"the result in row {row}, column {column} is too large or no number; try smaller numbers or steps"


# ---- what is remembered ----------------------------------------------------------------------------------


class LastError:
    """The latest sentence, for NN_LASTERROR."""

    sentence = ""

    def keep(self, text: str, sentence: str) -> list[list[str]]:
        """The cell that shows `text` for it."""
        self.sentence = sentence
        return [[text]]


class Results:
    """Arrays by what they were computed from; the longest unused go where they become too many."""

    MOST, ROOM = 1000, 4_000_000  # arrays, and numbers in all of them: 32 MB

    def __init__(self):
        self._arrays: OrderedDict[bytes, np.ndarray] = OrderedDict()

    def get(self, key: bytes, compute: Callable[[], object]) -> np.ndarray:
        """The array kept under `key`, computed if there is none."""
        if key not in self._arrays:
            self._arrays[key] = np.asarray(compute())
            while len(self._arrays) > 1 and self._too_many():
                self._arrays.popitem(last=False)
        self._arrays.move_to_end(key)
        return self._arrays[key]

    def _too_many(self) -> bool:
        sizes = [array.size for array in self._arrays.values()]
        return len(sizes) > self.MOST or sum(sizes) > self.ROOM


def content_key(name: str, taken: list) -> bytes:
    """One key for one content: a function's name and its arguments, arrays by shape and bytes."""
    digest = hashlib.blake2b(name.encode())
    for value in taken:
        if isinstance(value, np.ndarray):
            digest.update(f"|{value.shape}|".encode())
            digest.update(np.ascontiguousarray(value).data)
        else:
            digest.update(f"|{value!r}|".encode())
    return digest.digest()


LAST_ERROR = LastError()
RESULTS = Results()

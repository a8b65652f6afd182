"""The functions in cells as an add-in of LibreOffice's: the process of the functions answers what Calc asks.

The settings say which there are. Calc hands over arguments by position; to those that follow cells it hands
the document first, which nobody types.
"""

# pyright: reportMissingImports=false

import re
import struct
import threading

import unohelper
from com.sun.star.lang import Locale, XServiceInfo, XServiceName
from com.sun.star.sheet import LocalizedName, ResultEvent, XAddIn, XCompatibilityNames, XVolatileResult
from org.xlcicf import XFunctions
from xlcicf_agent.calls import Unclear, argument_as_cells, formula_cells
from xlcicf_agent.operations import operations_of
from xlcicf_agent.processes import Process, later, sentence_of
from xlcicf_agent.settings import FUNCTIONS, SERVICE, SETTINGS

CATEGORY, LAST_ERROR = "Add-In", "NN_LASTERROR"

# Calc's own error for each that a function answers. A cell takes it as a number: a NaN that carries the code.
CODES = {"#VALUE!": 519, "#NUM!": 503, "#N/A": 32767}
NOT_A_NUMBER = 0x7FF8000000000000


# --- the process that answers -----------------------------------------------------------------------------


class _Answers:
    """The process of the functions: one for all documents, begun anew where it has ended."""

    def __init__(self):
        self._lock, self._process = threading.Lock(), None

    def process(self, context):
        with self._lock:
            if self._process is None or not self._process.is_there:
                command = [SETTINGS["python"], "-P", "-m", "xlcicf.addin.function_process"]
                self._process = Process(context, command, operations_of(context))
            return self._process

    def end(self):
        with self._lock:
            if self._process is not None:
                self._process.end()
            self._process = None


_answers = _Answers()


def start(context):
    """Begins the process, so that the first cell does not wait for it."""
    _answers.process(context)


def end():
    """Lets it end, as when the last document is closed."""
    _answers.end()


# --- names in files ---------------------------------------------------------------------------------------


def reenter(document):
    """Enters anew each formula with a function of ours that LibreOffice has not known in a file.

    LibreOffice 7 takes such names only as they are typed; it shows what it does not know in small letters.
    """
    found = list(formula_cells(document, "nn_", exactly=True))
    if not found:
        return
    was_modified, was_automatic = document.isModified(), document.isAutomaticCalculationEnabled()
    document.IsUndoEnabled = False  # Calc records what is entered though its UndoManager is locked
    document.enableAutomaticCalculation(False)
    try:
        for cell in found:
            if _UNKNOWN.search(
                cell.Formula
            ):  # of an array formula the others are entered with its first cell
                _enter(cell)
    finally:
        document.enableAutomaticCalculation(was_automatic)
        document.IsUndoEnabled = True
        document.setModified(was_modified)


_UNKNOWN = re.compile("|".join(re.escape(one["name"].lower() + "(") for one in FUNCTIONS.values()))


def _enter(cell):
    if not cell.ArrayFormula:
        cell.setFormula(cell.getFormula())
        return
    whole = cell.Spreadsheet.createCursorByRange(cell)
    whole.collapseToCurrentArray()
    whole.setArrayFormula(cell.ArrayFormula[1:-1])


# --- what Calc calls --------------------------------------------------------------------------------------


class AddIn(unohelper.Base, XFunctions, XAddIn, XCompatibilityNames, XServiceName, XServiceInfo):
    """What Calc asks about the functions; their methods are set below, from the settings."""

    def __init__(self, context, *_arguments):
        self.context, self.locale = context, Locale("en", "US", "")

    def getProgrammaticFuntionName(self, display):  # so spelt in LibreOffice
        return next((method for method, one in FUNCTIONS.items() if one["name"] == display), "")

    def getDisplayFunctionName(self, method):
        return FUNCTIONS[method]["name"] if method in FUNCTIONS else ""

    def getFunctionDescription(self, method):
        return FUNCTIONS[method]["doc"] if method in FUNCTIONS else ""

    def getDisplayArgumentName(self, method, place):
        return self._argument(method, place, "name")

    def getArgumentDescription(self, method, place):
        return self._argument(method, place, "doc")

    def _argument(self, method, place, what):
        """Calc counts the hidden document, too."""
        one = FUNCTIONS[method]
        place -= one["by_reference"]
        return one["arguments"][place][what] if 0 <= place < len(one["arguments"]) else ""

    def getProgrammaticCategoryName(self, _method):
        return CATEGORY

    def getDisplayCategoryName(self, _method):
        return CATEGORY

    def getCompatibilityNames(self, method):
        """The name in files of .xls and, since LibreOffice 7.5 or so, of .xlsx."""
        if method not in FUNCTIONS:
            return ()
        return tuple(
            LocalizedName(Locale(*of), FUNCTIONS[method]["name"]) for of in (("en", "US", ""), ("en", "", ""))
        )

    def setLocale(self, locale):
        self.locale = locale

    def getLocale(self):
        return self.locale

    def getServiceName(self):
        return SERVICE

    def getImplementationName(self):
        return SERVICE

    def getSupportedServiceNames(self):
        return SERVICE, "com.sun.star.sheet.AddIn"

    def supportsService(self, name):
        return name in self.getSupportedServiceNames()


def _called(method, one):
    """The method behind a function: hands its arguments to the process and shows what that answers."""
    name = one["name"]

    def call(self, *given):
        if name == LAST_ERROR:
            return _latest
        try:
            rows = _answers.process(self.context).call(_message(method, one, given))
        except Unclear as error:
            rows, _latest.trouble = [["#VALUE!"]], f"{name}: {error}"
        except Exception as error:
            said = f"could not reach xlcicf ({sentence_of(error)})"
            rows, _latest.trouble = [["#N/A"]], f"{name} {said}; run: xlcicf doctor"
        else:
            _latest.trouble = ""
        if rows[0][0] in CODES:
            later(self.context, lambda: _latest.renew(self.context))
        return tuple(tuple(_shown(cell) for cell in row) for row in rows)

    return call


class _Latest(unohelper.Base, XVolatileResult):
    """The latest sentence that says why a function showed an error: cells with NN_LASTERROR follow it.

    trouble  what kept a function from its process; empty where the process has the latest sentence
    """

    trouble = shown = ""

    def __init__(self):
        self.listeners = []

    def renew(self, context):
        """Tells the cells. Not while Calc computes them, but as soon as it has done so."""
        call = {"do": "call", "function": LAST_ERROR, "book": None, "arguments": []}
        self.shown = self.trouble or _answers.process(context).call(call)[0][0]
        for listener in list(self.listeners):
            listener.modified(self._event())

    def addResultListener(self, listener):
        self.listeners.append(listener)
        listener.modified(self._event())

    def removeResultListener(self, listener):
        self.listeners = [kept for kept in self.listeners if kept != listener]

    def _event(self):
        event = ResultEvent()
        event.Value = self.shown
        return event


_latest = _Latest()


def _message(method, one, given):
    """The call as the protocol writes it."""
    given, book = list(given), None
    if one["by_reference"]:
        document = given.pop(0)
        book = document.RuntimeUID
        for place, argument in enumerate(one["arguments"]):
            if argument["cells"] and place and _is_by_value(given[place]):
                given[place] = argument_as_cells(document, one["name"], method, place, given[0], given[place])
    if one["vararg"]:
        given += given.pop()
    while given and given[-1] is None:  # left out
        given.pop()
    arguments = [_argument(value) for value in given]
    return {"do": "call", "function": one["name"], "book": book, "arguments": arguments}


def _is_by_value(value):
    return value is not None and not hasattr(value, "RangeAddress")


def _argument(value):
    """A cell, rows of cells, or where cells are. A blank among rows comes as an empty text."""
    if hasattr(value, "RangeAddress"):
        at = value.RangeAddress
        area = [at.StartRow + 1, at.StartColumn + 1, at.EndRow + 1, at.EndColumn + 1]
        return {"sheet": value.Spreadsheet.Name, "area": area}
    if isinstance(value, tuple):
        return [[None if cell == "" else cell for cell in row] for row in value]
    return value


def _shown(cell):
    """Texts of errors become Calc's own error values."""
    if cell not in CODES:
        return cell
    return struct.unpack("<d", struct.pack("<Q", NOT_A_NUMBER | CODES[cell]))[0]


for _method, _one in FUNCTIONS.items():
    setattr(AddIn, _method, _called(_method, _one))

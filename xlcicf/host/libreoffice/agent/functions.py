"""The functions in cells as an add-in of LibreOffice's: the process of the functions answers what Calc asks.

The settings say which there are. Calc hands over arguments by position; to those that follow cells it hands
the document first, which nobody types.
"""

# pyright: reportMissingImports=false

import struct
import threading

import unohelper
from com.sun.star.lang import Locale, XServiceInfo, XServiceName
from com.sun.star.sheet import LocalizedName, XAddIn, XCompatibilityNames
from org.xlcicf import XFunctions
from xlcicf_agent.processes import Process, sentence_of
from xlcicf_agent.settings import FUNCTIONS, SERVICE, SETTINGS

CATEGORY = "Add-In"

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
                self._process = Process(context, command, _WhenAsked(context))
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


class _WhenAsked:
    """Operations on documents, which only functions that follow cells ask for."""

    def __init__(self, context):
        self.context = context

    def do(self, name, arguments):
        from xlcicf_agent.operations import Operations

        return Operations(self.context).do(name, arguments)

    def is_busy(self, _error):
        return False


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


def _called(one):
    """The method behind a function: hands its arguments to the process and shows what that answers."""

    def method(self, *given):
        try:
            message = _message(one, given)
            rows = _answers.process(self.context).call(message)
        except Exception as error:
            return ((_trouble.keep(one["name"], error),),)
        if one["name"] == "NN_LASTERROR" and _trouble.sentence:
            return ((_trouble.sentence,),)
        if one["name"] != "NN_LASTERROR":
            _trouble.sentence = ""
        return tuple(tuple(_shown(cell) for cell in row) for row in rows)

    return method


class _Trouble:
    """What kept the latest function from reaching its process; empty where the process knows more."""

    sentence = ""

    def keep(self, name, error):
        self.sentence = f"{name} could not reach xlcicf ({sentence_of(error)}); run: xlcicf doctor"
        return self.sentence if name == "NN_LASTERROR" else _shown("#N/A")


_trouble = _Trouble()


def _message(one, given):
    """The call as the protocol writes it."""
    given, book = list(given), None
    if one["by_reference"]:
        book = given.pop(0).RuntimeUID
    if one["vararg"]:
        given += given.pop()
    while given and given[-1] is None:  # left out
        given.pop()
    arguments = [_argument(value) for value in given]
    return {"do": "call", "function": one["name"], "book": book, "arguments": arguments}


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
    setattr(AddIn, _method, _called(_one))

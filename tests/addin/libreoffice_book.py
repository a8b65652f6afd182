"""Runs VBA of a macro book in LibreOffice. Asked through `tests.libreoffice`."""

from libreoffice_basic import ALWAYS_RUN
from uno_office import opened

LIBRARY = "xlcicf"

# LibreOffice compiles a library as a whole, and these two of xlwings' it cannot: they hold other declarations
# for each system. The other modules run as they stand in the file.
BEYOND_LIBREOFFICE = ("xlwings", "Dictionary")


def answer(context, book, calls):
    """(number of sheets, results) of some calls, [module, function, arguments] each, in a book at a URI."""
    document = opened(context, book, MacroExecutionMode=ALWAYS_RUN)
    library = document.BasicLibraries.getByName(LIBRARY)
    for module in BEYOND_LIBREOFFICE:
        library.removeByName(module)
    return len(document.Sheets.ElementNames), [call(document, *one) for one in calls]


def call(document, module, function, arguments):
    where = f"vnd.sun.star.script:{LIBRARY}.{module}.{function}?language=Basic&location=document"
    return document.getScriptProvider().getScript(where).invoke(tuple(arguments), (), ())[0]

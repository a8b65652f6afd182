"""Runs VBA of a macro book in LibreOffice: a script for a Python that has LibreOffice's `uno`.

    python3 libreoffice_book.py PROFILE_URI BOOK_URI CALLS

CALLS is a JSON list of [module, function, arguments]; prints the number of sheets and the results as JSON.
"""

import json
import sys
from pathlib import Path

from libreoffice_basic import ALWAYS_RUN

sys.path.insert(0, str(Path(__file__).parents[1]))
from uno_office import office, opened  # a script finds only its own folder

LIBRARY = "xlcicf"

# LibreOffice compiles a library as a whole, and these two of xlwings' it cannot: they hold other declarations
# for each system. The other modules run as they stand in the file.
BEYOND_LIBREOFFICE = ("xlwings", "Dictionary")


def main(profile, book, calls):
    with office(profile) as context:
        document = opened(context, book, MacroExecutionMode=ALWAYS_RUN)
        library = document.BasicLibraries.getByName(LIBRARY)
        for module in BEYOND_LIBREOFFICE:
            library.removeByName(module)
        results = [call(document, *one) for one in json.loads(calls)]
        print(json.dumps([len(document.Sheets.ElementNames), results]))


def call(document, module, function, arguments):
    where = f"vnd.sun.star.script:{LIBRARY}.{module}.{function}?language=Basic&location=document"
    return document.getScriptProvider().getScript(where).invoke(tuple(arguments), (), ())[0]


if __name__ == "__main__":
    main(*sys.argv[1:])

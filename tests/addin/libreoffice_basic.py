"""Runs VBA in LibreOffice: a script for a Python that has LibreOffice's `uno`.

    python3 libreoffice_basic.py PROFILE_URI FUNCTION ... < MODULE

Compiles the module and calls each function, which takes no arguments; prints their results as one JSON list.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from uno_office import office, opened  # a script finds only its own folder

ALWAYS_RUN = 4  # of com.sun.star.document.MacroExecMode


def main(profile, *functions):
    with office(profile) as context:
        document = opened(context, "private:factory/scalc", MacroExecutionMode=ALWAYS_RUN)
        library = document.BasicLibraries.createLibrary("Standard")
        library.insertByName("Module1", "Option VBASupport 1\n" + sys.stdin.read())
        print(json.dumps([call(document, function) for function in functions]))


def call(document, function):
    where = f"vnd.sun.star.script:Standard.Module1.{function}?language=Basic&location=document"
    return document.getScriptProvider().getScript(where).invoke((), (), ())[0]


if __name__ == "__main__":
    main(*sys.argv[1:])

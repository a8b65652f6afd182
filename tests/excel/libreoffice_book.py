"""Runs VBA of a macro book in LibreOffice: a script for a Python that has LibreOffice's `uno`.

    python3 libreoffice_book.py PROFILE_URI BOOK_URI CALLS

CALLS is a JSON list of [module, function, arguments]; prints the number of sheets and the results as JSON.
"""

import json
import os
import signal
import subprocess
import sys
import uuid

import uno  # noqa: F401  makes the next line possible
from com.sun.star.beans import PropertyValue
from libreoffice_basic import ALWAYS_RUN, connect

LIBRARY = "xlcicf"

# LibreOffice compiles a library as a whole, and these two of xlwings' it cannot: they hold other declarations
# for each system. The other modules run as they stand in the file.
BEYOND_LIBREOFFICE = ("xlwings", "Dictionary")


def main(profile, book, calls):
    pipe = "xlcicf" + uuid.uuid4().hex
    command = ["soffice", "-env:UserInstallation=" + profile, "--headless", "--norestore"]
    command.append(f"--accept=pipe,name={pipe};urp;")
    office = subprocess.Popen(command, stdout=sys.stderr, start_new_session=True)
    try:
        context = connect(pipe)
        desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        hidden = PropertyValue(Name="Hidden", Value=True)
        macros = PropertyValue(Name="MacroExecutionMode", Value=ALWAYS_RUN)
        document = desktop.loadComponentFromURL(book, "_blank", 0, (hidden, macros))
        library = document.BasicLibraries.getByName(LIBRARY)
        for module in BEYOND_LIBREOFFICE:
            library.removeByName(module)
        results = [call(document, *one) for one in json.loads(calls)]
        print(json.dumps([len(document.Sheets.ElementNames), results]), flush=True)
    finally:
        os.killpg(office.pid, signal.SIGKILL)


def call(document, module, function, arguments):
    where = f"vnd.sun.star.script:{LIBRARY}.{module}.{function}?language=Basic&location=document"
    return document.getScriptProvider().getScript(where).invoke(tuple(arguments), (), ())[0]


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Runs VBA in LibreOffice: a script for a Python that has LibreOffice's `uno`.

    python3 libreoffice_basic.py PROFILE_URI FUNCTION ... < MODULE

Compiles the module and calls each function, which takes no arguments; prints their results as one JSON list.
"""

import json
import os
import signal
import subprocess
import sys
import time
import uuid

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

ALWAYS_RUN = 4  # of com.sun.star.document.MacroExecMode


def main(profile, *functions):
    pipe = "xlcicf" + uuid.uuid4().hex
    command = ["soffice", "-env:UserInstallation=" + profile, "--headless", "--norestore"]
    command.append(f"--accept=pipe,name={pipe};urp;")
    office = subprocess.Popen(command, stdout=sys.stderr, start_new_session=True)
    try:
        context = connect(pipe)
        desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        hidden = PropertyValue(Name="Hidden", Value=True)
        macros = PropertyValue(Name="MacroExecutionMode", Value=ALWAYS_RUN)
        document = desktop.loadComponentFromURL("private:factory/scalc", "_blank", 0, (hidden, macros))
        library = document.BasicLibraries.createLibrary("Standard")
        library.insertByName("Module1", "Option VBASupport 1\n" + sys.stdin.read())
        print(json.dumps([call(document, function) for function in functions]), flush=True)
    finally:
        os.killpg(office.pid, signal.SIGKILL)


def call(document, function):
    where = f"vnd.sun.star.script:Standard.Module1.{function}?language=Basic&location=document"
    return document.getScriptProvider().getScript(where).invoke((), (), ())[0]


def connect(pipe, seconds=60):
    """The component context of the LibreOffice that is starting."""
    resolver = uno.getComponentContext().ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    until = time.monotonic() + seconds
    while True:
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except NoConnectException:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])

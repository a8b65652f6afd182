"""A LibreOffice of one's own over its UNO bridge: for scripts run by a Python that has LibreOffice's `uno`."""

import os
import signal
import subprocess
import sys
import time
import traceback
import uuid
from contextlib import contextmanager

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException


@contextmanager
def office(profile):
    """The component context of a LibreOffice with that profile. The end of it is the end of both processes.

    LibreOffice is killed, whatever it does. This Python leaves without tidying up: uno now and then crashes in
    that once its office is gone.
    """
    pipe = "xlcicf" + uuid.uuid4().hex
    command = ["soffice", "-env:UserInstallation=" + profile, "--headless", "--norestore"]
    command.append(f"--accept=pipe,name={pipe};urp;")
    process = subprocess.Popen(command, stdout=sys.stderr, start_new_session=True)
    failed = True
    try:
        yield _connected(pipe)
        failed = False
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os.killpg(process.pid, signal.SIGKILL)  # in the middle of a search it hears nothing else
        os._exit(failed)


def _connected(pipe, seconds=60):
    resolver = uno.getComponentContext().ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    until = time.monotonic() + seconds
    while True:
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except NoConnectException:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def opened(context, url, **properties):
    """The document behind a URL, without a window."""
    desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    asked = tuple(
        PropertyValue(Name=name, Value=value) for name, value in {"Hidden": True, **properties}.items()
    )
    document = desktop.loadComponentFromURL(url, "_blank", 0, asked)
    assert document is not None, f"LibreOffice opens nothing: {url}"
    return document

"""A LibreOffice over its UNO bridge, for a Python that has LibreOffice's `uno` and maybe nothing else.

    python3 uno_office.py PROFILE_URI

starts one and answers requests, each a line of JSON: [script, {name: value}]. The answer is a line too: [true, what
the script's `answer(context, name=value)` returns] or [false, why there is none]. After the last request both
processes are gone; they are a group of their own, which can be killed at any time.
"""

import functools
import json
import os
import runpy
import signal
import subprocess
import sys
import time
import traceback
import uuid
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException


def main(profile):
    os.setsid()
    try:
        context = office(profile)
        for line in sys.stdin:
            script, asked = json.loads(line)
            try:
                said = True, answer_of(script)(context, **asked)
            except Exception:
                said = False, traceback.format_exc()
            print(json.dumps(said), flush=True)
            close_all(context)
    finally:
        # LibreOffice hears nothing else in the middle of a search, and uno now and then crashes in tidying up
        os.killpg(0, signal.SIGKILL)


def office(profile):
    """The component context of a LibreOffice with that profile."""
    pipe = "xlcicf" + uuid.uuid4().hex
    command = ["soffice", "-env:UserInstallation=" + profile, "--headless", "--norestore"]
    subprocess.Popen([*command, f"--accept=pipe,name={pipe};urp;"], stdout=sys.stderr)
    return _connected(pipe)


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


@functools.cache
def answer_of(script):
    """The function of that name in a file, which finds the modules beside it and beside this one."""
    sys.path.insert(0, str(Path(script).parent))
    return runpy.run_path(script)["answer"]


def opened(context, url, **properties):
    """The document behind a URL, without a window; open until the answer is there."""
    document = desktop_of(context).loadComponentFromURL(
        url, "_blank", 0, properties_of(Hidden=True, **properties)
    )
    assert document is not None, f"LibreOffice opens nothing: {url}"
    return document


def close_all(context):
    documents = desktop_of(context).Components.createEnumeration()
    while documents.hasMoreElements():
        documents.nextElement().close(True)


def desktop_of(context):
    return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)


def properties_of(**values):
    return tuple(PropertyValue(Name=name, Value=value) for name, value in values.items())


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The two processes of xlcicf that LibreOffice starts, and the pipes to them."""

import json
import os
import subprocess
import threading

import unohelper
from com.sun.star.awt import XCallback

# What LibreOffice sets for its own Python and libraries; another Python must not see it.
OF_LIBREOFFICE = ("LD_LIBRARY_PATH", "URE_BOOTSTRAP", "UNO_PATH")


class Gone(Exception):
    """The process has ended."""


class Process:
    """One of them, with what it asks for done meanwhile; the protocol is that of xlcicf.host.remote.protocol.

    command     what starts it
    operations  does what it asks for
    """

    def __init__(self, context, command, operations):
        self.context, self.operations = context, operations
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            **apart(),
        )
        self._saying, self._asking = threading.Lock(), threading.RLock()

    @property
    def is_there(self):
        return self._process.poll() is None

    def say(self, message):
        line = json.dumps(message).encode() + b"\n"
        try:
            with self._saying:
                self._process.stdin.write(line)
                self._process.stdin.flush()
        except OSError:
            raise Gone("the process of xlcicf has ended") from None

    def call(self, message):
        """The result of a function's call. What it reads meanwhile is read in this thread, which waits.

        Reading may have Calc compute another cell with a function: its call is answered before this one.
        """
        with self._asking:
            self.say(message)
            while True:
                line = self._process.stdout.readline()
                if not line:
                    raise Gone("the process of xlcicf has ended")
                got = json.loads(line)
                if "result" in got:
                    return got["result"]
                self._answer(got)

    def serve(self):
        """Does what a process asks for, one after the other, until it has ended.

        All of it in LibreOffice's main thread: in another one uno (PyUNO, as of 7.4) lets go of documents
        while it keeps Python to itself, and both wait for ever where the main thread is about to call Python.
        """
        for line in self._process.stdout:
            got = json.loads(line)
            if got["operation"] == "ask":  # a person takes their time
                threading.Thread(target=self._answer_on_main, args=(got,), daemon=True).start()
            else:
                self._answer_on_main(got)

    def _answer_on_main(self, asked):
        on_main(self.context, lambda: self._answer(asked))

    def end(self):
        """It ends when it has nothing more to read."""
        try:
            self._process.stdin.close()
        except OSError:
            pass

    def _answer(self, asked):
        try:
            result = self.operations.do(asked["operation"], asked["arguments"])
            reply = {"to": asked["id"], "result": result}
        except Exception as error:
            reply = {"to": asked["id"], "refused": sentence_of(error), "busy": self.operations.is_busy(error)}
        try:
            self.say(reply)
        except Gone:
            pass


def environment():
    """That of a process that is not LibreOffice's: its own Python, its own libraries."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON") and k not in OF_LIBREOFFICE}
    return dict(kept, PYTHONUTF8="1")


def sentence_of(error):
    return str(getattr(error, "Message", None) or error) or type(error).__name__


def apart():
    """A process that no signal to LibreOffice's own group reaches, and without a window of its own."""
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


class _OnMain(unohelper.Base, XCallback):
    def __init__(self, call):
        self.call, self.done, self.result, self.error = call, threading.Event(), None, None

    def notify(self, _data):
        _main.add(threading.get_ident())
        try:
            self.result = self.call()
        except BaseException as error:
            self.error = error
        self.done.set()


_main = set()  # the main thread's number, once it has been met


def later(context, call):
    """Calls it in LibreOffice's main thread as soon as that has time, without waiting for it."""
    asked = _OnMain(call)
    service = context.ServiceManager.createInstanceWithContext("com.sun.star.awt.AsyncCallback", context)
    service.addCallback(asked, None)
    return asked


def on_main(context, call):
    """What `call` returns in LibreOffice's main thread, where windows belong."""
    if threading.get_ident() in _main:
        return call()
    asked = later(context, call)
    asked.done.wait()
    if asked.error is not None:
        raise asked.error
    return asked.result

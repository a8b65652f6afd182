"""A process that has imported torch, and forks one for each that a test starts: none of these imports it again.

`Forked(["-m", "xlcicf.addin.trainer"])` and `Forked(["-c", code, *arguments])` are what `subprocess.Popen` gives of
Python with these arguments: the test's environment and folder, pipes, signals, a process id of its own.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import traceback

POSSIBLE = sys.platform == "linux"

LIBRARIES = (
    "torch",
    "torch._dynamo",
    "scipy.optimize",
    "xlwings",
)  # torch's optimisers import its _dynamo when first used
ROOMS = "xlcicf.host.headless.person", "xlcicf.solve.training", "xlcicf.optim.methods"
REQUEST = 1_000_000  # bytes, at most


class Forked:
    """A process with pipes for its input and its output. It finds no module in the folder that it starts in."""

    def __init__(self, arguments: list[str], text: bool = False):
        (theirs_in, ours_in), (ours_out, theirs_out) = os.pipe(), os.pipe()
        asked = {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}
        self.pid = _ask(asked, theirs_in, theirs_out)
        os.close(theirs_in)
        os.close(theirs_out)
        self.stdin = open(ours_in, "w" if text else "wb")
        self.stdout = open(ours_out, "r" if text else "rb")
        self.returncode: int | None = None

    def __enter__(self) -> "Forked":
        return self

    def __exit__(self, *_) -> None:
        self.stdout.close()
        self.stdin.close()
        self.wait()

    def kill(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = _ask({"ended": self.pid, "how": 0})
        return self.returncode

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = _ask({"ended": self.pid, "how": os.WNOHANG})
        return self.returncode


def popen(start=subprocess.Popen):
    """A `subprocess.Popen` to put in its place: trainers are forked, all else is started as ever by `start`."""

    def forked_or_started(command, *arguments, **options):
        if list(command[1:]) == ["-P", "-m", "xlcicf.addin.trainer"]:
            return Forked(list(command[2:]))
        return start(command, *arguments, **options)

    return forked_or_started


def _ask(asked: dict, *ends: int) -> int | None:
    socket.send_fds(_server(), [json.dumps(asked).encode()], ends)
    answer = _server().recv(100)
    assert answer, "the process that forks has ended"
    return json.loads(answer)


_servers: list[tuple[socket.socket, subprocess.Popen]] = []  # where to ask it, and itself; one at most


def _server() -> socket.socket:
    """Where this process asks its own server. It is gone with this process."""
    if not _servers:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-P", __file__, str(theirs.fileno())]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
        theirs.close()
        _servers.append((ours, process))
    return _servers[0][0]


@atexit.register  # before anything that starts a trainer is imported: so it comes after these have ended theirs
def _end() -> None:
    for requests, process in _servers:
        requests.close()
        process.wait()


# ---- the process that forks --------------------------------------------------------------------------------


def serve(requests: socket.socket) -> None:
    """Answers with the id of a new process, or with the code with which one has ended."""
    for module in LIBRARIES + ROOMS:
        importlib.import_module(module)
    gc.freeze()  # what all of them have in common is not looked through again
    while request := socket.recv_fds(requests, REQUEST, 2):
        message, ends, *_ = request
        if not message:
            return
        asked = json.loads(message)
        if "ended" in asked:
            pid, status = os.waitpid(asked["ended"], asked["how"])
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                requests.close()
                _become(ends, **asked)
        for end in ends:
            os.close(end)
        requests.send(json.dumps(answer).encode())


def _become(ends: list[int], arguments: list[str], environment: dict[str, str], folder: str) -> None:
    """What Python does with these arguments, on these streams; it does not return."""
    os.setsid()
    for stream, end in enumerate(ends):
        os.dup2(end, stream)
        os.close(end)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    option, what, *sys.argv[1:] = arguments
    code = 1
    try:
        if option == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
        code = 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))

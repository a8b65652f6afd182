"""Commands killed at each of their file events in turn; what they leave is examined, and told as JSON.

    python -m tests.killed_writers FOLDER

The process imports once. Each command runs up to its first write, and from there in as many children as it has
file events: the first dies (SIGKILL) at the first event, the next at the second, the last lives. Folders that hold
the same after a death are examined once.
"""

import contextlib
import io
import itertools
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.small import save_small
from xlcicf import cli, lessons
from xlcicf.formula.address import Area
from xlcicf.host import open_book
from xlcicf.ooxml import replacing
from xlcicf.solve import History, save_changing, save_objective

WEIGHTS = Area("Net", 1, 2, 2, 2)
START, BETWEEN, OTHER = [4.0, 4.0], [2.5, 1.0], [9.0, 9.0]
FILE_EVENTS = set(
    "open write flush fsync close dup replace rename unlink remove chmod fchmod chown fchown truncate ftruncate"
    " setxattr removexattr flock link mkdir rmdir".split()
)
FILES = io.FileIO, io.BufferedWriter, io.BufferedRandom
DRAFT = re.compile(r"[0-9a-f]{16}\.xlcicf\.tmp$|xlcicf-[0-9a-f]+\.whole$")


def modelled(path: Path, weights=START) -> Path:
    """The small book, its problem saved in it, readable by its owner alone."""
    save_small(path, {"B1": weights[0], "B2": weights[1]})
    book = open_book(path)
    save_objective(book, Area("Net", 3, 2, 3, 2))
    save_changing(book, [WEIGHTS])
    book.save()
    path.chmod(0o600)
    return path


def command(*arguments) -> tuple[int, dict]:
    """(exit code, what it said) of a command line in this process."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = cli.main([*map(str, arguments), "--json"])
    return code, json.loads(out.getvalue())


def done(*arguments) -> None:
    code, said = command(*arguments)
    assert code == 0, said


# ---- what is killed ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Killed:
    """A command to be killed, in a folder that `prepare` fills.

    book      the file that it writes
    arguments of the command line
    undone    (weights after `undo` on the old book, on the new one); None where there is nothing to undo
    names     others of the book's file
    """

    prepare: Callable[[Path], object]
    arguments: Callable[[Path], list]
    undone: tuple[list | None, list | None]
    book: str = "book.xlsx"
    names: tuple[str, ...] = ()


def one_run(folder: Path) -> Path:
    """A book with a run from START to BETWEEN."""
    path = modelled(folder / "book.xlsx")
    done("train", path, "--optimizer", "sgd", "--steps", 1, "--lr", 0.25)
    return path


def two_runs(folder: Path) -> None:
    done("train", one_run(folder))


def one_undone(folder: Path) -> None:
    two_runs(folder)
    done("undo", folder / "book.xlsx")


def over_another(folder: Path) -> None:
    """Beside a book with a run, another one with a run of its own, from OTHER."""
    one_run(folder)
    done("train", modelled(folder / "other.xlsx", OTHER), "--steps", 1)


def two_names(folder: Path) -> None:
    os.link(one_run(folder), folder / "twin.xlsx")


def of_book(verb: str, *options) -> Callable[[Path], list]:
    return lambda folder: [
        verb,
        folder / "book.xlsx",
        *(folder / o if o.endswith("xlsx") else o for o in options),
    ]


# fmt: off
KILLED = {
    "train": Killed(lambda folder: modelled(folder / "book.xlsx"), of_book("train"), (None, START)),
    "train again": Killed(one_run, of_book("train"), (START, BETWEEN)),
    "undo": Killed(two_runs, of_book("undo"), (BETWEEN, START)),
    "redo": Killed(one_undone, of_book("redo"), (START, BETWEEN)),
    "train --out, a new book": Killed(one_run, of_book("train", "--out", "new.xlsx"), (None, BETWEEN), "new.xlsx"),
    "train --out, over another book": Killed(over_another, of_book("train", "--out", "other.xlsx"), (OTHER, BETWEEN), "other.xlsx"),
    "demo": Killed(lambda folder: None, lambda folder: ["demo", "--out", folder], (None, START), "titanic.xlsx"),
    "train, a book of two names": Killed(two_names, of_book("train"), (START, BETWEEN), names=("twin.xlsx",)),
}
# fmt: on


class Enough(BaseException):
    """There are no more events to die at: the parent, which waits before its first write, is to stop there."""


def kill(killed: Killed, folder: Path) -> dict:
    """{events, states: [{book, undo}, ...], faults: sentences}"""
    killed.prepare(folder)
    kept = shutil.copytree(folder, folder.with_name("kept"))
    old, new = content(folder / killed.book), None
    events, states, faults, seen = 0, [], [], set()

    def look(number: int) -> None:
        nonlocal new
        if number == 0:
            new = content(folder / killed.book)
        mark = marks(folder)
        if mark in seen:
            return
        seen.add(mark)
        state, found = examined(killed, folder, old, new)
        states.append(state)
        faults.extend(f"killed at event {number}: {fault}" for fault in found)

    def children_die(frame, event, argument) -> None:
        """What Python calls at each call; not while it is at work itself."""
        nonlocal events
        is_first = event == "call" and frame.f_code is replacing.replace_file.__code__
        if not is_first or frame.f_locals["path"].parent != folder:
            return
        for number in itertools.count():
            child = os.fork()
            if child == 0:
                sys.setprofile(dying_at(number))
                return
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            assert status in (0, -signal.SIGKILL), status
            look(number)
            put_back(kept, folder, killed)
            if number and status == 0:
                events = number - 1
                raise Enough

    parent, code = os.getpid(), 1
    try:
        sys.setprofile(children_die)
        code, _ = command(*killed.arguments(folder))
    except Enough:
        pass
    finally:
        sys.setprofile(None)
        if os.getpid() != parent:
            os._exit(code)
    return {"events": events, "states": states, "faults": faults}


def dying_at(number: int) -> Callable:
    """What Python calls at each call in a child: it dies at the file event of that number, at none for 0."""
    events = itertools.count(1)

    def watch(frame, event, argument) -> None:
        if event == "c_call" and _is_file_event(argument) and next(events) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return watch


def _is_file_event(function) -> bool:
    owner = getattr(function, "__self__", None)
    is_of_files = getattr(owner, "__name__", "") in ("posix", "fcntl") or isinstance(owner, FILES)
    return is_of_files and function.__name__ in FILE_EVENTS


# ---- what is left ------------------------------------------------------------------------------------------


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def marks(folder: Path) -> frozenset:
    """What tells one folder from another: the files' content, and of drafts only that there are some."""
    return frozenset(
        (DRAFT.sub("", path.name), None if DRAFT.search(path.name) else path.read_bytes())
        for path in folder.iterdir()
    )


def put_back(kept: Path, folder: Path, killed: Killed) -> None:
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    for name in killed.names:
        (folder / name).unlink()
        os.link(folder / killed.book, folder / name)


def examined(killed: Killed, folder: Path, old: bytes | None, new: bytes | None) -> tuple[dict, list[str]]:
    """What a killed command left, and what is wrong with it. The folder is as it may be afterwards."""
    faults = [f"{p.name} is open to others" for p in folder.iterdir() if p.stat().st_mode & 0o077]
    path = folder / killed.book
    was = content(path)
    if killed.names and was not in (old, new):
        open_book(path)  # completes a file that could not be replaced at once
    now = content(path)
    if now not in (old, new):
        faults.append(f"{path.name} is neither the old file nor the new one")
    undone = killed.undone[now != old]
    if now is not None:
        faults += undo_faults(path, undone)
    again = [*killed.arguments(folder)] if now is None else ["train", path]
    code, said = command(*again)
    if code:
        faults.append(f"the next run fails: {said}")
    faults += [f"{p.name} is left" for p in folder.iterdir() if DRAFT.search(p.name)]
    faults += [f"{name} is another file now" for name in killed.names if not path.samefile(folder / name)]
    book = "none" if now is None else "old" if now == old else "new"
    return {"book": book, "at once": was == now, "undone": undone}, faults


def undo_faults(path: Path, undone: list | None) -> list[str]:
    """What is wrong with what `undo` does, and with what the history says before."""
    faults = []
    before = content(path)
    book = open_book(path)
    facts, losses = History.beside(path).facts(book), History.beside(path).losses(book)
    if bool(facts) != (undone is not None) or bool(losses) != bool(facts):
        faults.append("the history tells of a run that is not in the book, or of none that is")
    if facts and facts["after"] != book.sheets["Net"]["B3"].value:
        faults.append(f"the history tells of another run than the book shows: {facts}")
    code, said = command("undo", path)
    if undone is None:
        if code != 1 or "no run to undo" not in said.get("error", "") or content(path) != before:
            faults.append(f"undo finds a run where none is: {said}")
    elif code or (weights := open_book(path).sheets["Net"]["B1:B2"].value) != undone:
        faults.append(f"undo gives {said if code else weights} in place of {undone}")
    return faults


def main(top: Path) -> None:
    lessons.build = lambda name, folder: modelled(top / "titanic.xlsx")  # what `demo` trains
    write = os.write
    os.write = lambda descriptor, data: write(descriptor, data[:2000])  # as a system may: a bit at a time
    os.umask(0o022)
    told = {}
    for number, (name, killed) in enumerate(KILLED.items()):
        folder = top.resolve() / str(number) / "books"
        folder.mkdir(parents=True)
        told[name] = kill(killed, folder)
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

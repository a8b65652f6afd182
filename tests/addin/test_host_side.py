"""Whatever goes wrong while a book is trained: nothing is lost, nothing is left behind, and Undo works.

Each row of FAULTS is one fault, on one or both books. The table of what came of them stands behind the tests.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import xlcicf
from tests import forks
from tests.forks import Forked
from tests.layouts import MODELS
from xlcicf.addin import claims, host_side, pipe
from xlcicf.errors import TrainingError, XlcicfError
from xlcicf.host import cells_of, outline, patience
from xlcicf.host.headless.person import Busy, person_at
from xlcicf.host.watching import Edited, Watched
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.optim import METHODS
from xlcicf.solve import History, Problem, differentiate, find_problem
from xlcicf.solve.placed import place
from xlcicf.solve.problem import Constraint
from xlcicf.solve.training import Settings, Training

LONG = Settings(optimizer="adam", steps=10_000_000, lr=1e-4)  # no test lets it come to its end


class Scene:
    """A book in front of a person who trains it."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch):
        self.path, self.file, self.monkeypatch = path, path.read_bytes(), monkeypatch
        self.open()
        self.before = self.weights()
        self.trainers: list[subprocess.Popen] = []

    def open(self) -> None:
        """The book as it is on the disk."""
        self.book = xlcicf.open_book(self.path)
        self.problem = find_problem(self.book)
        self.areas = place(outline(self.book), self.problem).changing

    def train(
        self, meanwhile: Callable[[], None] | None = None, settings: Settings = LONG
    ) -> host_side.Ending:
        """A run during which, once it has shown a step, a person (or the host) does something, again and again."""
        person = person_at(self.book)
        person.meanwhile = lambda: meanwhile() if meanwhile and "step" in str(person.status_bar) else None
        try:
            return host_side.train(self.book, self.problem, settings)
        finally:
            person.meanwhile = None

    def weights(self) -> list[str]:
        """What the changing cells hold, to the last digit."""
        rows = [cells_of(self.book, area).options(np.array, ndim=2).value for area in self.areas]
        return [repr(value) for area in rows for value in area.ravel().tolist()]

    def objective(self) -> float:
        sheet, cell = self.problem.objective.rsplit("!", 1)
        return self.book.sheets[sheet.strip("'")][cell].value

    def history(self) -> History:
        return History.beside(self.path)


def once(act: Callable[[], None]) -> Callable[[], None]:
    """`act` at the first call only."""
    left = [act]
    return lambda: left.pop()() if left else None


# --- the faults: what happens to the scene, and how the run ended ----------------------------------------


def stop(scene: Scene) -> host_side.Ending:
    return scene.train(lambda: claims.stop(scene.path))


def an_input_changes(answer: str):
    def act(scene: Scene) -> host_side.Ending:
        person_at(scene.book).answer = answer
        cell = scene.book.sheets["Net"]["N20"] if "Net" in sheets(scene) else scene.book.sheets[0]["D2"]
        return scene.train(once(lambda: setattr(cell, "value", 3)))

    return act


def a_weight_changes(answer: str):
    def act(scene: Scene) -> host_side.Ending:
        person_at(scene.book).answer = answer
        cell = cells_of(scene.book, scene.areas[0])[0, 0]
        return scene.train(once(lambda: setattr(cell, "value", 7)))

    return act


def a_weight_changes_between_look_and_write(scene: Scene) -> host_side.Ending:
    """In a program that can tell."""
    cell, written, usual = cells_of(scene.book, scene.areas[0])[0, 0], [], Watched.writing

    @contextmanager
    def writing(watched):
        written.append(watched)
        if len(written) == 3:
            cell.value = 7
            raise Edited
        with usual(watched):
            yield

    person_at(scene.book).answer = "cancel"
    scene.monkeypatch.setattr(Watched, "writing", writing)
    return scene.train()


def rows_move(scene: Scene) -> host_side.Ending:
    """What the host sees of inserted rows: other formulas on the way, other numbers in the changing cells."""

    def insert() -> None:
        cells_of(scene.book, scene.areas[0])[0, 0].value = 7
        sheet, cell = scene.problem.objective.rsplit("!", 1)
        objective = scene.book.sheets[sheet.strip("'")][cell]
        objective.formula = objective.formula + "+0"

    return scene.train(once(insert))


def sheets(scene: Scene) -> list[str]:
    return [sheet.name for sheet in scene.book.sheets]


def a_second_run(scene: Scene) -> host_side.Ending:
    said = []

    def another() -> None:
        said.append(host_side.train(xlcicf.open_book(scene.path), scene.problem, LONG).sentence)
        claims.stop(scene.path)

    ending = scene.train(once(another))
    assert re.search(rf"being trained already \(process {os.getpid()}\); press Stop first", said[0])
    return ending


def a_signal_to_the_trainer(number: int):
    def act(scene: Scene) -> host_side.Ending:
        def send() -> None:
            os.kill(scene.trainers[-1].pid, number)
            scene.monkeypatch.setattr(pipe, "SILENT", 1.5)  # not sooner: loading torch is silent for as long

        return scene.train(once(send))

    return act


def the_book_is_closed(scene: Scene) -> host_side.Ending:
    ending = scene.train(once(scene.book.close))
    scene.open()
    return ending


def the_host_is_busy(calls: float):
    """For so many calls the host is busy; then somebody presses Stop."""

    def act(scene: Scene) -> host_side.Ending:
        left = [calls]

        def busy() -> None:
            left[0] -= 1
            if left[0] > 0:
                raise Busy
            claims.stop(scene.path)

        return scene.train(busy)

    return act


def the_sheet_is_protected(scene: Scene) -> host_side.Ending:
    workbook = openpyxl.load_workbook(scene.path)
    for sheet in workbook:
        sheet.protection.enable()
    workbook.save(scene.path)
    scene.__init__(scene.path, scene.monkeypatch)
    return scene.train()


IN_A_PROCESS = """
import json, resource, sys
import xlcicf
from xlcicf.addin import host_side
from xlcicf.host.headless.person import person_at
from xlcicf.solve import History
from xlcicf.solve.training import Settings

path, full_from = sys.argv[1:]
book = xlcicf.open_book(path)
problem, person = xlcicf.find_problem(book), person_at(book)

def space(left):
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, resource.RLIM_INFINITY))

def weights():
    return [repr(value) for value in xlcicf.differentiate(book, problem).start.tolist()]

def meanwhile():
    if "step" in str(person.status_bar):
        print(person.status_bar, flush=True)
        if full_from == "the first step":
            space(200)

person.meanwhile = meanwhile
if full_from == "the start":
    space(200)
ending = host_side.train(book, problem, Settings(optimizer="adam", steps=10_000_000, lr=1e-4))
person.meanwhile = None
space(resource.RLIM_INFINITY)
found = weights()
if full_from != "the start":
    History.beside(path).undo(book)
print(json.dumps([ending.sentence, found, weights()]))
"""


def process(scene: Scene, full_from: str) -> subprocess.Popen | Forked:
    """A run in a process of its own, on a disk that is full from some moment on. Its trainer is not forked."""
    arguments = ["-c", IN_A_PROCESS, str(scene.path), full_from]
    if forks.POSSIBLE:
        return Forked(arguments, text=True)
    return subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)


def the_host_is_killed(scene: Scene) -> host_side.Ending:
    with process(scene, "never") as running:
        assert "step" in running.stdout.readline()
        (trainer,) = children(running.pid)
        running.kill()
    wait_until(lambda: not is_alive(trainer))
    scene.history().save()  # it may have been killed while it wrote the history: a later write clears up
    return host_side.Ending(None, "nobody is left to say anything")


def the_disk_is_full(full_from: str):
    def act(scene: Scene) -> host_side.Ending:
        with process(scene, full_from) as running:
            *_, last = running.stdout.read().splitlines()
        sentence, found, undone = json.loads(last)
        assert undone == scene.before
        assert (found == scene.before) == (full_from == "the start")
        return host_side.Ending(None, sentence)

    return act


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# --- what must come of them ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """`said` is in the sentence that ends the run. `cells` is what the changing cells hold after it:

    "trained"   better values than before; Undo takes them back and Redo brings them again
    "as before" what they held before the run; no run is left to take back
    "kept"      the same, and Redo brings better values
    "by hand"   what a person typed; Undo refuses to overwrite it, or takes it back with the run
    """

    name: str
    act: Callable[[Scene], host_side.Ending]
    said: str
    cells: str
    books: tuple[str, ...]


ONE, BOTH = ("collab",), ("titanic", "collab")
# fmt: off
FAULTS = [
    Fault("Stop in mid-run", stop, "stopped by hand; the best values so far", "trained", BOTH),
    Fault("an input is edited: Yes", an_input_changes("yes"), "had found by then were written", "trained", BOTH),
    Fault("an input is edited: No", an_input_changes("no"), "before the run were put back", "as before", ONE),
    Fault("an input is edited: Cancel", an_input_changes("cancel"), "left as they are", "trained", ONE),
    Fault("a weight is edited: Yes", a_weight_changes("yes"), "had found by then were written", "trained", ONE),
    Fault("a weight is edited: No", a_weight_changes("no"), "before the run were put back", "as before", ONE),
    Fault("a weight is edited: Cancel", a_weight_changes("cancel"), "left as they are", "by hand", ONE),
    Fault("a weight is edited before a write", a_weight_changes_between_look_and_write, "left as they are", "by hand", ONE),
    Fault("rows are inserted", rows_move, "nothing more was written", "by hand", ONE),
    Fault("a second run on the book", a_second_run, "stopped by hand", "trained", ONE),
    Fault("the trainer is killed", a_signal_to_the_trainer(signal.SIGKILL), "ended from outside", "trained", BOTH),
    Fault("the trainer falls silent", a_signal_to_the_trainer(signal.SIGSTOP), "not answered for", "trained", ONE),
    Fault("the book is closed", the_book_is_closed, "was closed; .* Redo brings it", "kept", ONE),
    Fault("the host is busy for a while", the_host_is_busy(4), "stopped by hand", "trained", ONE),
    Fault("the host is busy for ever", the_host_is_busy(np.inf), "took no call for .* Undo and Redo", "trained", ONE),
    Fault("the sheet is protected", the_sheet_is_protected, "is locked on a protected sheet", "as before", ONE),
    Fault("the host is killed", the_host_is_killed, "nobody", "kept", BOTH),
    Fault("the disk is full", the_disk_is_full("the start"), "cannot be written .*; free some", "as before", ONE),
    Fault("the disk fills up", the_disk_is_full("the first step"), "cannot be written .*; free some", "kept", ONE),
]
# fmt: on


@pytest.fixture(scope="module")
def shelf(tmp_path_factory, titanic_book) -> dict[str, Path]:
    """The lesson's book, and a stranger's with Solver's settings and two changing areas."""
    path = tmp_path_factory.mktemp("faults") / "collab.xlsx"
    next(model for model in MODELS if model.name == "collab").build(path)
    return {"titanic": titanic_book, "collab": path}


@pytest.fixture
def scene_of(shelf, tmp_path, monkeypatch, forked_trainers):
    """A book by name, in a folder of its own; runs are noted beside it, and the trainers are known."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def make(name: str) -> Scene:
        (tmp_path / "books").mkdir()
        scene = Scene(Path(shutil.copy(shelf[name], tmp_path / "books" / "book.xlsx")), monkeypatch)

        class Known(pipe.Trainer):
            def __enter__(self):
                super().__enter__()
                scene.trainers.append(self.process)
                return self

        monkeypatch.setattr(host_side, "Trainer", Known)
        return scene

    return make


@pytest.mark.parametrize(
    ("fault", "name"),
    [pytest.param(fault, book, id=f"{fault.name}, {book}") for fault in FAULTS for book in fault.books],
)
def test_nothing_is_lost(fault, name, scene_of, monkeypatch, measured):
    monkeypatch.setattr(patience, "PATIENCE", 1.0)
    scene = scene_of(name)
    ending = fault.act(scene)
    assert re.search(fault.said, ending.sentence)
    outcome = OUTCOMES[fault.cells](scene)
    assert scene.path.read_bytes() == scene.file  # the book is the person's to save
    pipe.dismiss()  # the one that may wait for the next run
    assert not any(is_alive(trainer.pid) for trainer in scene.trainers)
    assert not claims.running(scene.path) and not any(claims.folder().iterdir())
    left = {path.name for path in scene.path.parent.iterdir()}
    assert left <= {"book.xlsx", "book.xlsx.xlcicf.json"}
    measured(f"{fault.name} ({name})", outcome)


def trained(scene: Scene) -> str:
    better = scene.objective()
    assert scene.weights() != scene.before
    history = scene.history()
    history.undo(scene.book)
    assert scene.weights() == scene.before
    history.redo(scene.book)
    assert scene.objective() <= better  # better where the last ones were not taken
    return "the best values so far are in the cells; Undo and Redo work"


def as_before(scene: Scene) -> str:
    assert scene.weights() == scene.before
    with pytest.raises(TrainingError, match="no run to undo"):
        scene.history().undo(scene.book)
    assert scene.weights() == scene.before
    return "the cells are as before the run; there is nothing to undo"


def kept(scene: Scene) -> str:
    as_before(scene)
    before = scene.objective()
    history = scene.history()
    history.redo(scene.book)
    assert scene.weights() != scene.before and scene.objective() < before
    history.undo(scene.book)
    assert scene.weights() == scene.before
    return "the cells are as before the run; Redo brings the best values"


def by_hand(scene: Scene) -> str:
    assert scene.weights()[0] == "7.0"
    history = scene.history()
    try:
        history.undo(scene.book)
    except TrainingError as error:
        assert "was changed by hand: it holds 7.0" in str(error) and scene.weights()[0] == "7.0"
        return "the cells are as the person left them; Undo overwrites nothing"
    assert scene.weights() == scene.before
    return "the cells are as the person left them; Undo brings those from before the run"


OUTCOMES = {"trained": trained, "as before": as_before, "kept": kept, "by hand": by_hand}


def test_stop_ends_a_run_long_before_its_steps_are_made(scene_of, measured):
    """A run that nobody stops makes all its steps, in about a minute, and says so."""
    scene, settings = scene_of("titanic"), Settings(optimizer="adam", steps=100_000, lr=1e-4)
    pressed = []

    def press() -> None:
        scene.objective()  # what a person sees has been calculated
        claims.stop(scene.path)
        pressed.append(time.monotonic())

    ending = scene.train(once(press), settings)
    measured("from Stop to the end of the run, titanic.xlsx", f"{time.monotonic() - pressed[0]:.2f} s")
    assert "stopped by hand" in ending.sentence
    made = scene.history().losses(scene.book)[-1][0]
    assert 1 <= made < settings.steps / 2


def test_runs_are_undone_and_redone_across_saving_and_reopening(scene_of):
    scene = scene_of("collab")
    states = [scene.weights()]
    for seed in range(3):
        settings = Settings(optimizer="adam", steps=20 + seed)
        assert host_side.train(scene.book, scene.problem, settings).outcome
        states.append(scene.weights())
        scene.book.save()
        scene.open()
    for move, order in (("undo", [2, 1, 0]), ("redo", [1, 2, 3]), ("undo", [2])):
        for expected in order:
            history = scene.history()
            getattr(history, move)(scene.book)
            scene.book.save()
            history.save()
            scene.open()
            assert scene.weights() == states[expected]


def test_a_book_closed_without_saving_is_undone_from_where_its_file_stands(scene_of):
    scene = scene_of("collab")
    states = [scene.weights()]
    for steps in (20, 30):
        host_side.train(scene.book, scene.problem, Settings(optimizer="adam", steps=steps))
        states.append(scene.weights())
        if steps == 20:
            scene.book.save()
    scene.open()  # the second run was never saved
    assert scene.weights() == states[1]
    history = scene.history()
    assert "from" in history.undo(scene.book).title and scene.weights() == states[0]
    history.redo(scene.book)
    history.redo(scene.book)
    assert scene.weights() == states[2]


def test_the_history_keeps_the_losses_of_a_run(scene_of):
    scene = scene_of("collab")
    outcome = host_side.train(scene.book, scene.problem, Settings(optimizer="adam", steps=300)).outcome
    losses = scene.history().losses(scene.book)
    assert len(losses) == 200 and losses[0][0] == 1 and losses[-1] == (300, outcome.after)
    assert [loss for _, loss in losses] == sorted((loss for _, loss in losses), reverse=True)


def test_the_steps_made_elsewhere_are_those_made_here(scene_of):
    """The trainer gets its numbers as text and its answers come back as text; not a bit may be lost."""
    scene = scene_of("titanic")
    settings = Settings(restarts=2, steps=50)
    outcome = host_side.train(scene.book, scene.problem, settings).outcome
    f = differentiate(xlcicf.open_book(scene.path), scene.problem)
    *_, last = xlcicf.train(f, restarts=2, steps=50)
    assert outcome.after == last.best_loss and outcome.reason == last.reason
    assert scene.weights() == [repr(value) for value in last.best_values.tolist()]


def test_a_run_that_cannot_begin_says_why_and_leaves_no_trace(scene_of):
    scene = scene_of("collab")
    ending = host_side.train(scene.book, scene.problem, Settings(optimizer="lbfgs", lr=0.1))
    assert ending.outcome is None and "lbfgs finds its own step length" in ending.sentence
    assert not scene.history().path.exists() and scene.weights() == scene.before


def test_a_book_that_was_never_saved_is_refused(scene_of):
    scene = scene_of("collab")
    scene.path.unlink()
    ending = scene.train()
    assert "is not saved in a folder of this computer" in ending.sentence
    scene.path.write_bytes(scene.file)


def test_a_run_starts_here_and_now_where_no_program_waits_for_it(scene_of):
    scene = scene_of("collab")
    assert host_side.start(scene.book, scene.problem, Settings(optimizer="adam", steps=5)).outcome


# --- constraints, and runs without an answer --------------------------------------------------------------

BOWL = {
    "A1": 0,
    "A2": 0,
    "B1": "=(A1-3)^2+(A2-2)^2",
    "C1": "=A1+A2",
    "D1": 4,
    "E1": "=A1-A2",
    "F1": "=INT(A1)",
}


@pytest.fixture
def bowl(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.active.title = "S"
    for address, content in BOWL.items():
        workbook.active[address] = content
    save_generated(workbook, path := tmp_path / "bowl.xlsx")
    return xlcicf.open_book(path)


KEPT = {  # constraints -> what A1 and A2 come to
    "a limit": ([Constraint("S!C1", "<=", "S!D1")], [2.5, 1.5]),
    "a formula that moves": ([Constraint("S!A2", ">=", "S!A1*2")], [1.4, 2.8]),
    "a constant formula": ([Constraint("S!A1", "<=", "S!D1/4")], [1, 2]),
    "whole numbers": ([Constraint("S!C1", "<=", 4.5), Constraint("S!A1:A2", "int")], [2, 2]),
    "an order": ([Constraint("S!A1:A2", "dif")], [2, 1]),
}


@pytest.mark.parametrize(("constraints", "values"), KEPT.values(), ids=KEPT)
def test_the_trainer_keeps_to_constraints_and_what_it_found_is_told_and_undone(constraints, values, bowl):
    cells = bowl.sheets["S"]["A1:A2"]
    ending = host_side.train(bowl, Problem("S!B1", "S!A1:A2", constraints=tuple(constraints)), Settings())
    assert ending.outcome and ending.outcome.status in ("found", "converged"), ending.sentence
    assert cells.value == pytest.approx(values, abs=1e-7)
    assert ending.outcome.answer.missed <= 1e-8
    assert ending.outcome.method.partition(":")[0] in METHODS
    History.beside(bowl.fullname).undo(bowl)
    assert cells.value == [0, 0]


NOTHING = {  # status -> the problem
    "unbounded": Problem("S!E1", "S!A1:A2"),
    "infeasible": Problem(
        "S!B1", "S!A1:A2", constraints=(Constraint("S!C1", "<=", 1.0), Constraint("S!C1", ">=", 2.0))
    ),
    "target": Problem("S!B1", "S!A1:A2", sense=-1.0),
}


@pytest.mark.parametrize("status", NOTHING)
def test_a_run_without_an_answer_leaves_the_cells_and_says_why(status, bowl):
    training = Training(bowl, NOTHING[status], Settings())
    *_, last = training
    assert (last.status, training.is_worth_writing) == (status, False)
    ending = host_side.train(bowl, NOTHING[status], Settings())
    assert ending.outcome is None
    assert ending.sentence == f"{last.reason}; the cells are as they were"
    assert bowl.sheets["S"]["A1:A2"].value == [0, 0]
    with pytest.raises(XlcicfError, match="no run to undo"):
        History.beside(bowl.fullname).undo(bowl)

"""The process behind the ribbon of a program that waits for each command: what it is told, does, and when it ends.

The program is played by the headless engine. Most tests let the process's work be done here, where the scene
can be looked at; the last ones start it.
"""

import json
import os
import subprocess
import sys
import threading
import time

import pytest

import xlcicf
from tests.small import save_small
from xlcicf.addin import claims, commands, host_side, pipe, waiting, worker
from xlcicf.errors import BookError
from xlcicf.host import hosts
from xlcicf.host.headless.host import Headless, pretend
from xlcicf.host.headless.person import person_at
from xlcicf.solve import History, save_problem
from xlcicf.solve.training import Settings

FEW = Settings(optimizer="adam", steps=5)


class Program(Headless):
    """A program that stands still until a command has ended; one book is open in it."""

    name = "a program that waits"

    def __init__(self, book):
        self.book, self.is_running = book, True

    def handle(self, book):
        return {"book": book.fullname}

    def attach(self, handle):
        if handle != {"book": self.book.fullname}:
            raise BookError(f"{handle} is not open")
        return self.book

    def is_there(self, handle):
        return self.is_running


class Scene:
    """A book in such a program, the person in front of it, and the processes that were started."""

    def __init__(self, path):
        self.path, self.book = path, xlcicf.open_book(path)
        self.book.set_mock_caller()
        self.problem = xlcicf.find_problem(self.book)
        self.program, self.person = Program(self.book), person_at(self.book)
        pretend(self.book, self.program)
        self.started: list[list[str]] = []

    def weights(self) -> list[float]:
        return self.book.sheets["Net"]["B1:B2"].value

    def press(self, name: str) -> None:
        commands.press(name)

    def task(self) -> str:
        """The task of the one process that was started."""
        (command,) = self.started
        return command[-1]


@pytest.fixture
def small(tmp_path):
    path = save_small(tmp_path / "small.xlsx", {"E1": "adam", "E2": 5})
    book = xlcicf.open_book(path)
    save_problem(book, xlcicf.Problem("Net!B3", "Net!B1:B2"))
    book.save()
    return path


@pytest.fixture
def scene(small, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    scene = Scene(small)
    monkeypatch.setattr(hosts, "HOSTS", (*hosts.HOSTS, scene.program))
    monkeypatch.setattr(worker, "READ", 0.0)
    monkeypatch.setattr(worker, "IDLE", 0.0)
    monkeypatch.setattr(host_side, "_begin_worker", lambda task: scene.started.append([json.dumps(task)]))
    return scene


@pytest.fixture(autouse=True, scope="module")
def none_left():
    yield
    pipe.dismiss()


def nothing_is_noted() -> bool:
    return not claims.folder().exists() or not any(claims.folder().iterdir())


# ---- one task --------------------------------------------------------------------------------------------


def test_where_a_program_waits_another_process_trains_the_open_book(scene):
    before = scene.weights()
    assert host_side.start(scene.book, scene.problem, FEW) is None
    assert scene.weights() == before
    worker.main(scene.task())
    assert scene.weights() != before and len(History.beside(scene.path).losses(scene.book)) == 5
    assert scene.person.status_bar is False and scene.person.alerts == []
    assert nothing_is_noted()


def test_what_another_process_cannot_do_stands_in_a_box(scene):
    before = scene.weights()
    host_side.start(scene.book, scene.problem, FEW)
    with claims.claim(scene.path):
        worker.main(scene.task())
    assert "being trained already" in scene.person.alerts[-1] and scene.weights() == before


def test_a_book_that_was_closed_in_between_is_left_alone(scene):
    host_side.start(scene.book, scene.problem, FEW)
    task = json.loads(scene.task()) | {"book": {"book": "gone.xlsx"}}
    worker.main(json.dumps(task))
    assert scene.person.alerts == [] and nothing_is_noted()


def test_a_press_before_training_lets_a_process_load_what_training_needs(scene):
    scene.press("read_solver")
    assert json.loads(scene.task()) == {"host": scene.program.name, "book": {"book": str(scene.path)}}
    worker.main(scene.task())  # it waits, and ends when no task has come
    assert nothing_is_noted()


@pytest.mark.parametrize("name", ["undo", "help", "stop"])
def test_other_presses_start_nothing(scene, name):
    scene.press(name)
    assert scene.started == []


def test_where_no_program_waits_no_process_is_started(small, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(host_side, "_begin_worker", pytest.fail)
    book = xlcicf.open_book(small)
    book.set_mock_caller()
    commands.press("read_solver")
    assert host_side.start(book, xlcicf.find_problem(book), FEW).outcome


# ---- a process that waits --------------------------------------------------------------------------------


@pytest.fixture
def awaited(scene):
    """The tasks that reach a process which waits, here a thread, one after another."""
    taken, ready, over = [], threading.Event(), threading.Event()

    def wait():
        with waiting.waiting() as next_task:
            ready.set()
            while not over.is_set():
                if task := next_task(0.05):
                    taken.append(task)

    thread = threading.Thread(target=wait)
    thread.start()
    ready.wait()
    yield taken
    over.set()
    thread.join()


def come(tasks: list, number: int) -> list:
    """The tasks that have come, once there are so many: a task that was taken has yet to be read."""
    deadline = time.monotonic() + 20
    while len(tasks) < number and time.monotonic() < deadline:
        time.sleep(0.01)
    return tasks


def test_a_process_that_waits_gets_the_task_and_no_other_is_started(scene, awaited):
    scene.press("train")
    assert scene.started == []
    (task,) = come(awaited, 1)
    assert task["settings"]["steps"] == 5 and task["problem"]["objective"] == "Net!B3"
    worker._carry_out(task, after := [])
    assert len(after) == 1 and len(History.beside(scene.path).losses(scene.book)) == 5


@pytest.mark.parametrize("name", ["gradient", "parity"])
def test_what_needs_torch_is_answered_by_the_process_that_has_loaded_it(scene, awaited, name):
    scene.press(name)
    assert scene.person.alerts == []
    (task,) = come(awaited, 1)
    worker._carry_out(task, [])
    answered = scene.person.alerts.pop()
    commands.run_here(scene.book, name)
    assert scene.person.alerts == [answered]


def test_nobody_waits_twice(scene, awaited):
    with waiting.waiting() as next_task:
        assert next_task is None
    assert waiting.is_awaited()


def test_a_task_that_nobody_takes_is_its_owners_again(scene, monkeypatch):
    monkeypatch.setattr(waiting, "TAKEN", 0.1)
    with waiting.waiting():  # busy with another task, say
        assert waiting.hand_over({}) is False
    assert nothing_is_noted()


def test_a_task_goes_to_one_process_of_several_presses(scene, awaited):
    tasks = [{"number": number} for number in range(20)]
    threads = [threading.Thread(target=waiting.hand_over, args=[task]) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(task["number"] for task in come(awaited, 20)) == list(range(20))


def test_what_a_killed_press_has_left_is_cleared_and_not_done(scene):
    claims.folder().mkdir(parents=True)
    left = [claims.folder() / f"{waiting._KEY}-1.{kind}" for kind in ("task", "draft", "taken")]
    for file in left:
        file.write_text("{}")
        os.utime(file, (0, 0))
    with waiting.waiting() as next_task:
        assert next_task(0.0) is None
    assert nothing_is_noted()


def test_where_nothing_can_be_noted_nobody_waits(scene, tmp_path):
    (tmp_path / "state").write_text("a file, no folder")
    with waiting.waiting() as next_task:
        assert next_task is None
    assert waiting.hand_over({}) is False and not waiting.is_awaited()


# ---- processes -------------------------------------------------------------------------------------------

# A program whose books are files: what is done to one is saved, and what is said in it goes to standard output.
IN_A_PROCESS = """
import sys, threading
import xlcicf
from pathlib import Path
from xlcicf.addin import host_side, worker
from xlcicf.host import hosts
from xlcicf.host.headless.host import Headless, pretend
from xlcicf.solve import History

there = Path(sys.argv[2])

class Files(Headless):
    name = "a program of files"

    def attach(self, handle):
        book = xlcicf.open_book(handle["book"])
        pretend(book, self)
        return book

    def is_there(self, handle):
        return there.exists()

hosts.HOSTS = (*hosts.HOSTS, Files())
worker.READ = 0.2
train = host_side.train

def trained(book, *asked):
    ending = train(book, *asked)
    book.save()
    print(ending.sentence, flush=True)
    return ending

host_side.train = trained
worker.main(sys.argv[1])
"""


@pytest.fixture
def there(tmp_path):
    """A file that stands for the program: when it is gone, so is the program."""
    path = tmp_path / "there"
    path.touch()
    return path


def process(task: dict, there) -> subprocess.Popen:
    command = [sys.executable, "-c", IN_A_PROCESS, json.dumps(task), str(there)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def wait_until(condition, seconds=30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_one_process_carries_out_one_task_after_another_and_ends_with_the_program(scene, there, measured):
    task = {"host": "a program of files", "book": {"book": str(scene.path)}}
    host_side.start(scene.book, scene.problem, FEW)
    train = json.loads(scene.task()) | task
    began = time.monotonic()
    with process(train, there) as running:
        assert "Net!B3 45 ->" in running.stdout.readline()
        first = time.monotonic() - began
        for _ in range(2):
            wait_until(waiting.is_awaited)
            began = time.monotonic()
            assert waiting.hand_over(train)
            assert "Net!B3" in running.stdout.readline()
        again = time.monotonic() - began
        wait_until(waiting.is_awaited)
        there.unlink()
        assert running.wait(timeout=30) == 0
    assert nothing_is_noted()
    measured("a press of Train, the process new / waiting", f"{first:.2f} s / {again:.2f} s")


def test_a_killed_process_blocks_nobody(scene, there):
    with process({"host": "a program of files", "book": {"book": str(scene.path)}}, there) as running:
        wait_until(waiting.is_awaited)
        running.kill()
    assert not waiting.is_awaited() and waiting.hand_over({}) is False
    with waiting.waiting() as next_task:
        assert next_task is not None

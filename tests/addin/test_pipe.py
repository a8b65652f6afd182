"""The trainer that waits for the next run: taken again after whatever end leaves it whole, and never left behind."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.small import save_small
from xlcicf.addin import pipe
from xlcicf.addin.protocol import ALIVE, OVER, STOP, Report, report_of
from xlcicf.errors import TrainingError
from xlcicf.host import open_book, read_snapshot
from xlcicf.optim import train
from xlcicf.solve import Problem, place
from xlcicf.solve.question import question_line

ADAM = {"optimizer": "adam", "steps": 20, "restarts": 1, "seed": 0, "lr": None}
LONG = ADAM | {"steps": 10_000_000, "lr": 1e-9}


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    path = save_small(tmp_path_factory.mktemp("pipe") / "small.xlsx")
    return place(read_snapshot(open_book(path)), Problem("Net!B3", "Net!B1:B2"))


@pytest.fixture(autouse=True, scope="module")
def none_left():
    yield
    pipe.dismiss()


def run(problem, settings=ADAM, at_report=lambda trainer: None):
    """The trainer's process and the last values of a run."""
    values = None
    with pipe.Trainer() as trainer:
        trainer.ask(problem, settings)
        for report in trainer.reports():
            if report is not None:
                values = report.values
                at_report(trainer)
    return trainer.process, values


def test_the_next_run_has_the_same_trainer_and_the_numbers_of_a_new_one(problem):
    first, _ = run(problem, ADAM | {"seed": 3, "restarts": 5})
    second, values = run(problem)
    assert first is second
    *_, last = train(problem.function(), **ADAM)
    assert np.array_equal(values, last.best_values)


def test_a_stopped_trainer_takes_the_next_run_and_makes_all_its_steps(problem):
    first, _ = run(problem, LONG, pipe.Trainer.stop)
    second, values = run(problem)
    *_, last = train(problem.function(), **ADAM)
    assert first is second and np.array_equal(values, last.best_values)


def test_a_trainer_that_gave_up_takes_the_next_run(problem):
    with pytest.raises(TrainingError, match="lbfgs finds its own step length"):
        run(problem, ADAM | {"optimizer": "lbfgs", "lr": 0.1})
    waiting = pipe._WAITING._worker.process
    assert run(problem)[0] is waiting


def test_a_run_left_in_the_middle_ends_its_trainer(problem, forked_trainers):
    with pipe.Trainer() as trainer:
        trainer.ask(problem, LONG)
        next(report for report in trainer.reports() if report is not None)
    assert trainer.process.returncode is not None
    assert run(problem)[0] is not trainer.process


def test_a_trainer_killed_while_it_waits_is_replaced(problem, forked_trainers):
    first, _ = run(problem)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    second, values = run(problem)
    assert second is not first and values is not None


def test_two_runs_at_once_have_two_trainers_and_one_of_them_stays(problem, forked_trainers):
    with pipe.Trainer() as one, pipe.Trainer() as other:
        assert one.process is not other.process
        one.ask(problem, ADAM)
        other.ask(problem, ADAM)
        for trainer in (one, other):
            assert [report for report in trainer.reports() if report][-1].end["reason"]
    alive = [trainer.process for trainer in (one, other) if trainer.process.poll() is None]
    assert len(alive) == 1 and run(problem)[0] is alive[0]


def test_a_warm_trainer_is_there_before_the_first_run(problem, forked_trainers):
    pipe.dismiss()
    pipe.warm()
    waiting = pipe._WAITING._worker.process
    pipe.warm()
    assert run(problem)[0] is waiting


def test_no_trainer_outlives_the_process_that_keeps_it():
    code = "from xlcicf.addin import pipe; pipe.warm(); print(pipe._WAITING._worker.process.pid, flush=True)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


# ---- the trainer itself, asked by lines ------------------------------------------------------------------

SOON = "import xlcicf.addin.trainer as trainer; trainer.IDLE = {}; trainer.main()"


def trainer(idle: float) -> subprocess.Popen:
    command = [sys.executable, "-c", SOON.format(idle)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_a_trainer_that_nobody_asks_ends():
    with trainer(idle=0.1) as process:
        assert process.wait(timeout=60) == 0
        assert set(process.stdout) == {ALIVE}


def test_the_word_to_stop_is_for_the_question_before_it(problem):
    """However late it comes: here the second question is there before the first is looked at."""
    question, long = question_line(problem, ADAM), question_line(problem, LONG)
    with trainer(idle=60) as process:
        process.stdin.write(long + STOP + question)
        process.stdin.flush()
        answers, answer = [], []
        while len(answers) < 2:
            line = process.stdout.readline()
            if line == OVER:
                answers.append(answer)
                answer = []
            elif report := report_of(line):
                answer.append(report)
        process.stdin.close()
    stopped, whole = answers
    assert sum(len(report.losses) for report in stopped) == 1 and stopped[-1].end == {}
    assert sum(len(report.losses) for report in whole) == ADAM["steps"] and whole[-1].end["reason"]


# ---- what they say ---------------------------------------------------------------------------------------


@given(st.lists(st.floats(allow_nan=False)), st.none() | st.text(max_size=5))
def test_a_report_is_one_line_and_comes_back_as_it_was(values, reason):
    line = Report(values, values, {"reason": reason}).to_line()
    assert line.count(b"\n") == 1 and report_of(line) == Report(values, values, {"reason": reason})


def test_a_sign_of_life_is_no_report():
    assert report_of(ALIVE) is None

"""A training run of each lesson book that can be trained, so that its loss chart is never empty.

    python -m xlcicf.lessons.recorded_runs

trains the books as they are built, from their own settings but for the number of starts, and writes
learn/data/recorded_runs.json.
"""

import json
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path

from xlcicf.sheet.loss_chart import RecordedRun

STARTS = {  # lesson -> how many starts are recorded
    "titanic": 20,
    "how_a_net_works": 12,
    "gradient_descent": 1,
    "basic_neural_network": 12,
    "micrograd": 1,
    "mnist_basics": 1,
}
KEPT = 200  # points of a way


def recorded(lesson: str) -> RecordedRun | None:
    """The run that ships with a lesson book, None while there is none."""
    run = _runs().get(lesson)
    return RecordedRun(**run) if run else None


@cache
def _runs() -> dict[str, dict]:
    return json.loads(_file().read_text(encoding="utf-8")) if _file().is_file() else {}


def _file() -> Path:
    return Path(str(files("xlcicf.learn") / "data" / "recorded_runs.json"))


def record(lesson: str, folder: Path) -> dict:
    """Trains a new copy of the book and returns what is kept of the run."""
    from xlcicf import lessons
    from xlcicf.host import open_book
    from xlcicf.solve import find_problem
    from xlcicf.solve.training import Settings, Training

    book = open_book(lessons.build(lesson, folder))
    settings = Settings.of(book, restarts=STARTS[lesson])
    training = Training(book, find_problem(book), settings)
    for _ in training:
        pass
    starts = f"{settings.restarts} starts" if settings.restarts > 1 else "one start"
    how = f"{starts} of {settings.optimizer}, seed {settings.seed}"
    won, ends = training.course.won, training.course.ends
    way = [won[round(i * (len(won) - 1) / (KEPT - 1))] for i in range(KEPT)] if len(won) > KEPT else won
    return {"how": how, "won": _rounded(way), "ends": _rounded(ends)}


def _rounded(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return [(number, float(f"{loss:.6g}")) for number, loss in points]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = {lesson: record(lesson, Path(folder)) for lesson in STARTS}
    lines = ",\n".join(f"{json.dumps(lesson)}: {json.dumps(run)}" for lesson, run in runs.items())
    _file().write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

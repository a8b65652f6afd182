"""The lesson workbooks by name, and the one function that builds them, whole or as exercise copies."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook

from xlcicf.bridge import save_generated
from xlcicf.bridge.generated import errors_in, generated
from xlcicf.errors import BookError
from xlcicf.lessons import gradient_descent, how_a_net_works, micrograd, titanic
from xlcicf.sheet.exercise import Exercise, hush, make_exercises


@dataclass(frozen=True)
class Lesson:
    """A lesson workbook: `build()` makes it, without cached values yet; `exercises` are for its copy."""

    name: str
    title: str
    build: Callable[[], Workbook]
    exercises: tuple[Exercise, ...] = ()


LESSONS = {
    made.name: made
    for made in [
        Lesson(
            "how_a_net_works",
            "How does a neural net work? From a parabola to a sum of ReLUs",
            how_a_net_works.build,
        ),
        Lesson(
            "gradient_descent",
            "How a computer finds a line, one small step at a time",
            gradient_descent.build,
        ),
        Lesson(
            "titanic",
            "What is a neural network? Two ReLUs and the Titanic's passengers",
            titanic.build,
            titanic.EXERCISES,
        ),
        Lesson("micrograd", "The chain rule, from one operation to a net of 337 weights", micrograd.build),
    ]
}


def lesson(name: str) -> Lesson:
    """The lesson of that name. Raises BookError where there is none."""
    if name not in LESSONS:
        raise BookError(f"no lesson is named {name!r}; there are: {', '.join(LESSONS)}")
    return LESSONS[name]


def build(name: str, out_dir: Path | str, blank: bool = False) -> Path:
    """Builds a lesson's workbook in out_dir, at `book_name`, and returns its path; the same bytes each time.

    blank  an exercise copy: formulas for the reader to write are left out
    Raises BookError where there is no such lesson, no exercise in it, or the file cannot be written.
    """
    path = Path(out_dir) / book_name(name, blank)
    workbook = lesson(name).build()
    if blank:
        make_exercises(workbook, lesson(name).exercises)
        hush(workbook, errors_in(generated(workbook, path)))
    save_generated(workbook, path)
    return path


def book_name(name: str, blank: bool = False) -> str:
    """What a lesson's file is called: "titanic.xlsx", as an exercise copy "titanic-exercises.xlsx".

    Raises BookError where there is no such lesson, or no exercise in it.
    """
    if blank and not lesson(name).exercises:
        have = ", ".join(made.name for made in LESSONS.values() if made.exercises)
        raise BookError(f"the lesson {name} has no exercises; those of these have: {have}")
    return f"{lesson(name).name}-exercises.xlsx" if blank else f"{lesson(name).name}.xlsx"

"""The lesson workbooks by name, and the one function that builds them, whole or as exercise copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from xlcicf.errors import BookError

if TYPE_CHECKING:
    from openpyxl import Workbook

    from xlcicf.sheet.exercise import Exercise


@dataclass(frozen=True)
class Lesson:
    """A lesson workbook. Its module, which has its name, is imported when it is built or its exercises are
    asked for: a list of lessons needs no more than this table."""

    name: str
    title: str

    def build(self) -> "Workbook":
        """Makes it, without cached values yet."""
        return self._module.build()

    @property
    def exercises(self) -> "Sequence[Exercise]":
        """What its exercise copy asks for; empty where it has none."""
        return self._module.EXERCISES

    @property
    def _module(self) -> ModuleType:
        return import_module(f"{__name__}.{self.name}")


LESSONS = {
    lesson.name: lesson
    for lesson in (
        Lesson("how_a_net_works", "How does a neural net work? From a parabola to a sum of ReLUs"),
        Lesson("gradient_descent", "How a computer finds a line, one small step at a time"),
        Lesson("titanic", "What is a neural network? Two ReLUs and the Titanic's passengers"),
        Lesson(
            "basic_neural_network",
            "The notebook as sheets: from the slope of x² to a net of two hidden layers",
        ),
        Lesson("micrograd", "The chain rule, from one operation to a net of 337 weights"),
        Lesson("mnist_basics", "Is it a three or a seven? The basics, with MNIST's digits"),
        Lesson("convolutions", "Convolutions: how a net sees a digit, yours too"),
        Lesson("looking_inside", "Looking inside: what has a net learned, and why does it say so?"),
        Lesson("visualizing_mnist", "Visualizing MNIST: how do you look at a space of 784 dimensions?"),
        Lesson("vision_transformer", "A vision transformer: a picture read as sixteen words"),
        Lesson("model_card", "The model card: what a stranger should know before trusting a net"),
    )
}


def lesson(name: str) -> Lesson:
    """The lesson of that name. Raises BookError where there is none."""
    if name not in LESSONS:
        raise BookError(f"no lesson is named {name!r}; there are: {', '.join(LESSONS)}")
    return LESSONS[name]


def build(name: str, out_dir: Path | str, blank: bool = False, answers: bool = False) -> Path:
    """Builds a lesson's workbook in out_dir, at `book_name`, and returns its path; the same bytes each time.

    blank    an exercise copy: formulas for the reader to write are left out
    answers  the copy for teachers: the same formulas marked, and listed beside the tasks
    Raises BookError where there is no such lesson, no exercise in it, or the file cannot be written.
    """
    from xlcicf.ooxml.openpyxl_book import generated
    from xlcicf.ooxml.package import save_package
    from xlcicf.sheet.exercise import make_answers, make_exercises, rename

    path = Path(out_dir) / book_name(name, blank, answers)
    workbook = lesson(name).build()
    if blank or answers:
        (make_exercises if blank else make_answers)(workbook, lesson(name).exercises)
        rename(workbook, book_name(name), path.name)
    save_package(generated(workbook, path, hushed=blank), path)
    return path


def book_name(name: str, blank: bool = False, answers: bool = False) -> str:
    """What a lesson's file is called: "titanic.xlsx", as an exercise copy "titanic-exercises.xlsx", with the
    answers "titanic-answers.xlsx".

    Raises BookError where there is no such lesson, or no exercise in it.
    """
    if (blank or answers) and not lesson(name).exercises:
        have = ", ".join(made.name for made in LESSONS.values() if made.exercises)
        raise BookError(f"the lesson {name} has no exercises; those of these have: {have}")
    return f"{lesson(name).name}{'-exercises' if blank else '-answers' if answers else ''}.xlsx"

"""The lesson workbooks by name, and the one function that builds them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook

from xlcicf.bridge import save_generated
from xlcicf.errors import BookError
from xlcicf.lessons import titanic


@dataclass(frozen=True)
class Lesson:
    """A lesson workbook: `build()` makes it, without cached values yet."""

    name: str
    title: str
    build: Callable[[], Workbook]


LESSONS = {
    made.name: made
    for made in [
        Lesson("titanic", "What is a neural network? Two ReLUs and the Titanic's passengers", titanic.build),
    ]
}


def lesson(name: str) -> Lesson:
    """The lesson of that name. Raises BookError where there is none."""
    if name not in LESSONS:
        raise BookError(f"no lesson is named {name!r}; there are: {', '.join(LESSONS)}")
    return LESSONS[name]


def build(name: str, out_dir: Path | str) -> Path:
    """Builds a lesson's workbook as out_dir/NAME.xlsx and returns its path; the same bytes each time.

    Raises BookError where there is no such lesson or the file cannot be written.
    """
    path = Path(out_dir) / f"{name}.xlsx"
    save_generated(lesson(name).build(), path)
    return path

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
    lesson.name: lesson
    for lesson in [
        Lesson("titanic", "What is a neural network? Two ReLUs and the Titanic's passengers", titanic.build),
    ]
}


def build(name: str, out_dir: Path | str) -> Path:
    """Builds a lesson's workbook as out_dir/NAME.xlsx and returns its path; the same bytes each time.

    Raises BookError where there is no such lesson or the file cannot be written.
    """
    if name not in LESSONS:
        raise BookError(f"no lesson is named {name!r}; there are: {', '.join(LESSONS)}")
    path = Path(out_dir) / f"{name}.xlsx"
    save_generated(LESSONS[name].build(), path)
    return path

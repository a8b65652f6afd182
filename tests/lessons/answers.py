"""What learners write into an exercise's cells, right and wrong, and what the book says to it.

Nothing but the standard library here: a Python that has LibreOffice's `uno` and nothing else runs it too.
"""

import re
from collections.abc import Callable
from typing import Protocol

Rows = list[list]


class Program(Protocol):
    """A solved exercise copy in a program that computes it. An area is "Net!P11:Q901"."""

    def formulas(self, area: str) -> Rows: ...
    def values(self, area: str) -> Rows: ...
    def write(self, area: str, rows: Rows) -> None: ...
    def says(self, cell: str) -> str: ...


Exercises = list[tuple[list[str], str]]
"""Areas and state cell of each."""


def judgements(program: Program, groups: list[Exercises]) -> list[list[dict[str, str]]]:
    """For each exercise of each group: kind of answer -> what its state says of it.

    The exercises of a group get an answer of a kind at once, since computing takes long; so none of them may wait
    for another. The areas hold right formulas, before and after.
    """
    before = [
        [(area, program.formulas(area), program.values(area)) for areas, _ in group for area in areas]
        for group in groups
    ]
    return [_judged(program, *each) for each in zip(groups, before, strict=True)]


def _judged(program: Program, group: Exercises, before: list[tuple[str, Rows, Rows]]) -> list[dict[str, str]]:
    said: list[dict[str, str]] = [{} for _ in group]
    for kind, answer in ANSWERS.items():
        for area, formulas, values in before:
            program.write(area, answer(formulas, values))
        for found, (_, state) in zip(said, group, strict=True):
            found[kind] = program.says(state)
    for area, formulas, _ in before:
        program.write(area, formulas)
    return said


def _each(change: Callable[[str], str]) -> Callable[[Rows, Rows], Rows]:
    return lambda formulas, values: [[change(formula) for formula in row] for row in formulas]


def _last_typed(formulas: Rows, values: Rows) -> Rows:
    return [*formulas[:-1], [*formulas[-1][:-1], values[-1][-1]]]


def off_by_one(formula: str) -> str:
    """The same with each range one row or column too short; without a range, one row further down.

    "=SUM(A1:A9)" -> "=SUM(A2:A9)", "=A1/A$9" -> "=A2/A$9"
    """
    if _RANGE.search(formula):
        return _RANGE.sub(_shorter, formula)
    return re.sub(r"([A-Z]+)(\d+)\b(?!\()", lambda m: f"{m[1]}{int(m[2]) + 1}", formula)


_RANGE = re.compile(r"(\$?)([A-Z]+)(\$?)(\d+):(\$?[A-Z]+)(\$?\d+)")


def _shorter(found: re.Match) -> str:
    left, top = found[2], int(found[4])
    if found[5].strip("$") == left:
        top += 1
    else:
        left = _next_column(left)
    return f"{found[1]}{left}{found[3]}{top}:{found[5]}{found[6]}"


def _next_column(letters: str) -> str:
    """ "C" -> "D", "AZ" -> "BA"."""
    before, last = letters[:-1], letters[-1]
    if last == "Z":
        return (_next_column(before) if before else "A") + "A"
    return before + chr(ord(last) + 1)


ANSWERS: dict[str, Callable[[Rows, Rows], Rows]] = {
    "the right formula": lambda formulas, values: formulas,
    "its value typed in": lambda formulas, values: values,
    "its value typed in at the end": _last_typed,
    "its negative": _each(lambda formula: f"=-({formula[1:]})"),
    "off by one": _each(off_by_one),
    "nothing": _each(lambda formula: ""),
}

"""What cells hold, exactly and as JSON has it: read, compared and put back."""

import datetime as dt
import sys
from collections.abc import Iterable
from itertools import chain

from xlcicf.formula.address import Area, SheetCell, area_around
from xlcicf.formula.snapshot import ERRORS

# Rows of cells. A cell is as in the file: None, a number, text, a bool, {"formula": "=A1"} or
# {"date": "2024-05-17"}.
Rows = list[list]


def read_rows(book, areas: Iterable[Area]) -> dict[Area, Rows]:
    """What the cells of areas hold."""
    from xlcicf.host.hosts import host_of  # and xlwings with it: what runs have kept is compared without

    areas = list(areas)
    if not areas:
        return {}
    contents = host_of(book).contents(book, areas)
    return {
        area: [[_cell(value, formula) for value, formula in row] for row in rows]
        for area, rows in zip(areas, contents, strict=True)
    }


def rows_of(values: list[list]) -> Rows:
    """What cells hold after values were written into them; what is held already may stand among them."""
    return [[_cell(value, None) for value in row] for row in values]


def _cell(value, formula):
    if isinstance(formula, str) and formula.startswith("=") and formula != value:
        return {"formula": formula}
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)  # a cell knows no other numbers
    return {"date": value.isoformat()} if isinstance(value, dt.datetime) else value


def values_of(rows: Rows) -> list[list]:
    """What to assign to a Range so that its cells hold this. Raises ValueError for what no cell holds."""
    return [[_value(cell) for cell in row] for row in rows]


def _value(cell):
    """A leading ' lets text be text, even "=A1"."""
    match cell:
        case {"formula": str(formula)}:
            return formula
        case {"date": str(date)}:
            return dt.datetime.fromisoformat(date)
        case str():
            return cell if cell in ERRORS else f"'{cell}"
        case int() if abs(cell) > sys.float_info.max:
            raise ValueError("a number is larger than any cell holds")
        case None | bool() | int() | float():
            return cell
    raise ValueError(f"no cell holds {cell!r}")


def shape(rows: Rows) -> tuple[int, int]:
    """(rows, columns). Raises ValueError where the rows differ in length or hold what no cell holds."""
    (columns,) = {len(row) for row in rows}
    values_of(rows)
    return len(rows), columns


def same(cell, other) -> bool:
    """Whether two cells hold exactly the same; Python itself finds 1.0 equal to True. Zeros have no sign:
    not every reader of a cell keeps it. An error is what it shows."""
    is_one_kind = type(cell) is type(other) or isinstance(cell, str) and isinstance(other, str)
    return is_one_kind and cell == other


def differing(area: Area, rows: Rows, others: Rows) -> list[SheetCell]:
    """The cells of an area in which rows and others differ."""
    there = by_place(area, others)
    return [place for place, cell in by_place(area, rows).items() if not same(cell, there[place])]


def around(places: Iterable[SheetCell]) -> Area | None:
    """The smallest area with all these cells of one sheet in it; None where there are none."""
    places = list(places)
    return area_around(places[0][0], ((row, col) for _, row, col in places)) if places else None


def part_of(rows: Rows, part: Area, whole: Area) -> Rows:
    """The rows of a part of an area, cut out of the rows of the whole."""
    down, across = part.within(whole)
    return [row[across] for row in rows[down]]


def by_place(area: Area, rows: Rows) -> dict[SheetCell, object]:
    """Each cell of an area -> what it holds."""
    return {(area.sheet, *place): cell for place, cell in zip(area.cells(), chain(*rows), strict=True)}


def shown(cell) -> str:
    """A cell's content as a sentence names it."""
    if isinstance(cell, dict):
        return next(iter(cell.values()))
    return "nothing" if cell is None else repr(cell)

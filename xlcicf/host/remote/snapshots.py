"""What an agent tells of a book, as formula/ is handed it."""

from collections.abc import Sequence

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import Calculation, ExcelError, Scalar, Sheet, Snapshot, Table

Rows = Sequence[Sequence]


def snapshot_of(got: dict, before: Snapshot | None) -> Snapshot:
    """The result of the operation `snapshot`; a sheet without formulas shares those of `before`."""
    found = outline_of(got)
    if before is not None:
        found.fused = before.fused
    for said in got["sheets"]:
        old = before.sheets.get(said["name"]) if before else None
        found.sheets[said["name"]] = _sheet(said, old)
    return found


def outline_of(got: dict) -> Snapshot:
    """The result of the operation `outline`: no sheet has a cell."""
    return Snapshot(
        sheets={said["name"]: Sheet(said["name"]) for said in got["sheets"]},
        names={(name.casefold(), sheet): refers_to for name, sheet, refers_to, _ in got["names"]},
        tables={said[0].casefold(): _table(*said) for said in got["tables"]},
        calculation=_calculation(**got["calculation"]),
    )


def scalar(cell) -> Scalar:
    """A cell of the protocol; its numbers are floats."""
    if type(cell) in (float, str):  # as nearly all are
        return cell
    if isinstance(cell, list):
        return ExcelError(cell[0])
    return float(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell


def _sheet(said: dict, before: Sheet | None) -> Sheet:
    name, (top, left, *_) = said["name"], said["area"]
    if "values" in said:
        values = {cell: scalar(held) for cell, held in _placed(said["values"], top, left)}
    else:
        assert before is not None, f"the agent tells nothing of the values of sheet {name!r}"
        values = _with_others(before.values, said["others"], top, left)
    if "formulas" not in said:
        assert before is not None, f"the agent tells nothing of the formulas of sheet {name!r}"
        return Sheet(
            name, before.formulas, values, before.arrays, hidden=before.hidden, filtered=before.filtered
        )
    return Sheet(
        name,
        formulas=dict(_placed(said["formulas"], top, left)),
        values=values,
        arrays={(area[0], area[1]): Area(name, *area) for area in said["arrays"]},
        hidden=set(said["hidden"]),
        filtered=[Area(name, *area) for area in said["filtered"]],
    )


def _with_others(values: dict[tuple[int, int], Scalar], others: Rows, top: int, left: int) -> dict:
    """The values with some rows in place of those that were there; the same where there are none."""
    if not others:
        return values
    found = dict(values)
    for at, cells in others:
        for col, held in enumerate(cells, left):
            if held is None:
                found.pop((top + at, col), None)
            else:
                found[top + at, col] = scalar(held)
    return found


def _placed(rows: Rows, top: int, left: int):
    """((row, column), what it holds) of each cell that holds something."""
    for row, cells in enumerate(rows, top):
        for col, held in enumerate(cells, left):
            if held is not None:
                yield (row, col), held


def _table(
    name: str, sheet: str, area: list[int], headers: list[str], header_rows: int, totals: int, filtered: bool
) -> Table:
    return Table(name, Area(sheet, *area), tuple(headers), header_rows, totals, filtered)


def _calculation(automatic: bool, as_displayed: bool, iterates: bool, date1904: bool) -> Calculation:
    return Calculation(
        mode="auto" if automatic else "manual",
        full_precision=not as_displayed,
        iterates=iterates,
        date1904=date1904,
    )

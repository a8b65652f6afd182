"""Records of a table that meet criteria: which elements of a column DSUM and its kind compute with."""

from functools import reduce
from typing import NamedTuple

import numpy as np
import torch

from xlcicf.formula.coercion import number_of, text_of
from xlcicf.formula.conditional import FEWEST
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.criteria import criterion_of
from xlcicf.formula.grid import CellError, Errors, Grid, errors_where, from_numbers
from xlcicf.formula.number_in_text import number_in_text
from xlcicf.formula.plain import NOWHERE, Cells, Places, cells_of, failures


class _Records:
    """A table's records, for each cell of a run."""

    def __init__(self, context: Context, table: Grid):
        self.context, self.table = context, table
        head = table.cut(slice(0, 1), slice(0, table.size[1]))
        if head.varies_somewhere:
            raise context.refuse_changing()
        self._heads = head.scalars()
        self._columns: dict[int, np.ndarray] = {}

    def headers(self, at: tuple[int, int]) -> list[str]:
        """What names the columns, all letters in one case."""
        return [text_of(value).casefold() for value in _of_cell(self._heads, at)[0]]

    def cells(self, column: int, at: tuple[int, int]) -> Cells:
        """A column without its header."""
        if column not in self._columns:
            grid = self.table.cut(slice(1, self.table.size[0]), slice(column, column + 1))
            if grid.varies_somewhere:
                raise self.context.refuse_changing()
            self._columns[column] = cells_of(grid)
        return _of_cell(self._columns[column], at)[0][0]

    def met(self, at: tuple[int, int], criteria: list[list]) -> Places:
        """The records, counted from 0, that meet a row of criteria."""
        names, *rows = criteria
        if not rows or self.table.size[0] < 2:
            raise Fails("#VALUE!", "needs names and rows below them, in the table and in the criteria")
        return reduce(np.union1d, (self._met_by(at, names, row) for row in rows))

    def _met_by(self, at: tuple[int, int], names: list, row: list) -> Places:
        met, headers = np.arange(self.table.size[0] - 1), self.headers(at)
        for name, criterion in zip(names, row, strict=True):
            if criterion is None or criterion == "":
                continue
            if (header := text_of(name).casefold()) not in headers:
                raise self.context.refuse(
                    f"computes a criterion under {text_of(name)!r}, which is no column's name"
                )
            cells = self.cells(headers.index(header), at)
            met = np.intersect1d(met, criterion_of(_as_begun(criterion)).places(cells))
        return met


def _of_cell(values: np.ndarray, at: tuple[int, int]) -> list[list]:
    """What one cell of a run sees (h, w) of values (H, W, h, w), of which H and W may be 1."""
    return values[tuple(min(i, n - 1) for i, n in zip(at, values.shape, strict=False))].tolist()


def _column(headers: list[str], field: object) -> int:
    """The place of the column that a name or a number counted from 1 means. Raises Fails."""
    if isinstance(field, CellError):
        raise Fails(str(field))
    if isinstance(field, str) and field.casefold() in headers:
        return headers.index(field.casefold())
    at = int(number_of(field)) - 1
    if not 0 <= at < len(headers):
        raise Fails("#VALUE!", f"looks for a column {text_of(field)!r} that the table has not")
    return at


def _as_begun(criterion: object) -> object:
    """A text alone is met by every text that begins so, unlike in COUNTIF."""
    if isinstance(criterion, CellError) or not isinstance(criterion, str):
        return criterion
    if criterion.startswith(("=", "<", ">")) or number_in_text(criterion) is not None:
        return criterion
    return criterion + "*"


class Found(NamedTuple):
    """The elements of records that count, for each cell of a run.

    elements  in a row (H, W, 1, n), filled up with blanks
    count     how many there are (H, W, 1, 1)
    errors    of cells that ask for what is not there
    """

    elements: Grid
    count: np.ndarray
    errors: Errors | None

    def numbers(self) -> Grid:
        """How many there are, as a grid."""
        return from_numbers(torch.from_numpy(self.count.astype(float)))

    def unless_one(self, context: Context) -> Errors | None:
        """The errors, and those of cells that find no record or several."""
        errors = errors_where(self.count == 0, "#VALUE!", context.host, "finds no such record", self.errors)
        return errors_where(self.count > 1, "#NUM!", context.host, "finds more than one such record", errors)


def found_in(context: Context, table: Grid, field: Grid, criteria: Grid) -> Found:
    if field.varies_somewhere or criteria.varies_somewhere:
        raise context.refuse_changing()
    if not field.is_single:
        raise context.refuse("looks in several columns at once; write one formula for each")
    records, failed = _Records(context, table), {}
    H, W = np.broadcast_shapes(table.batch, field.batch, criteria.batch)
    fields, wanted = field.scalars(), criteria.scalars()
    places: list[Places] = []
    for number, at in enumerate(np.ndindex(H, W)):
        try:
            column = _column(records.headers(at), _of_cell(fields, at)[0][0])
            met = records.met(at, _of_cell(wanted, at))
            places.append((met + 1) * table.size[1] + column)
        except Fails as failure:
            failed.setdefault((failure.code, failure.why), []).append(number)
            places.append(NOWHERE)
    count = np.array([len(met) for met in places]).reshape(H, W, 1, 1)
    index = np.zeros((H * W, max(FEWEST, int(count.max()))), np.intp)
    for row, met in zip(index, places, strict=True):
        row[: len(met)] = met
    index = index.reshape(H, W, 1, -1)
    elements = table.rearranged(index).blank_where(np.arange(index.shape[3]) >= count)
    return Found(elements, count, failures(context, failed, (H, W, 1, 1)))

"""References that formulas make while they compute: OFFSET, INDIRECT, A1:INDEX(...), A1:B9 B2:C3, D1#.

What such a reference means is found out from what its arguments come to, for each cell that holds the
formula. No changing cell may decide it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from inspect import signature
from typing import Any

import numpy as np

from xlcicf.errors import FormulaError, NotDifferentiable
from xlcicf.formula.address import MAX_COL, MAX_ROW, Area, cell_address
from xlcicf.formula.choice import Value
from xlcicf.formula.coercion import taken_as_condition, taken_as_scalar, text_of
from xlcicf.formula.context import Context, lines_meant
from xlcicf.formula.grid import Grid
from xlcicf.formula.parse import parse
from xlcicf.formula.snapshot import ExcelError
from xlcicf.formula.tree import Call, Const, Edge, Made, Node, Ref, RefInfix, Union

_R1C1 = re.compile(r"R(\[-?\d+\]|\d*)C(\[-?\d+\]|\d*)", re.IGNORECASE)


@dataclass(frozen=True)
class Spots:
    """Where each cell of a run or batch sees a range, arrays of the cells (H, W).

    error  the error in its place, or None (objects)
    sheet  its sheet's name (objects)
    top, left, bottom, right  its first and last row and column, counted from 1
    """

    error: Any
    sheet: Any
    top: np.ndarray
    left: np.ndarray
    bottom: np.ndarray
    right: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        return self.bottom - self.top + 1

    @property
    def columns(self) -> np.ndarray:
        return self.right - self.left + 1

    def failing(self, where: np.ndarray, code: str | np.ndarray) -> "Spots":
        """The same with an error where there is none yet and `where` holds."""
        return replace(self, error=np.where(~_is_there(self.error) & where, code, self.error))

    def on_sheet(self) -> "Spots":
        """#REF! where it reaches beyond the sheet's edges."""
        beyond = (self.top < 1) | (self.left < 1) | (self.bottom > MAX_ROW) | (self.right > MAX_COL)
        return self.failing(beyond, "#REF!")

    def chosen(self, where: np.ndarray, other: "Spots") -> "Spots":
        """These where `where` holds, elsewhere the others."""
        return Spots(*(np.where(where, getattr(self, f.name), getattr(other, f.name)) for f in fields(self)))

    def equal(self, other: "Spots") -> bool:
        fine = ~_is_there(self.error)
        return np.array_equal(self.error, other.error) and all(
            np.array_equal(getattr(self, f.name)[fine], getattr(other, f.name)[fine]) for f in fields(self)
        )

    def meant(self, context: Context) -> Ref | Const | None:
        """What all the cells mean as one reference, or one error; None where none says it."""
        if _is_there(self.error).any():
            return Const(ExcelError(self.error.flat[0])) if len(set(self.error.flat)) == 1 else None
        if len(set(self.sheet.flat)) > 1:
            return None
        rows, columns = (np.broadcast_to(x, self.top.shape) for x in (context.rows(), context.columns()))
        edges = [
            _edge(getattr(self, side), hosts)
            for side, hosts in (("top", rows), ("left", columns), ("bottom", rows), ("right", columns))
        ]
        return Ref(self.sheet.flat[0], *edges) if all(edges) else None  # type: ignore[arg-type]


def _is_there(objects: np.ndarray) -> np.ndarray:
    """Where an object is not None."""
    return np.vectorize(lambda x: x is not None, otypes=[bool])(objects)


def _edge(at: np.ndarray, hosts: np.ndarray) -> Edge | None:
    """One side of a reference that moves with the cell, or is fixed."""
    for edge, is_fixed in ((at - hosts, False), (at, True)):
        if (edge == edge.flat[0]).all():
            return Edge(int(edge.flat[0]), is_fixed)
    return None


def spots_of(node: Node, context: Context) -> Spots:
    """Where each cell sees the reference that a node makes.

    Raises NotDifferentiable where a changing cell decides it, or it is several references at once."""
    match node:
        case Ref():
            return _of_ref(node, context)
        case Const(ExcelError() as error):
            return _everywhere(context).failing(np.array(True), str(error))
        case Made(_, source):
            return spots_of(source, context)
        case RefInfix(operator, left, right):
            return _JOINED[operator](spots_of(left, context), spots_of(right, context))
        case Call(name, args) if name in _MAKERS:
            inside = context.of(name)
            try:
                signature(_MAKERS[name]).bind(inside, *args)
            except TypeError:
                raise inside.refuse(f"has {len(args)} arguments; correct the formula") from None
            return _MAKERS[name](inside, *args)
    raise context.refuse("takes for a reference what is none")


def _everywhere(context: Context) -> Spots:
    shape = context.host.shape
    nothing = (np.full(shape, None, dtype=object) for _ in range(2))
    return Spots(*nothing, *(np.ones(shape, np.int64) for _ in range(4)))


def _of_ref(ref: Ref, context: Context) -> Spots:
    edges = lines_meant(ref, context.host)
    tops, lefts, bottoms, rights = (np.broadcast_to(lines, context.host.shape) for lines in edges)
    return replace(
        _everywhere(context),
        sheet=np.full(context.host.shape, ref.sheet, dtype=object),
        top=np.minimum(tops, bottoms),
        left=np.minimum(lefts, rights),
        bottom=np.maximum(tops, bottoms),
        right=np.maximum(lefts, rights),
    ).on_sheet()


# --- two references ---------------------------------------------------------------------------------------


def _of_both(a: Spots, b: Spots, first: np.ufunc, last: np.ufunc) -> Spots:
    """From the `first` of both beginnings to the `last` of both ends; an error of either stays one."""
    both = replace(
        a,
        top=first(a.top, b.top),
        left=first(a.left, b.left),
        bottom=last(a.bottom, b.bottom),
        right=last(a.right, b.right),
    )
    return both.failing(_is_there(b.error), b.error)


def _around(a: Spots, b: Spots) -> Spots:
    """The smallest range around both."""
    return _of_both(a, b, np.minimum, np.maximum).failing(a.sheet != b.sheet, "#VALUE!")


def _shared(a: Spots, b: Spots) -> Spots:
    """The cells that both have; #NULL! where there are none."""
    both = _of_both(a, b, np.maximum, np.minimum)
    return both.failing((both.rows < 1) | (both.columns < 1) | (a.sheet != b.sheet), "#NULL!")


_JOINED = {":": _around, " ": _shared}


# --- arguments --------------------------------------------------------------------------------------------


def _told(context: Context, node: Node, taken: Callable[[Grid], Grid]) -> Grid:
    """An argument as one constant for each cell (H, W, 1, 1)."""
    value: Value = context.operand(node)
    if not isinstance(value, Grid) or value.varies_somewhere:
        raise context.refuse("makes a reference that depends on a changing cell; write the reference itself")
    if not value.is_single:
        raise context.refuse("makes several references at once; write a formula for each")
    return taken(value).expanded((*context.host.shape, 1, 1))


def _numbers(context: Context, node: Node) -> tuple[np.ndarray, np.ndarray]:
    """An argument's whole numbers, and errors or None, both (H, W)."""
    grid = _told(context, node, taken_as_scalar)
    numbers = np.clip(np.trunc(grid.numbers()), -(2.0**40), 2.0**40)
    return numbers[:, :, 0, 0].astype(np.int64), _codes(grid)


def _sizes(context: Context, node: Node) -> tuple[np.ndarray, np.ndarray]:
    """The same of a number of rows or columns, of which a part of one is one."""
    grid = _told(context, node, taken_as_scalar)
    numbers, errors = _numbers(context, node)
    part = (grid.numbers() > 0.0) & (grid.numbers() < 1.0)
    return np.where(part[:, :, 0, 0], 1, numbers), errors


def _codes(grid: Grid) -> np.ndarray:
    """The error of each cell's single value, or None (H, W)."""
    return np.vectorize(lambda text: text and str(text), otypes=[object])(grid.texts()[:, :, 0, 0])


def _failing_where_told(spots: Spots, *errors: np.ndarray) -> Spots:
    return reduce(lambda s, codes: s.failing(_is_there(codes), codes), errors, spots)


# --- functions --------------------------------------------------------------------------------------------


def _offset(
    context: Context,
    base: Node,
    rows: Node,
    columns: Node,
    height: Node | None = None,
    width: Node | None = None,
) -> Spots:
    """So many rows further down and columns further right, as high and wide as is said; where that is
    negative, up and to the left from there."""
    start = spots_of(base, context)
    (down, bad), (right, worse) = _numbers(context, rows), _numbers(context, columns)
    sizes = [
        (size, np.full(size.shape, None)) if node in (None, Const(None)) else _sizes(context, node)
        for node, size in ((height, start.rows), (width, start.columns))
    ]
    top, left = start.top + down, start.left + right
    (top, bottom), (left, east) = (
        (np.where(size > 0, first, first + size + 1), np.where(size > 0, first + size - 1, first))
        for first, (size, _) in zip((top, left), sizes, strict=True)
    )
    found = replace(start, top=top, left=left, bottom=bottom, right=east)
    found = _failing_where_told(found, bad, worse, sizes[0][1], sizes[1][1])
    return found.failing((sizes[0][0] == 0) | (sizes[1][0] == 0), "#REF!").on_sheet()


def _index(
    context: Context,
    array: Node,
    row: Node,
    column: Node | None = None,
    area: Node | None = None,
) -> Spots:
    """A row and column of a range, counted from 1; 0 means all of them."""
    areas = [spots_of(part, context) for part in (array.parts if isinstance(array, Union) else (array,))]
    whole = areas[0] if area is None else _picked(context, area, areas, "#REF!")
    down, bad = _numbers(context, row)
    if column is None:
        one_row = whole.rows == 1
        right, worse = np.where(one_row, down, (whole.columns == 1).astype(np.int64)), bad
        down = np.where(one_row, 1, down)
    else:
        right, worse = _numbers(context, column)
    spans = []
    for number, first, last in ((down, whole.top, whole.bottom), (right, whole.left, whole.right)):
        spans.append(
            (
                np.where(number == 0, first, first + number - 1),
                np.where(number == 0, last, first + number - 1),
            )
        )
    (top, bottom), (left, east) = spans
    before, beyond = (down < 0) | (right < 0), (down > whole.rows) | (right > whole.columns)
    found = replace(whole, top=top, left=left, bottom=bottom, right=east)
    return _failing_where_told(found, bad, worse).failing(before, "#VALUE!").failing(beyond, "#REF!")


def _choose(context: Context, number: Node, *options: Node) -> Spots:
    return _picked(context, number, [spots_of(option, context) for option in options], "#VALUE!")


def _picked(context: Context, number: Node, options: Sequence[Spots], code: str) -> Spots:
    """Those of the option of that number, counted from 1."""
    which, bad = _numbers(context, number)
    nowhere = _everywhere(context).failing(np.array(True), code)
    pick = reduce(lambda s, i: options[i].chosen(which == i + 1, s), range(len(options)), nowhere)
    return pick.chosen(~_is_there(bad), _failing_where_told(_everywhere(context), bad))


def _if(context: Context, condition: Node, yes: Node, no: Node | None = None) -> Spots:
    grid = _told(context, condition, taken_as_condition)
    errors = _codes(grid)
    otherwise = spots_of(no or Const(ExcelError("#VALUE!")), context)
    chosen = spots_of(yes, context).chosen(grid.numbers()[:, :, 0, 0] != 0, otherwise)
    return chosen.chosen(~_is_there(errors), _failing_where_told(_everywhere(context), errors))


def _indirect(context: Context, text: Node, in_letters: Node | None = None) -> Spots:
    """What a text names; #REF! where that is no reference."""
    texts = _told(context, text, lambda grid: grid).scalars()[:, :, 0, 0]
    letters = np.array(True)
    if in_letters is not None:
        letters = _told(context, in_letters, taken_as_condition).numbers()[:, :, 0, 0] != 0
    letters = np.broadcast_to(letters, texts.shape)
    found = _everywhere(context)
    where = np.broadcast_arrays(context.rows(), context.columns())
    sheets = _own_sheets(context)
    for at in np.ndindex(*texts.shape):
        if isinstance(texts[at], ExcelError):
            found.error[at] = str(texts[at])
            continue
        read = _named if letters[at] else _in_rows_and_columns
        row, column = (int(lines[at]) for lines in where)
        ref = read(context, text_of(texts[at]), sheets[at], row, column)
        area = ref.area(row, column) if ref else None
        if area is None:
            found.error[at] = "#REF!"
        else:
            found.sheet[at] = area.sheet
            found.top[at], found.left[at], found.bottom[at], found.right[at] = (
                area.top,
                area.left,
                area.bottom,
                area.right,
            )
    return found


def _own_sheets(context: Context) -> Any:
    """The name of the sheet that each cell stands on, objects (H, W)."""
    host, out = context.host, np.empty(context.host.shape, dtype=object)
    out[...] = host.sheet if isinstance(host, Area) else [[run.area.sheet] for run, _, _ in host.cells]
    return out


def _named(context: Context, text: str, sheet: str, row: int, column: int) -> Ref | None:
    """What a text names for the formula in a cell; None where that is no range."""
    try:
        node = parse(text, sheet, row, column, context.evaluator.book())
    except FormulaError:
        return None
    if isinstance(node, RefInfix | Call):
        cell = cell_address(sheet, row, column)
        raise NotDifferentiable(
            f"{cell}: INDIRECT names {text}, which makes a reference itself; write it out", cell
        )
    return node if isinstance(node, Ref) else None


def _in_rows_and_columns(context: Context, text: str, sheet: str, row: int, column: int) -> Ref | None:
    """R2C3, R[-1]C and ranges of these, with a sheet before them or not."""
    prefix, mark, rest = text.rpartition("!")
    home = _named(context, f"{prefix}{mark}$A$1", sheet, row, column)
    corners = [_R1C1.fullmatch(corner.strip()) for corner in rest.split(":")]
    if home is None or not 1 <= len(corners) <= 2 or not all(corners):
        return None
    ends = [
        tuple(_line(part, host) for part, host in zip(match.groups(), (row, column), strict=True))
        for match in corners
        if match
    ]
    (top, left), (bottom, right) = ends[0], ends[-1]
    return Ref(home.sheet, *(Edge(at, True) for at in (top, left, bottom, right)))


def _line(text: str, host: int) -> int:
    if text.startswith("["):
        return host + int(text[1:-1])
    return int(text) if text else host


def _anchored(context: Context, anchor: Node) -> Spots:
    """The range that an array formula fills from a cell on."""
    spots = spots_of(anchor, context)
    found = replace(spots, **{f.name: getattr(spots, f.name).copy() for f in fields(spots)})
    for at in np.ndindex(*spots.top.shape):
        if found.error[at] is None:
            held = context.evaluator.book().held(found.sheet[at])
            area = held.arrays.get((int(found.top[at]), int(found.left[at])))
            if area is None:
                found.error[at] = "#REF!"
            else:
                found.bottom[at], found.right[at] = area.bottom, area.right
    return found


_MAKERS: dict[str, Callable[..., Spots]] = {
    "OFFSET": _offset,
    "INDEX": _index,
    "CHOOSE": _choose,
    "IF": _if,
    "INDIRECT": _indirect,
    "ANCHORARRAY": _anchored,
}

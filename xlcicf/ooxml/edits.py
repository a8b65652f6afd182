"""The edits that a headless book can take: cells written, and things added. Nothing here touches a file."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from xlcicf.errors import AddressError, DataError, FormulaError, NotPossibleHeadless
from xlcicf.formula.address import MAX_COL, MAX_ROW, Area, cell_address, parse_cell
from xlcicf.formula.snapshot import ExcelError, Scalar
from xlcicf.formula.text import is_well_formed
from xlcicf.ooxml.cells import Cell, SheetCells
from xlcicf.ooxml.inventory import DefinedName, Inventory

MAX_TEXT = 32_767  # characters in a cell, and in a formula 8,192: Excel's limits
MAX_FORMULA = 8_192

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NAME = re.compile(r"[^\W\d][\w.\\?]*|\\[\w.\\?]*")
_R1C1 = re.compile(r"[Rr][0-9]*([Cc][0-9]*)?|[Cc][0-9]*")
_SHEET_NAME = re.compile(r"[^\[\]:*?/\\\x00-\x1f]{1,31}")


@dataclass(frozen=True)
class Formula:
    """A cell's formula with its leading "=", in the file's own (English) grammar."""

    text: str


Content = Scalar | Formula


@dataclass(frozen=True)
class WriteCells:
    """Values and formulas for cells of one sheet; None empties a cell and leaves its format."""

    sheet: str
    cells: Mapping[Cell, Content]


@dataclass(frozen=True)
class WriteArray:
    """One array formula that fills an area."""

    area: Area
    formula: Formula


@dataclass(frozen=True)
class SetFormat:
    """A property of cells' look, by its name in `formats.PROPERTIES`; the rest of their format stays."""

    sheet: str
    cells: tuple[Cell, ...]
    name: str
    value: object


@dataclass(frozen=True)
class AddSheet:
    """A worksheet behind the last one.

    widths   of columns, in characters, and `heights` of rows, in points, where they are not the usual
    """

    name: str
    widths: Mapping[int, float] = field(default_factory=dict)
    heights: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class AddName:
    """A defined name that the book does not have yet."""

    name: DefinedName


@dataclass(frozen=True)
class SetSolverName:
    """What a name solver_* that the file has refers to from now on. Such names are Solver's settings: no
    formula means them, and a problem has no other place."""

    name: DefinedName


@dataclass(frozen=True)
class AddTable:
    """An Excel table over an area whose first row holds its headers. `style` is None for no style."""

    area: Area
    name: str
    columns: tuple[str, ...]
    style: str | None


@dataclass(frozen=True)
class Box:
    """Where a thing lies on a sheet: offsets and size in EMU (914,400 to the inch).

    `anchor` is the cell whose corner it starts from; without one the offsets count from the sheet's corner.
    """

    left: int
    top: int
    width: int
    height: int
    anchor: Cell | None = None


@dataclass(frozen=True)
class AddPicture:
    """A picture on a sheet; `extension` is "png" or "jpeg"."""

    sheet: str
    name: str
    box: Box
    data: bytes
    extension: str


@dataclass(frozen=True)
class AddChart:
    """A chart on a sheet, of a type in `charts.TYPES`.

    source    the cells it shows, headers among them, or None while there are none
    by_rows   whether each row of them is a series, or each column; None: the longer side is a series
    x_values  cells with the categories or x of all series, where not those of the source
    dots      so many series, the first, are dots without a line, whatever the type
    """

    sheet: str
    name: str
    box: Box
    type: str
    source: Area | None = None
    by_rows: bool | None = None
    x_values: Area | None = None
    title: str | None = None
    dots: int = 0


Addition = AddSheet | AddName | AddTable | AddPicture | AddChart
Edit = WriteCells | WriteArray | SetFormat | SetSolverName | Addition


def written_cells(edit: Edit) -> dict[Cell, Content]:
    """The cells that an edit fills; of an array formula, the formula stands in the first."""
    if isinstance(edit, WriteCells):
        return dict(edit.cells)
    if isinstance(edit, WriteArray):
        cells: dict[Cell, Content] = dict.fromkeys(edit.area.cells())
        cells[edit.area.top, edit.area.left] = edit.formula
        return cells
    return {}


def sheet_of(edit: WriteCells | WriteArray) -> str:
    """The sheet whose cells an edit writes."""
    return edit.area.sheet if isinstance(edit, WriteArray) else edit.sheet


def touches_formulas(edit: Edit, sheet: SheetCells) -> bool:
    """Whether formulas come or go: then Excel's calculation chain no longer holds."""
    return any(
        isinstance(new, Formula) or cell in sheet.formulas for cell, new in written_cells(edit).items()
    )


def put(edit: Edit, sheet: SheetCells) -> None:
    """Carries a cell edit out on the sheet's formulas, values and arrays."""
    for cell, content in written_cells(edit).items():
        sheet.formulas.pop(cell, None)
        sheet.values.pop(cell, None)
        sheet.arrays.pop(cell, None)
        sheet.spilling.discard(cell)
        if isinstance(content, Formula):
            sheet.formulas[cell] = content.text
        elif content is not None:
            sheet.values[cell] = content
    sheet.data_tables = {
        area: asked
        for area, asked in sheet.data_tables.items()
        if (area.top, area.left) not in written_cells(edit)
    }
    if isinstance(edit, WriteArray):
        sheet.arrays[edit.area.top, edit.area.left] = edit.area


def require_writable(edit: Edit, sheet: SheetCells, inventory: Inventory) -> None:
    """Raises, naming the cell, where Excel would refuse the write too or could not read it back.

    DataError for a value no cell can hold, FormulaError for a formula Excel cannot have, AddressError for
    parts of arrays and merged cells and for protected cells, NotPossibleHeadless for headers of tables.
    """
    cells = written_cells(edit)
    for cell, content in cells.items():
        address = cell_address(sheet.name, *cell)
        if not (1 <= cell[0] <= MAX_ROW and 1 <= cell[1] <= MAX_COL):
            raise AddressError(f"row {cell[0]}, column {cell[1]} lies outside a sheet of Excel")
        _require_content(content, address)
    if sheet.protected:
        _require_unlocked(cells, sheet, inventory)
    _require_whole_arrays(edit, cells, sheet)
    _require_free_of_merges(cells, sheet)
    _require_headers_kept(cells, sheet, inventory)


def _require_content(content: Content, address: str) -> None:
    match content:
        case Formula(text):
            if len(text) > MAX_FORMULA or _CONTROL.search(text) or not is_well_formed(text):
                raise FormulaError(
                    f"{text[:80]!r} is no formula that Excel reads; {address} was left as it is", address
                )
        case ExcelError() | bool() | None:
            pass
        case str():
            if len(content) > MAX_TEXT:
                raise DataError(
                    f"the text for {address} has {len(content):,} characters, a cell holds {MAX_TEXT:,}"
                )
        case float():
            if not math.isfinite(content):
                raise DataError(f"{content} cannot stand in {address}: a cell holds finite numbers only")
        case _:
            raise AssertionError(f"{type(content)} is no content of a cell")


def _require_unlocked(cells: Mapping[Cell, Content], sheet: SheetCells, inventory: Inventory) -> None:
    for cell in cells:
        if inventory.styles.is_locked(sheet.style(*cell)):
            raise AddressError(
                f"{cell_address(sheet.name, *cell)} is locked on a protected sheet; unprotect it in Excel"
            )


def _require_whole_arrays(edit: Edit, cells: Mapping[Cell, Content], sheet: SheetCells) -> None:
    for area in [*sheet.arrays.values(), *sheet.data_tables]:
        inside = [*area.among(cells)]
        rows, cols = area.shape
        if inside and len(inside) < rows * cols:
            raise AddressError(
                f"{cell_address(sheet.name, *inside[0])} is a part of the array formula in {area.address}; "
                "write to that whole range or to other cells"
            )


def _require_free_of_merges(cells: Mapping[Cell, Content], sheet: SheetCells) -> None:
    for area in sheet.merged:
        for cell in area.among(cells):
            if cell != (area.top, area.left) and cells[cell] is not None:
                raise AddressError(
                    f"{cell_address(sheet.name, *cell)} is covered by the merged cell {area.address}; "
                    f"write to {cell_address(sheet.name, area.top, area.left)}"
                )


def _require_headers_kept(cells: Mapping[Cell, Content], sheet: SheetCells, inventory: Inventory) -> None:
    for table in inventory.tables:
        if table.area.sheet != sheet.name or not table.header_rows:
            continue
        headers = dict(enumerate(table.columns, start=table.area.left))
        for row, col in table.area.among(cells):
            if row == table.area.top and cells[row, col] != headers.get(col):
                raise NotPossibleHeadless(
                    f"{cell_address(sheet.name, row, col)} is a column header of table {table.name}; "
                    "rename it in Excel"
                )


def require_new_sheet(name: str, inventory: Inventory) -> None:
    """Raises AddressError where Excel would not take a sheet of that name."""
    if (
        not _SHEET_NAME.fullmatch(name)
        or name.startswith("'")
        or name.endswith("'")
        or name.casefold() == "history"
    ):
        raise AddressError(f"{name!r} cannot name a sheet; use up to 31 characters without [ ] : * ? / \\")
    if any(entry.name.casefold() == name.casefold() for entry in inventory.entries):
        raise AddressError(f"the book has a sheet {name!r} already; choose another name")


def require_name(name: str) -> None:
    """Raises AddressError for what can name neither a range nor a table."""
    if not _NAME.fullmatch(name) or len(name) > 255 or parse_cell(name) or _R1C1.fullmatch(name):
        raise AddressError(
            f"{name!r} cannot name a range (it is no name or a cell's address); choose another"
        )


def require_new_name(new: DefinedName, inventory: Inventory) -> None:
    """Raises AddressError where Excel would not take the name, NotPossibleHeadless where it exists."""
    require_name(new.name)
    if not is_well_formed("=" + new.refers_to):
        raise AddressError(f"{new.refers_to!r} is nothing that the name {new.name} can refer to")
    if new.scope is not None and all(entry.name != new.scope for entry in inventory.entries):
        raise AddressError(f"there is no sheet {new.scope!r} for the name {new.name}")
    for old in inventory.names:
        if (old.name.casefold(), old.scope) == (new.name.casefold(), new.scope):
            raise NotPossibleHeadless(
                f"the name {new.name} exists and refers to {old.refers_to}; change it in Excel"
            )

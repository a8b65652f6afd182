"""A book without Excel: a package, the edits made to it, and the results of its formulas."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xlcicf.errors import BookError, NotPossibleHeadless, XlcicfError
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.downstream import rectangles_of
from xlcicf.formula.snapshot import Contents, Fused, Scalar, Sheet, Snapshot, same
from xlcicf.formula.text import relative
from xlcicf.ooxml import drawings, formats, saved_results, sheets_and_names, tables
from xlcicf.ooxml.cells import Cell, SheetCells, read_sheet
from xlcicf.ooxml.charts import Cells, chart_xml
from xlcicf.ooxml.edits import (
    AddChart,
    Addition,
    AddName,
    AddPicture,
    AddSheet,
    AddTable,
    Edit,
    Formula,
    SetFormat,
    SetSolverName,
    WriteArray,
    WriteCells,
    put,
    require_new_name,
    require_new_sheet,
    require_writable,
    sheet_of,
    touches_formulas,
    written_cells,
)
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.new_parts import HEAD
from xlcicf.ooxml.package import Package, read_package, require_same_kind, save_package
from xlcicf.ooxml.second_opinion import IronCalc
from xlcicf.ooxml.splice import KEEP, Patch, splice

if TYPE_CHECKING:
    from xlcicf.formula.recalculation import Recalculation

MAX_FORMATTED = 100_000  # cells that one format may be given to


LACKING = ("#NAME?", "#REF!")  # what a formula shows that lacks a name, a table or a sheet

CellOfSheet = tuple[str, Cell]  # a sheet's name and (row, column)


class Document:
    """One open book. Package and edits are the only truth; all else here is worked out from them.

    package     as opened or last saved
    edits       those made since, in order
    inventory   sheets, names, tables and formats, those added since among them
    uncomputed  addresses of the cells that a formula fills and whose result is not known, those that hold one
                that was saved among them (see `Recalculation`)
    """

    def __init__(self, path: str | os.PathLike):
        self._begin(read_package(path))
        self.path = Path(os.path.realpath(path))
        if not self.inventory.sheets:
            raise BookError(f"{self.path.name} has no worksheet; add one in Excel")

    def _begin(self, package: Package, trusted: bool | None = None) -> None:
        self.package = package
        self.edits: list[Edit] = []
        self.inventory = self._opened = Inventory(package)
        self.uncomputed: list[str] = []
        self._trusted = trusted
        self._saved: dict[str, SheetCells] = {}
        self._now: dict[str, SheetCells] = {}  # the saved ones, until something in them is another
        self._lent: set[str] = set()  # sheets whose cells somebody else holds too
        self._fused: dict[str, Fused] = {}  # which snapshots share
        self._edited: set[CellOfSheet] = set()
        self._styles: dict[CellOfSheet, int] = {}  # new cell formats
        self._made: dict[tuple, tuple[bytes, dict[int, int]]] = {}  # new formats, for `_add_again`
        self._charts: dict[str, AddChart] = {}  # new charts by their parts
        self._formulas_changed = False
        self._recalculation: Recalculation | None = None
        self._not_calculated: list[Edit] = []
        self._other_formulas = False  # whether formulas are among the edits not calculated, or names
        self._results: dict[str, set[Cell]] = defaultdict(set)  # those that are not as saved

    # reading

    def sheet(self, name: str, area: Area | None = None) -> SheetCells:
        """A sheet as it is now, not to be changed; with `area`, only those of its cells are asked for."""
        if self._is_stale(name, area):
            self._calculate()
        return self._cells(name)

    def snapshot(self) -> Snapshot:
        """The book as it is now; later edits leave it as it is."""
        for name in self.inventory.sheets:
            self.sheet(name)
        return self._lend(self.inventory, self._now)

    def _lend(self, inventory: Inventory, sheets: Mapping[str, SheetCells]) -> Snapshot:
        found = inventory.outline()
        for name in found.sheets:
            of = sheets[name]
            found.sheets[name] = Sheet(
                name, of.formulas, of.values, of.arrays, of.data_tables, of.hidden, of.filtered, of.spilling
            )
        self._lent |= found.sheets.keys()
        found.fused = self._fused
        return found

    def as_saved(self) -> Snapshot:
        """The book as its file says, without the edits since."""
        for name in self._opened.sheets:
            self._as_saved(name)
        return self._lend(self._opened, self._saved)

    def in_ironcalc(self) -> IronCalc:
        """The same in IronCalc, to be asked within `with`. Raises NoOpinion."""
        return IronCalc(self._opened, {name: self._cells(name) for name in self._opened.sheets})

    def second_opinion(self) -> Snapshot:
        """The same as IronCalc computes it. Raises NoOpinion."""
        found = self.as_saved()
        with self.in_ironcalc() as process:
            values = process.results()
        for name, sheet in found.sheets.items():
            sheet.values = values.get(name, {})
        return found

    @property
    def recalculation(self) -> "Recalculation | None":
        """The one that has computed every formula, edits included; None where saved results are trusted."""
        if self.trusted:
            return None
        if self._recalculation is None or self._not_calculated:
            self._calculate()
        return self._recalculation

    @property
    def trusted(self) -> bool:
        """Whether the results that the file was saved with are true (see saved_results.py)."""
        if self._trusted is None:
            self._trusted = saved_results.computed_by_us(self.package, self.path) or (
                saved_results.computed_by_another(self._opened) and self._has_all_results()
            )
        return self._trusted

    def distrust(self) -> None:
        """Every formula is computed, whatever the file was saved with. There are no edits yet."""
        assert not self.edits
        self._trusted = False

    def _has_all_results(self) -> bool:
        """A program that computes leaves no formula without a result."""
        sheets = (self._as_saved(name) for name in self._opened.sheets)
        return all(sheet.formulas.keys() <= sheet.values.keys() for sheet in sheets)

    def formulas(self, name: str) -> SheetCells:
        """The same without a calculation: right in formulas, formats, merges and which cells are filled."""
        return self._cells(name)

    def style(self, name: str, cell: Cell) -> int:
        """The index of a cell's format."""
        return self._styles.get((name, cell), self._cells(name).style(*cell))

    def number_format(self, name: str, cell: Cell) -> str:
        return self.inventory.styles.number_format(self.style(name, cell))

    def is_date(self, name: str, cell: Cell) -> bool:
        """Whether a cell's number is shown as a date or a time."""
        return self.inventory.styles.is_date(self.style(name, cell))

    def _cells(self, name: str) -> SheetCells:
        if name not in self._now:
            self._now[name] = self._as_saved(name)
        return self._now[name]

    def _as_saved(self, name: str) -> SheetCells:
        if name not in self._saved:
            self._saved[name] = read_sheet(self.inventory, self.inventory.sheets[name])
        return self._saved[name]

    def _own(self, name: str) -> SheetCells:
        """A sheet as it is now, to be changed."""
        sheet = self._cells(name)
        if sheet is self._saved[name] or name in self._lent:
            sheet = self._now[name] = sheet.copy()
            self._lent.discard(name)
        return sheet

    def _is_stale(self, name: str, area: Area | None) -> bool:
        sheet = self._cells(name)
        if area is not None and not _has_formulas(sheet, area):
            return False
        if self._not_calculated or self._recalculation:
            return bool(self._not_calculated)
        return not (sheet.formulas.keys() <= sheet.values.keys() and self.trusted)

    # editing

    def apply(self, edit: Edit, instead_of: Addition | None = None) -> None:
        """Makes an edit; or makes it in place of an addition not yet saved. The only way to change the book.

        Raises, before anything has changed, what `require_writable`, `require_new_sheet`,
        `require_new_name` and `require_new_table` raise.
        """
        if instead_of is None:
            self._carry_out(edit)
            self.edits.append(edit)
        else:
            self._add_again([edit if other is instead_of else other for other in self.edits])
        if isinstance(edit, WriteCells | WriteArray | AddSheet | AddName | AddTable):
            self._not_calculated.append(edit)
            self._other_formulas |= isinstance(edit, Addition)

    def require_writable(self, area: Area) -> None:
        """Raises what writing numbers into the area would raise; nothing is changed."""
        edit = WriteCells(area.sheet, dict.fromkeys(area.cells(), 0.0))
        require_writable(edit, self._cells(area.sheet), self.inventory)

    def _carry_out(self, edit: Edit) -> None:
        match edit:
            case WriteCells() | WriteArray():
                self._write(edit)
            case SetFormat():
                self._format(edit)
            case AddSheet():
                require_new_sheet(edit.name, self.inventory)
                self.inventory = Inventory(sheets_and_names.add_sheet(self.inventory, edit))
            case AddName():
                require_new_name(edit.name, self.inventory)
                self.inventory = Inventory(sheets_and_names.add_name(self.inventory, edit))
            case SetSolverName():
                self.inventory = Inventory(sheets_and_names.set_solver_name(self.inventory, edit))
            case AddTable():
                tables.require_new_table(edit, self._cells(edit.area.sheet), self.inventory)
                self.inventory = Inventory(tables.add_table(self.inventory, edit))
            case AddPicture():
                self.inventory = Inventory(drawings.add_picture(self.inventory, edit))
            case AddChart():
                xml = chart_xml(edit, Cells(self._cells, self.number_format), self.inventory)
                package, part = drawings.add_chart(self.inventory, edit, xml)
                self.inventory = Inventory(package)
                self._charts[part] = edit

    def _write(self, edit: WriteCells | WriteArray) -> None:
        require_writable(edit, self._cells(sheet_of(edit)), self.inventory)
        sheet = self._own(sheet_of(edit))
        if touches_formulas(edit, sheet):
            self._formulas_changed = self._other_formulas = True
        put(edit, sheet)
        self._edited.update((sheet.name, cell) for cell in written_cells(edit))

    def _format(self, edit: SetFormat) -> None:
        if len(edit.cells) > MAX_FORMATTED:
            raise NotPossibleHeadless(
                f"{len(edit.cells):,} cells are too many to format here; format them in Excel"
            )
        old = {cell: self.style(edit.sheet, cell) for cell in edit.cells}
        made = self._formats_made(tuple(sorted(set(old.values()))), edit)
        self._styles |= {(edit.sheet, cell): made[style] for cell, style in old.items()}

    def _formats_made(self, styles: tuple[int, ...], edit: SetFormat) -> dict[int, int]:
        """Puts the formats that an edit makes of those `styles` behind those there are: old number -> new."""
        part, package = self.inventory.styles_part, self.inventory.package
        before = None if part is None else package[part]
        asked = before, styles, edit.name, edit.value
        if asked not in self._made:
            self._made[asked] = formats.add_formats(self.inventory, styles, edit.name, edit.value)
        after, made = self._made[asked]
        if part is not None and after != before:
            self.inventory = Inventory(package.replace({part: after}))
        return made

    def _add_again(self, edits: list[Edit]) -> None:
        """Makes all additions among these edits anew on the package as saved; all of them or none."""
        before = self.inventory, self._styles, self._charts
        self.inventory, self._styles, self._charts = Inventory(self.package), {}, {}
        try:
            for edit in edits:
                if not isinstance(edit, WriteCells | WriteArray):
                    self._carry_out(edit)
        except XlcicfError:
            self.inventory, self._styles, self._charts = before
            raise
        self.edits = edits

    # calculating

    def _calculate(self) -> None:
        """Computes what is not known yet and what the edits reach, and takes over what has changed."""
        for name in self.inventory.sheets:
            self._cells(name)
        self._recalculation = self._after_edits()
        self._not_calculated, self._other_formulas = [], False
        self._take_over(self._recalculation.renewed())

    def _after_edits(self) -> "Recalculation":
        from xlcicf.formula.recalculation import Recalculation  # and torch with it

        found, edits = self._recalculation, self._not_calculated
        if self._other_formulas:
            book, edited = self._lend(self.inventory, self._now), [*_areas(edits), *self._awaiting(edits)]
            return found.after(book, edited) if found else Recalculation(book, self.trusted, edited)
        if found is None:
            found = Recalculation(self._lend(self._opened, self._saved), self.trusted)
        found.write(_constants(edits))
        return found

    def _awaiting(self, edits: list[Edit]) -> Iterator[Area]:
        """The cells whose formulas lack a name, a table or a sheet, where such a one was added."""
        if any(isinstance(edit, Addition) for edit in edits):
            for name, sheet in self._now.items():
                lacking = [cell for cell in sheet.formulas if sheet.values.get(cell) in LACKING]
                yield from rectangles_of(name, lacking)

    def _take_over(self, changes: Contents) -> None:
        """Puts results into the cells, and notes which are not as saved."""
        for name, results in changes.items():
            saved, values, others = self._as_saved(name).values, self._own(name).values, self._results[name]
            for cell, value in results.items():
                if value is None:
                    values.pop(cell, None)
                else:
                    values[cell] = value
                if same(value, saved.get(cell)):
                    others.discard(cell)
                else:
                    others.add(cell)
        assert self._recalculation
        self.uncomputed = [cell_address(*place) for place in self._recalculation.uncomputed]

    @property
    def vouches(self) -> bool:
        """Whether every result that the book holds is known to be true."""
        if self._recalculation is None:
            return self.trusted
        return not self._recalculation.unverified

    # saving

    def save(self, path: str | os.PathLike | None = None) -> None:
        """Writes package and edits as one file, formulas' results renewed; the book goes on from that file.

        Raises BookError where the file cannot be written and NotPossibleHeadless for another kind of file.
        """
        target = self.path if path is None else Path(os.path.realpath(path))
        require_same_kind(self.path, target)
        if self._not_calculated or (self.edits and not self.trusted):
            self._calculate()
        package, uncomputed = self._written(), self.uncomputed
        if target == self.path and target.exists() and dict(read_package(target)) != dict(self.package):
            raise BookError(
                f"{target.name} was changed by another program since it was opened; nothing was overwritten,"
                " so open it again or save under another name"
            )
        save_package(package, target, source=self.path)
        self.path = target
        self._begin(package, self.vouches)
        self.uncomputed = uncomputed

    def _written(self) -> Package:
        """The package with all edits in it."""
        package = self.inventory.package
        if not self.edits:
            return package
        parts = dict(self._charts_as_shown())
        for name, entry in self.inventory.sheets.items():
            if patches := dict(self._patches(name)):
                parts[entry.part] = splice(package[entry.part], entry.part, patches)
        package = sheets_and_names.with_full_calculation(
            package.replace(parts), self.inventory.workbook_part, self._formulas_changed
        )
        return saved_results.stamped(package, self.vouches) if saved_results.is_stamped(package) else package

    def _charts_as_shown(self) -> Iterator[tuple[str, bytes]]:
        """The new charts' parts, with the values that the cells have come to hold since they were added."""
        for part, edit in self._charts.items():
            xml = chart_xml(edit, Cells(self.sheet, self.number_format), self.inventory)
            yield part, (HEAD + xml).encode()

    def _patches(self, name: str) -> Iterator[tuple[Cell, Patch]]:
        """What each cell of a sheet becomes that is not as saved."""
        sheet = self._cells(name)
        edited = {cell for place, cell in self._edited if place == name}
        edited |= self._unshared(name, edited)
        styled = {cell for place, cell in self._styles if place == name}
        for cell in edited | self._results[name] | styled:
            if cell in edited:
                patch = _written_cell(sheet, cell)
            elif cell in self._results[name]:
                patch = Patch(sheet.values.get(cell), KEEP)
            else:
                patch = Patch(KEEP, KEEP)
            yield cell, replace(patch, style=self._new_style(name, cell))

    def _unshared(self, name: str, edited: set[Cell]) -> set[Cell]:
        """The cells of shared formulas that lose the cell which spells their formula."""
        groups = self._saved[name].shared.values()
        return {cell for first, *others in groups if first in edited for cell in others}

    def _new_style(self, name: str, cell: Cell) -> int | None:
        """The format to write: a new one, or its row's or column's for a cell that the file lacks."""
        if (name, cell) in self._styles:
            return self._styles[name, cell]
        saved = self._saved[name]
        if cell in saved.styles or cell in saved.values or cell in saved.formulas:
            return None
        return saved.style(*cell) or None


def _written_cell(sheet: SheetCells, cell: Cell) -> Patch:
    formula, area = sheet.formulas.get(cell), sheet.arrays.get(cell)
    return Patch(sheet.values.get(cell), formula and formula.removeprefix("="), area and relative(area))


def _has_formulas(sheet: SheetCells, area: Area) -> bool:
    """Whether a formula, or a what-if table, fills a cell of the area."""
    filled = (*sheet.arrays.values(), *sheet.data_tables)
    return any(area.among(sheet.formulas)) or any(other.intersect(area) for other in filled)


def _areas(edits: list[Edit]) -> Iterator[Area]:
    """The cells that edits write."""
    for edit in edits:
        if isinstance(edit, WriteCells | WriteArray):
            yield from rectangles_of(sheet_of(edit), written_cells(edit))


def _constants(edits: list[Edit]) -> Contents:
    """What edits write that write no formulas."""
    found: dict[str, dict[Cell, Scalar]] = defaultdict(dict)
    for edit in edits:
        if isinstance(edit, WriteCells):
            found[edit.sheet] |= {c: v for c, v in edit.cells.items() if not isinstance(v, Formula)}
    return found

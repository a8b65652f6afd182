"""A book without Excel: a package, the edits made to it, and IronCalc for what they change."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from xlcicf.errors import BookError, NotPossibleHeadless, XlcicfError
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.snapshot import Scalar
from xlcicf.formula.text import relative
from xlcicf.ooxml import drawings, formats, sheets_and_names, tables
from xlcicf.ooxml.calculator import Calculator, CellOfSheet, not_computed
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
from xlcicf.ooxml.package import Package, read_package, save_package
from xlcicf.ooxml.splice import KEEP, Patch, splice

MAX_FORMATTED = 100_000  # cells that one format may be given to


class Document:
    """One open book. Package and edits are the only truth; all else here is worked out from them.

    package     as opened or last saved
    edits       those made since, in order
    inventory   sheets, names, tables and formats, those added since among them
    uncomputed  addresses of the formulas that the edits reach and IronCalc cannot compute: they stand
                without a value until Excel computes them
    """

    def __init__(self, path: str | os.PathLike):
        self._begin(read_package(path))
        self.path = Path(os.path.realpath(path))
        if not self.inventory.sheets:
            raise BookError(f"{self.path.name} has no worksheet; add one in Excel")

    def _begin(self, package: Package) -> None:
        self.package = package
        self.edits: list[Edit] = []
        self.inventory = Inventory(package)
        self.uncomputed: list[str] = []
        self._saved: dict[str, SheetCells] = {}
        self._now: dict[str, SheetCells] = {}
        self._edited: set[CellOfSheet] = set()
        self._styles: dict[CellOfSheet, int] = {}  # new cell formats
        self._charts: dict[str, AddChart] = {}  # new charts by their parts
        self._results: dict[CellOfSheet, Scalar] = {}  # of formulas, where not as saved
        self._calculator: Calculator | None = None
        self._never_saved: dict[
            CellOfSheet, Scalar
        ] = {}  # first results of formulas that the file has none for
        self._not_calculated: list[Edit] = []
        self._complete: set[str] = set()  # the sheets whose formulas all have a value, if they can have one
        self._formulas_changed = False

    # reading

    def sheet(self, name: str) -> SheetCells:
        """A sheet as it is now, not to be changed: the saved values, and IronCalc's where edits reach."""
        if self._not_calculated or not self._is_complete(name):
            self._calculate()
        return self._cells(name)

    def recomputed(self) -> dict[CellOfSheet, Scalar]:
        """Each cell that a formula fills as IronCalc computes it now, whatever the file says."""
        self._calculate()
        assert self._calculator
        return dict(self._calculator.results())

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
            self._saved[name] = read_sheet(self.inventory, self.inventory.sheets[name])
            self._now[name] = self._saved[name].copy()
        return self._now[name]

    def _is_complete(self, name: str) -> bool:
        sheet = self._cells(name)
        if name not in self._complete and all(cell in sheet.values for cell in sheet.formulas):
            self._complete.add(name)
        return name in self._complete

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
        sheet = self._cells(sheet_of(edit))
        require_writable(edit, sheet, self.inventory)
        self._formulas_changed |= touches_formulas(edit, sheet)
        put(edit, sheet)
        self._edited.update((sheet.name, cell) for cell in written_cells(edit))

    def _format(self, edit: SetFormat) -> None:
        if len(edit.cells) > MAX_FORMATTED:
            raise NotPossibleHeadless(
                f"{len(edit.cells):,} cells are too many to format here; format them in Excel"
            )
        old = {cell: self.style(edit.sheet, cell) for cell in edit.cells}
        package, made = formats.add_formats(self.inventory, sorted(set(old.values())), edit.name, edit.value)
        self.inventory = Inventory(package)
        self._styles |= {(edit.sheet, cell): made[style] for cell, style in old.items()}

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
        """Lets IronCalc see the edits that it has not seen, and takes over what they change."""
        if self._calculator is None:
            self._calculator = Calculator(*self._as_saved())
            baseline = self._calculator.baseline.items()
            self._never_saved = {p: v for p, v in baseline if self._saved_value(p) is None}
        if self._formulas_changed or any(isinstance(e, Addition) for e in self._not_calculated):
            self._calculator.load(Inventory(self._written(with_results=False)), self._unedited())
        else:
            for edit in self._not_calculated:
                if isinstance(edit, WriteCells):  # of values alone: a formula would have changed formulas
                    for cell, value in edit.cells.items():
                        assert not isinstance(value, Formula)
                        self._calculator.write((edit.sheet, cell), value)
        self._take_over(self._calculator.renewed(self._edited))
        self._not_calculated = []
        self._complete.update(self.inventory.sheets)

    def _as_saved(self) -> tuple[Inventory, dict[str, SheetCells]]:
        inventory = Inventory(self.package)
        for name in inventory.sheets:
            self._cells(name)
        return inventory, {name: self._saved[name] for name in inventory.sheets}

    def _unedited(self) -> dict[str, SheetCells]:
        """The formulas as they are now, beside the values that were saved with them."""
        sheets = {}
        for name in self.inventory.sheets:
            now = self._cells(name)
            sheets[name] = replace(now, values=dict(self._saved[name].values))
        for name, cell in self._edited:
            sheets[name].values.pop(cell, None)
        return sheets

    def _take_over(self, renewed: dict[CellOfSheet, Scalar]) -> None:
        """Puts results into the cells, and the saved value back where a result is as it was again."""
        before = {place: self._saved_value(place) for place in self._results} | self._never_saved
        results = {place: v for place, v in before.items() if place not in self._edited} | renewed
        for (name, cell), value in results.items():
            values = self._cells(name).values
            if value is None or not_computed(value):
                values.pop(cell, None)
            else:
                values[cell] = value
        self._results = {place: v for place, v in results.items() if v != self._saved_value(place)}
        self.uncomputed = [cell_address(n, *cell) for (n, cell), v in results.items() if not_computed(v)]

    def _saved_value(self, place: CellOfSheet) -> Scalar:
        name, cell = place
        self._cells(name)
        return self._saved[name].values.get(cell)

    # saving

    def save(self, path: str | os.PathLike | None = None) -> None:
        """Writes package and edits as one file, formulas' results renewed; the book goes on from that file.

        Raises BookError where the file cannot be written and NotPossibleHeadless for another kind of file.
        """
        target = self.path if path is None else Path(os.path.realpath(path))
        if target.suffix.lower() != self.path.suffix.lower():
            raise NotPossibleHeadless(
                f"a {self.path.suffix} book can be saved as {self.path.suffix} only; rename {target.name}"
            )
        if self._edited:
            self._calculate()
        package, uncomputed = self._written(), self.uncomputed
        if target == self.path and target.exists() and dict(read_package(target)) != dict(self.package):
            raise BookError(
                f"{target.name} was changed by another program since it was opened; nothing was overwritten,"
                " so open it again or save under another name"
            )
        save_package(package, target, source=self.path)
        self.path = target
        self._begin(package)
        self.uncomputed = uncomputed

    def _written(self, with_results: bool = True) -> Package:
        """The package with all edits in it."""
        package = self.inventory.package
        if not self.edits:
            return package
        parts = dict(self._charts_as_shown()) if with_results else {}
        for name, entry in self.inventory.sheets.items():
            if patches := dict(self._patches(name, with_results)):
                parts[entry.part] = splice(package[entry.part], entry.part, patches)
        package = package.replace(parts)
        return sheets_and_names.with_full_calculation(
            package, self.inventory.workbook_part, self._formulas_changed
        )

    def _charts_as_shown(self) -> Iterator[tuple[str, bytes]]:
        """The new charts' parts, with the values that the cells have come to hold since they were added."""
        for part, edit in self._charts.items():
            xml = chart_xml(edit, Cells(self.sheet, self.number_format), self.inventory)
            yield part, (HEAD + xml).encode()

    def _patches(self, name: str, with_results: bool) -> Iterator[tuple[Cell, Patch]]:
        """What each cell of a sheet becomes that is not as saved."""
        sheet = self._cells(name)
        edited = {cell for place, cell in self._edited if place == name}
        edited |= self._unshared(name, edited)
        results = {cell for place, cell in self._results if place == name} if with_results else set()
        styled = {cell for place, cell in self._styles if place == name}
        for cell in edited | results | styled:
            if cell in edited:
                patch = _written_cell(sheet, cell, with_results)
            elif cell in results:
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


def _written_cell(sheet: SheetCells, cell: Cell, with_results: bool) -> Patch:
    """An edited cell; without results, cells that a formula fills stand empty."""
    formula, area = sheet.formulas.get(cell), sheet.arrays.get(cell)
    filled = formula is not None or any(array.contains(*cell) for array in sheet.arrays.values())
    value = None if filled and not with_results else sheet.values.get(cell)
    reference = area and relative(area)
    return Patch(value, formula and formula.removeprefix("="), reference)

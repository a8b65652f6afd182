"""IronCalc, which computes a book's formulas where there is no Excel. The only file that knows it."""

import os
import posixpath
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping

import ironcalc
from openpyxl.formula.tokenizer import Token

from xlcicf.errors import BookError
from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import ExcelError, Scalar
from xlcicf.formula.text import area_of, split_sheet, tokens
from xlcicf.ooxml.cells import Cell, SheetCells
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.package import Package
from xlcicf.ooxml.splice import KEEP, Patch, splice
from xlcicf.ooxml.xml import (
    OFFICE_RELATIONS,
    PACKAGE_RELATIONS,
    escape,
    relations,
    relations_part,
    transitional,
)

CellOfSheet = tuple[str, Cell]  # a sheet's name and (row, column)

# What IronCalc answers where it cannot compute: what Excel would show there is not known.
NOT_COMPUTED = frozenset({"#ERROR!", "#N/IMPL!", "#CIRC!", "#NAME?"})

_VOLATILE = re.compile(r"\b(?:RAND|RANDBETWEEN|RANDARRAY|NOW|TODAY)\(", re.IGNORECASE)
_INDIRECT = re.compile(r"\b(?:INDIRECT|OFFSET)\(", re.IGNORECASE)
_NO_VALUE = re.compile(rb"</f><v(?:></v>| ?/>)")  # as openpyxl and others write each formula
_BROKEN = "=("  # a formula that IronCalc answers with #ERROR!, which its dependents then show too


class Calculator:
    """A book in IronCalc. Values flow in by `write`, results out by `renewed`.

    Cells that IronCalc cannot compute and volatile ones (RAND, NOW) stand at the values saved in the file
    while nothing that they refer to has changed; after that they count as not computed. Volatile ones that
    the file has no value for stand at the first that IronCalc draws, so that two readings agree.
    Raises BookError where IronCalc cannot load the book.
    """

    def __init__(self, inventory: Inventory, sheets: Mapping[str, SheetCells]):
        self.baseline = self.load(inventory, sheets)

    def load(self, inventory: Inventory, sheets: Mapping[str, SheetCells]) -> dict[CellOfSheet, Scalar]:
        """Takes the book anew, and gives its results; the baseline stays."""
        self.inventory, self.sheets = inventory, sheets
        self.model = _load(_readable(inventory, sheets))
        properties = _guarded(self.model.get_worksheets_properties)
        self.indices = {p.get("name", ""): i for i, p in enumerate(properties)}
        if not sheets.keys() <= self.indices.keys():
            raise BookError("IronCalc reads other sheets in this book than it has; open and save it in Excel")
        self.frozen: dict[CellOfSheet, list[Area] | None] = {}
        self._correct_texts()
        _guarded(self.model.evaluate)
        self._freeze_volatile()
        return self._freeze_not_computed()

    def write(self, place: CellOfSheet, value: Scalar) -> None:
        """Puts a value into a cell; `renewed` recalculates."""
        self.frozen.pop(place, None)
        sheet, (row, col) = place
        at = self.indices[sheet], row, col
        match value:
            case None:
                _guarded(self.model.clear_cell_contents, *at)
            case bool():
                _guarded(self.model.update_cell_with_bool, *at, value)
            case ExcelError():
                _guarded(self.model.set_user_input, *at, str(value))
            case str():
                _guarded(self.model.update_cell_with_text, *at, value.encode("utf-8", "replace").decode())
            case _:
                _guarded(self.model.update_cell_with_number, *at, float(value))

    def value(self, place: CellOfSheet) -> Scalar:
        """What a cell shows."""
        sheet, (row, col) = place
        at = self.indices[sheet], row, col
        value = _guarded(self.model.get_cell_value, *at)
        if isinstance(value, str) and value.startswith("#"):
            if self.model.get_cell_type(*at) == ironcalc.CellType.ErrorValue:
                return ExcelError(value)
        return value

    def results(self) -> Iterator[tuple[CellOfSheet, Scalar]]:
        """Each cell that a formula fills, with what it shows."""
        for name, sheet in self.sheets.items():
            for cell in formula_cells(sheet):
                yield (name, cell), self.value((name, cell))

    def recalculate(self) -> None:
        """Computes all formulas from what was written, to be read by `value`."""
        _guarded(self.model.evaluate)

    def renewed(self, edited: set[CellOfSheet]) -> dict[CellOfSheet, Scalar]:
        """The results that are no longer the baseline's, and those of formulas in the `edited` cells."""
        while True:
            _guarded(self.model.evaluate)
            changed = {p: v for p, v in self.results() if p in edited or self.baseline.get(p) != v}
            stale = self._stale(edited | changed.keys())
            if not stale:
                return changed
            for place in stale:
                self._break(place)

    def _correct_texts(self) -> None:
        """IronCalc takes a text's escapes (_x001F_ for a control character) for letters."""
        for name, sheet in self.sheets.items():
            filled = set(formula_cells(sheet))
            for cell, text in sheet.values.items():
                if isinstance(text, str) and cell not in filled and self.value((name, cell)) != text:
                    self.write((name, cell), text)

    def _freeze_volatile(self) -> None:
        frozen = False
        for name, sheet in self.sheets.items():
            volatile = [cell for cell, formula in sheet.formulas.items() if _VOLATILE.search(formula)]
            for cell in [*volatile, *(cell for area in sheet.data_tables for cell in area.cells())]:
                saved = self._saved((name, cell))
                value = self.value((name, cell)) if saved is None else saved
                frozen = self._freeze((name, cell), value) or frozen
        if frozen:
            _guarded(self.model.evaluate)

    def _freeze_not_computed(self) -> dict[CellOfSheet, Scalar]:
        """Freezes, in rounds, those not computed cells that refer to no other such cell; the results then."""
        while True:
            results = dict(self.results())
            failed = {p for p, value in results.items() if not_computed(value) and self._saved(p) != value}
            by_sheet = _by_sheet(failed)
            roots = [p for p in failed if not _meet(self._references(p), by_sheet, but=p)] or failed
            if not any([self._freeze(place, self._saved(place)) for place in roots]):
                return results
            _guarded(self.model.evaluate)

    def _freeze(self, place: CellOfSheet, value: Scalar) -> bool:
        if value is None or not_computed(value) or place in self.frozen:
            return False
        references = self._references(place)
        self.write(place, value)
        self.frozen[place] = references
        return True

    def _saved(self, place: CellOfSheet) -> Scalar:
        return self.sheets[place[0]].values.get(place[1])

    def _break(self, place: CellOfSheet) -> None:
        del self.frozen[place]
        sheet, (row, col) = place
        _guarded(self.model.update_cell_with_formula, self.indices[sheet], row, col, _BROKEN)

    def _stale(self, changed: set[CellOfSheet]) -> list[CellOfSheet]:
        """The frozen cells that refer to a changed one."""
        by_sheet = _by_sheet(changed)
        return [place for place, areas in self.frozen.items() if changed and _meet(areas, by_sheet)]

    def _references(self, place: CellOfSheet) -> list[Area] | None:
        name, cell = place
        sheet = self.sheets[name]
        if any(area.contains(*cell) for area in sheet.data_tables):
            return None
        anchor = next((a for a, area in sheet.arrays.items() if area.contains(*cell)), cell)
        return references(sheet.formulas.get(anchor, ""), name, self.inventory)


def not_computed(value: Scalar) -> bool:
    return isinstance(value, ExcelError) and value in NOT_COMPUTED


def formula_cells(sheet: SheetCells) -> Iterator[Cell]:
    """The cells that a formula fills: its own, and each of an array's or a data table's area."""
    yield from sheet.formulas
    for area in [*sheet.arrays.values(), *sheet.data_tables]:
        yield from (cell for cell in area.cells() if cell not in sheet.formulas)


def references(formula: str, sheet: str, inventory: Inventory, depth: int = 0) -> list[Area] | None:
    """The areas that a formula names, defined names and tables resolved; None where it may mean any cell."""
    if _INDIRECT.search(formula) or depth > 20:
        return None
    try:
        parts = tokens(formula)
    except ValueError:
        return None
    found: list[Area] = []
    for text in (part.value for part in parts if part.type == Token.OPERAND and part.subtype == Token.RANGE):
        areas = _operand(text, sheet, inventory, depth)
        if areas is None:
            return None
        found += areas
    return found


def _operand(text: str, sheet: str, inventory: Inventory, depth: int) -> list[Area] | None:
    named, reference = split_sheet(text)
    if (named or "").startswith("[") or reference.startswith("#"):  # another book's cell, or #REF!
        return []
    area = area_of(named or sheet, reference)
    if area is not None:
        return [area]
    table = next(
        (t for t in inventory.tables if t.name.casefold() == reference.partition("[")[0].casefold()), None
    )
    if table is not None:
        return [table.area]
    for scope in (named or sheet, None):
        for name in inventory.names:
            if name.name.casefold() == reference.casefold() and name.scope == scope:
                return references("=" + name.refers_to, sheet, inventory, depth + 1)
    return None


def _by_sheet(places: Iterable[CellOfSheet]) -> dict[str, set[Cell]]:
    by_sheet: dict[str, set[Cell]] = {}
    for sheet, cell in places:
        by_sheet.setdefault(sheet, set()).add(cell)
    return by_sheet


def _meet(
    areas: list[Area] | None, by_sheet: Mapping[str, set[Cell]], but: CellOfSheet | None = None
) -> bool:
    """Whether one of the areas holds one of the cells, `but` that one."""
    if areas is None:
        return True
    for area in areas:
        if any((area.sheet, cell) != but for cell in area.among(by_sheet.get(area.sheet, ()))):
            return True
    return False


def _readable(inventory: Inventory, sheets: Mapping[str, SheetCells]) -> Package:
    """The package with that put otherwise which IronCalc cannot read: formulas without a saved value (it
    prints a complaint on standard output), empty cells called numbers (it takes them for 0), dates written
    out, data tables, parts that it looks for in the wrong place, such as comments, and the namespaces of
    strict files."""
    package, parts = inventory.package, {}
    for name, sheet in sheets.items():
        part = inventory.sheets[name].part
        patches = {cell: Patch(None) for cell in sheet.typed_blanks}
        data, no_value = package[part], [cell for cell in sheet.formulas if cell not in sheet.values]
        if no_value:
            given, count = _NO_VALUE.subn(b"</f><v>0</v>", data)
            if count == len(no_value) == len(sheet.formulas):  # each has got one, as in a book just generated
                data = given
            else:
                patches |= {cell: Patch(0.0, KEEP) for cell in no_value}
        patches |= {cell: Patch(sheet.values[cell]) for cell in sheet.iso_dates if cell in sheet.values}
        tables = [(area.top, area.left) for area in sheet.data_tables]
        patches |= {cell: Patch(sheet.values.get(cell)) for cell in tables}
        parts[part] = splice(data, part, patches) if patches else data
        parts[relations_part(part)] = _tables_and_links(package, part)
    package = package.replace(parts)
    if inventory.is_strict:
        package = Package({name: transitional(data) for name, data in package.items()})
    return package


def _tables_and_links(package: Package, part: str) -> bytes:
    """A sheet's relations, those only that mean something to IronCalc."""
    lines = []
    for relation in relations(package, part).values():
        if relation.kind in ("table", "hyperlink"):
            mode = ' TargetMode="External"' if relation.external else ""
            target = (
                relation.target
                if relation.external
                else posixpath.relpath(relation.target, posixpath.dirname(part))
            )
            lines.append(
                f'<Relationship Id="{escape(relation.id)}" Type="{OFFICE_RELATIONS}/{relation.kind}" '
                f'Target="{escape(target)}"{mode}/>'
            )
    return f'<Relationships xmlns="{PACKAGE_RELATIONS}">{"".join(lines)}</Relationships>'.encode()


def _load(package: Package) -> ironcalc.Model:
    """The package as IronCalc reads it, which takes a file only."""
    try:
        descriptor, path = tempfile.mkstemp(suffix=".xlsx")
    except OSError as error:
        raise _no_room(error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(package.to_bytes())
        return _guarded(ironcalc.load_from_xlsx, path, "en", "UTC", "en")
    except OSError as error:
        raise _no_room(error) from error
    finally:
        os.unlink(path)


def _no_room(error: OSError) -> BookError:
    return BookError(
        f"no temporary file can be written ({error.strerror});"
        " make room on the disk, or name another folder in TMPDIR"
    )


def _guarded(call, *arguments):
    """The call's answer; IronCalc's errors and Rust panics become a BookError."""
    try:
        return call(*arguments)
    except BaseException as error:
        if isinstance(error, ironcalc.WorkbookError) or type(error).__name__ == "PanicException":
            raise BookError(
                f"IronCalc cannot compute this book ({error}); open and save it in Excel"
            ) from error
        raise

"""xlwings' names and tables without Excel: read from the book, and added to it."""

import itertools
from dataclasses import replace

from xlwings import base_classes

from xlcicf.errors import AddressError, NotPossibleHeadless
from xlcicf.formula.address import quote_sheet
from xlcicf.host.found_by_name import ByNameOrNumber, NamesOfBookOrSheet
from xlcicf.host.headless.ranges import Range
from xlcicf.host.refusal import refusing
from xlcicf.host.table import Table
from xlcicf.ooxml.edits import AddName, AddTable, SetSolverName
from xlcicf.ooxml.inventory import DefinedName
from xlcicf.ooxml.tables import headers


@refusing
class Names(NamesOfBookOrSheet):
    """Those that stand in the file, and those added to it."""

    def listed(self) -> list["Name"]:
        names = self.book.document.inventory.names
        return [Name(self.book, n) for n in names if self.sheet is None or n.scope == self.sheet.name]

    def add(self, name: str, refers_to: str) -> "Name":
        scope, bare = self.scope_and_bare(name)
        new = DefinedName(bare, scope, refers_to.removeprefix("="))
        self.book.document.apply(AddName(new))
        return Name(self.book, new)


@refusing
class Name(base_classes.Name):
    """A defined name. What was added since the book was saved may still be changed."""

    def __init__(self, book, entry: DefinedName):
        self.book, self.entry = book, entry

    @property
    def api(self) -> "Name":
        """Itself: `name.api.Visible = False` hides a name here as it does in Excel on Windows."""
        return self

    @property
    def Visible(self) -> bool:
        return not self.entry.hidden

    @Visible.setter
    def Visible(self, visible: bool) -> None:
        self._change(hidden=not visible)

    @property
    def name(self) -> str:
        scope = self.entry.scope
        return self.entry.name if scope is None else f"{quote_sheet(scope)}!{self.entry.name}"

    @property
    def refers_to(self) -> str:
        return "=" + self.entry.refers_to

    @refers_to.setter
    def refers_to(self, text: str) -> None:
        self._change(refers_to=text.removeprefix("="))

    @property
    def refers_to_range(self) -> Range:
        return self.book.range_of(self.entry.refers_to)

    def _change(self, **changes) -> None:
        document, entry = self.book.document, replace(self.entry, **changes)
        edit = next((e for e in document.edits if e == AddName(self.entry)), None)
        if edit is not None:
            document.apply(AddName(entry), instead_of=edit)
        elif self.entry.name.startswith("solver_") and changes.keys() == {"refers_to"}:
            document.apply(SetSolverName(entry))
        else:
            raise NotPossibleHeadless(f"the name {self.name} stands in the file; change it in Excel")
        self.entry = entry


@refusing
class Tables(ByNameOrNumber, base_classes.Tables):
    """The tables of a sheet."""

    def __init__(self, sheet):
        self.parent = sheet

    def listed(self) -> list["Table"]:
        tables = self.parent.book.document.inventory.tables
        return [Table(self.parent, table) for table in tables if table.area.sheet == self.parent.name]

    def add(
        self,
        source_type=None,
        source=None,
        link_source=None,
        has_headers=True,
        destination=None,
        table_style_name=None,
        name=None,
    ) -> "Table":
        """A table over `source`, whose first row holds a text for each column. No cell changes.

        Raises DataError and AddressError, naming the cell, where the headers or the place will not do.
        """
        if not has_headers:
            raise NotPossibleHeadless(
                "without Excel no row can be put above the cells for headers; write them into the first row"
            )
        if source is None or source_type or link_source or destination:
            raise NotPossibleHeadless("a table of outside data needs a running Excel; name a range as source")
        area, document = source.impl.area, self.parent.book.document
        if area.sheet != self.parent.name:
            raise AddressError(f"{area.address} is on another sheet; add its table there")
        columns = headers(area, document.formulas(area.sheet))
        document.apply(AddTable(area, name or self._free_name(), columns, table_style_name or None))
        return next(table for table in self.listed() if table.entry.area == area)

    def _free_name(self) -> str:
        inventory = self.parent.book.document.inventory
        taken = {item.name.casefold() for item in [*inventory.tables, *inventory.names]}
        return next(f"Table{n}" for n in itertools.count(1) if f"table{n}" not in taken)

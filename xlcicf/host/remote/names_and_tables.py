"""xlwings' names and tables on a program with an agent inside it."""

from functools import cached_property

from xlwings import base_classes

from xlcicf.formula.address import quote_sheet
from xlcicf.host.found_by_name import ByNameOrNumber, NamesOfBookOrSheet
from xlcicf.host.refusal import refusing
from xlcicf.host.table import Table


@refusing
class Names(NamesOfBookOrSheet):
    """Read once, when first asked for."""

    @cached_property
    def _listed(self) -> list["Name"]:
        found = (Name(self.book, *name[:3]) for name in self.book.told_outline()["names"])
        return [name for name in found if self.sheet is None or name.scope == self.sheet.name]

    def listed(self) -> list["Name"]:
        return self._listed

    def add(self, name: str, refers_to: str) -> "Name":
        scope, bare = self.scope_and_bare(name)
        new = Name(self.book, bare, scope, refers_to.removeprefix("="))
        new.define()
        return new


@refusing
class Name(base_classes.Name):
    """A defined name."""

    def __init__(self, book, bare: str, scope: str | None, text: str):
        self.book, self.bare, self.scope, self.text = book, bare, scope, text

    @property
    def api(self) -> "Name":
        return self

    def define(self, hidden: bool = False) -> None:
        self.book.ask("define", self.scope, self.bare, self.text, hidden)

    def hide(self) -> None:
        """Takes it out of the lists that a person sees."""
        self.define(hidden=True)

    @property
    def name(self) -> str:
        return self.bare if self.scope is None else f"{quote_sheet(self.scope)}!{self.bare}"

    @property
    def refers_to(self) -> str:
        return "=" + self.text

    @refers_to.setter
    def refers_to(self, text: str) -> None:
        self.text = text.removeprefix("=")
        self.define()

    @property
    def refers_to_range(self):
        return self.book.range_of(self.text)


@refusing
class Tables(ByNameOrNumber, base_classes.Tables):
    """The tables of a sheet."""

    def __init__(self, sheet):
        self.parent = sheet

    def listed(self) -> list[Table]:
        tables = self.parent.book.outline().tables.values()
        return [Table(self.parent, table) for table in tables if table.area.sheet == self.parent.name]

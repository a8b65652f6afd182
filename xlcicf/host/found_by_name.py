"""xlwings' collections on every engine of ours."""

from collections.abc import Iterator

from xlwings import base_classes

from xlcicf.formula.address import quote_sheet
from xlcicf.formula.text import split_sheet


class ByNameOrNumber:
    """Things found by their name, letters' case ignored, or by their number from 1."""

    def listed(self) -> list:
        raise NotImplementedError

    def find(self, key: int | str):
        items = self.listed()
        if isinstance(key, str):
            return next((item for item in items if item.name.casefold() == key.casefold()), None)
        return items[key - 1] if 1 <= key <= len(items) else None

    def __call__(self, key: int | str):
        found = self.find(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: int | str) -> bool:
        return self.find(key) is not None

    def __len__(self) -> int:
        return len(self.listed())

    def __iter__(self) -> Iterator:
        return iter(self.listed())


class NamesOfBookOrSheet(ByNameOrNumber, base_classes.Names):
    """The defined names of a book, hidden ones too, or of one of its sheets.

    In the book's list a name of a sheet reads "Sheet1!name", as in Excel.
    """

    def __init__(self, book, sheet=None):
        self.book, self.sheet = book, sheet

    def find(self, key: int | str):
        found = super().find(key)
        if found is None and self.sheet is not None and isinstance(key, str):
            found = super().find(f"{quote_sheet(self.sheet.name)}!{key}")
        return found

    def contains(self, name_or_index: int | str) -> bool:
        return name_or_index in self

    def scope_and_bare(self, name: str) -> tuple[str | None, str]:
        """The sheet whose name it is to be, None for the whole book's, and the name without its sheet."""
        sheet, bare = split_sheet(name)
        scope = self.sheet.name if self.sheet else self.book.sheets(sheet).name if sheet else None
        return scope, bare

"""What a reference that a person wrote means: "Net!B2", a defined name, a table's column, several of them."""

from xlcicf.errors import AddressError, FormulaError
from xlcicf.formula.address import Area
from xlcicf.formula.parse import parse
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.tree import Ref, Union


def resolve(book: Snapshot, text: str, what: str, host: str | None = None) -> list[Area]:
    """The areas that a reference means: "Net!B2", "'My sheet'!A1:B2,Net!C3", "hidden.weight", "B2".

    host  the sheet of addresses that name none; without it the book must have only one sheet
    what  the words for the reference with which the AddressError begins that is raised where there is no
          such sheet, name or address
    """
    if not text.strip(" ="):
        raise AddressError(f"{what} are missing; write them as Sheet!A1 or as a defined name")
    hosts = [host] if host else list(book.sheets)[:2]
    meanings = [_areas(book, text, what, sheet) for sheet in hosts]
    if meanings[0] != meanings[-1]:
        raise AddressError(f"{what} {text!r}: the book has several sheets; write it with one, as Sheet!A1")
    return meanings[0]


def _areas(book: Snapshot, text: str, what: str, host: str) -> list[Area]:
    try:
        tree = parse(f"({text.strip(' =')})", host, 1, 1, book)
    except FormulaError as error:
        reason = str(error).removeprefix(f"{error.cell}: ")
        raise AddressError(f"{what} {text!r}: {reason}") from error
    areas = []
    for part in tree.parts if isinstance(tree, Union) else (tree,):
        area = part.area(1, 1) if isinstance(part, Ref) else None
        if area is None:
            raise AddressError(f"{what} {text!r}: these are no cells; write them as Sheet!A1:B2")
        areas.append(area)
    return areas

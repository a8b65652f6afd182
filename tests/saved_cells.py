"""What a file says of its cells, read straight from its parts: neither by openpyxl, which makes an object of each
cell, nor by any code of xlcicf."""

import functools
import io
import posixpath
import zipfile
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from openpyxl.formula.translate import Translator

from xlcicf.formula.snapshot import ExcelError, Scalar

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class SavedCell(NamedTuple):
    """A cell with a formula or a value; a date is its number, an empty text no value.

    array  "B2:C3", the area that an array formula fills
    """

    sheet: str
    place: str
    formula: str | None
    array: str | None
    value: Scalar


@functools.lru_cache(maxsize=2)  # several questions are asked about one book
def saved_cells(book: bytes) -> tuple[SavedCell, ...]:
    """The cells of a workbook file, sheet by sheet and row by row."""
    return tuple(_cells_in(book))


def _cells_in(book: bytes) -> Iterator[SavedCell]:
    with zipfile.ZipFile(io.BytesIO(book)) as package:
        texts = _shared_texts(package)
        for sheet, part in sheet_parts(package):
            shared: dict[
                str, tuple[str, str]
            ] = {}  # number of a shared formula -> formula, where it is written
            for cell in ElementTree.fromstring(package.read(part)).iter(MAIN + "c"):
                value = _value(cell, texts)
                said = cell.find(MAIN + "f")
                if said is not None or value not in (None, ""):
                    place = cell.attrib["r"]
                    formula, array = (None, None) if said is None else _formula(said, place, shared)
                    yield SavedCell(sheet, place, formula, array, None if value == "" else value)


def sheet_parts(package: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """(name, part) of each sheet with cells."""
    (book,) = (
        each.attrib["Target"].lstrip("/")
        for each in ElementTree.fromstring(package.read("_rels/.rels"))
        if each.attrib["Type"].endswith("/officeDocument")
    )
    folder, file = posixpath.split(book)
    relations = {
        each.attrib["Id"]: each.attrib
        for each in ElementTree.fromstring(package.read(f"{folder}/_rels/{file}.rels"))
    }
    for sheet in ElementTree.fromstring(package.read(book)).iter(MAIN + "sheet"):
        relation = relations[sheet.attrib[RELATION]]
        if relation["Type"].endswith("/worksheet"):
            yield sheet.attrib["name"], posixpath.join("/", folder, relation["Target"]).lstrip("/")


def _shared_texts(package: zipfile.ZipFile) -> list[str]:
    parts = [part for part in package.namelist() if part.lower().endswith("/sharedstrings.xml")]
    return [_text(item) for part in parts for item in ElementTree.fromstring(package.read(part))]


def _text(item: ElementTree.Element) -> str:
    """All that is written, without what is said of its pronunciation."""
    runs = item.findall(MAIN + "t") + item.findall(f"{MAIN}r/{MAIN}t")
    return "".join(run.text or "" for run in runs).replace("_x005F_", "_")


def _value(cell: ElementTree.Element, texts: list[str]) -> Scalar:
    kind, written = cell.attrib.get("t", "n"), cell.findtext(MAIN + "v")
    if kind == "inlineStr":
        inline = cell.find(MAIN + "is")
        return None if inline is None else _text(inline)
    if not written:
        return None
    return _AS[kind](written) if kind != "s" else texts[int(written)]


_AS = {"n": float, "b": lambda written: written == "1", "e": ExcelError, "str": str}


def _formula(said: ElementTree.Element, place: str, shared: dict) -> tuple[str | None, str | None]:
    """What is computed in a cell, from "=" on, and the area that it fills if it is an array formula."""
    formula = "=" + said.text if said.text else None
    kind, number = said.attrib.get("t"), said.attrib.get("si", "")
    if kind == "shared" and formula:
        shared[number] = formula, place
    elif kind == "shared":
        text, origin = shared[number]
        formula = Translator(text, origin).translate_formula(place)
    return formula, said.attrib.get("ref") if kind == "array" else None

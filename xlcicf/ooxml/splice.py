"""Cells written into a worksheet part by replacing their bytes: the rest of the part stays as it was."""

import bisect
import enum
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from xml.parsers import expat

from xlcicf.errors import BookError
from xlcicf.formula.address import MAX_COL, column_letters, parse_cell
from xlcicf.formula.snapshot import ExcelError, Scalar
from xlcicf.ooxml.xml import Span, encode_string, escape, require_utf8

_SPANS = re.compile(rb"""\sspans\s*=\s*(?:"[^"]*"|'[^']*')""")


class Keep(enum.Enum):
    """What stands in the file stays, byte for byte."""

    KEEP = enum.auto()


KEEP = Keep.KEEP


@dataclass(frozen=True)
class Patch:
    """What one cell becomes.

    value    its value or its formula's saved result, None for none; KEEP for all that the cell holds
    formula  text without "=", None for none, or KEEP for the one that stands there
    array    reference that an array formula fills, such as "A1:A9"
    style    index of its cell format, or None for the one it has
    """

    value: Scalar | Keep = None
    formula: str | Keep | None = None
    array: str | None = None
    style: int | None = None


def splice(data: bytes, part: str, patches: Mapping[tuple[int, int], Patch]) -> bytes:
    """The part with those cells, by (row, column), patched. Missing rows and cells are put in their place."""
    layout = _Layout(data, part, patches.keys())
    by_row: dict[int, dict[int, Patch]] = {}
    for (row, col), patch in sorted(patches.items()):
        by_row.setdefault(row, {})[col] = patch
    changes: list[tuple[int, int, bytes]] = []
    for row, cells in by_row.items():
        if row in layout.rows:
            changes += _patched_row(data, row, layout.rows[row], layout.prefix, cells)
        else:
            written = b"".join(_written(layout.prefix, row, col, patch) for col, patch in cells.items())
            if written:
                start = layout.insertion_point(row)
                changes.append(
                    (start, start, b'<%brow r="%d">%b</%brow>' % (layout.prefix, row, written, layout.prefix))
                )
    return _replaced(data, layout.opened(changes))


def _replaced(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    pieces, last = [], 0
    for start, end, new in sorted(
        changes, key=lambda change: change[:2]
    ):  # stable: rows inserted together stay in order
        pieces += data[last:start], new
        last = end
    return b"".join([*pieces, data[last:]])


@dataclass
class _Element(Span):
    """A row with its cells by column, or a cell with its attributes and its formula's element.

    starts  of a row: where each of its cells begins, by column; of patched rows only
    """

    attributes: dict[str, str] = field(default_factory=dict)
    cells: dict[int, "_Element"] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)
    formula: Span | None = None


class _Layout:
    """Where rows and cells stand in the bytes of a worksheet part, as expat reports it.

    Of the cells, those asked for are noted whole, and of others in their rows the start.
    """

    def __init__(self, data: bytes, part: str, wanted: Set[tuple[int, int]]):
        require_utf8(data, part)
        self.data, self.wanted = data, wanted
        self.wanted_rows = {row for row, _ in wanted}
        self.columns: dict[str, int] = {}
        self.prefix = b""
        self.rows: dict[int, _Element] = {}
        self.sheet_data: _Element | None = None
        self.row = self.col = 0
        self.row_element: _Element | None = None
        self.cell_element: _Element | None = None
        self.formula: Span | None = None
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        try:
            self.parser.Parse(data, True)
        except expat.ExpatError as error:
            raise BookError(
                f"{part} in this workbook is damaged ({error}); open and save it in Excel"
            ) from error
        if self.sheet_data is None:
            raise BookError(f"{part} in this workbook has no cells to write to; open and save it in Excel")
        self.numbers = sorted(self.rows)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        prefix, _, tag = name.rpartition(":")
        if row := self.row_element:
            if tag == "c" and self.cell_element is None:
                self.start_cell(row, attributes)
            elif tag == "f" and self.cell_element is not None:
                self.formula = Span.opened(self.data, self.parser.CurrentByteIndex)
        elif tag == "row" and self.sheet_data is not None:
            self.row = int(attributes.get("r", self.row + 1))
            self.col = 0
            self.row_element = self.rows[self.row] = self.element({})
        elif tag == "sheetData":
            self.prefix = prefix.encode() + b":" if prefix else b""
            self.sheet_data = self.element({})

    def start_cell(self, row: _Element, attributes: dict[str, str]) -> None:
        self.col = self.column(attributes["r"]) if "r" in attributes else self.col + 1
        if self.row in self.wanted_rows:
            row.starts[self.col] = self.parser.CurrentByteIndex
        if (self.row, self.col) in self.wanted:
            self.cell_element = row.cells[self.col] = self.element(attributes)

    def column(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        if letters not in self.columns:
            at = parse_cell(letters + "1")
            self.columns[letters] = at[1] if at else MAX_COL
        return self.columns[letters]

    def element(self, attributes: dict[str, str]) -> _Element:
        return _Element.opened(self.data, self.parser.CurrentByteIndex, attributes=attributes)

    def end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        if self.row_element is None:
            if tag == "sheetData" and self.sheet_data:
                self.sheet_data.closed(self.data, self.parser.CurrentByteIndex)
        elif tag == "row":
            self.row_element.closed(self.data, self.parser.CurrentByteIndex)
            self.row_element = None
        elif self.cell_element is not None:
            if tag == "c":
                self.cell_element.closed(self.data, self.parser.CurrentByteIndex)
                self.cell_element = None
            elif tag == "f" and self.formula:
                self.formula.closed(self.data, self.parser.CurrentByteIndex)
                self.cell_element.formula = self.formula

    def insertion_point(self, row: int) -> int:
        """Where a missing row goes: before the first one below it, else at the end of sheetData."""
        after = bisect.bisect(self.numbers, row)
        if after < len(self.numbers):
            return self.rows[self.numbers[after]].start
        assert self.sheet_data
        return self.sheet_data.close

    def opened(self, changes: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
        """The changes; where rows go into an empty <sheetData/>, with a start and an end tag for it."""
        data = self.sheet_data
        assert data
        if not changes or not data.empty:
            return changes
        tag = self.data[data.start : data.end]
        rows = b"".join(new for _, _, new in changes)
        return [(data.start, data.end, _open_tag(tag) + rows + b"</%bsheetData>" % self.prefix)]


def _open_tag(tag: bytes) -> bytes:
    """<row/> -> <row>"""
    return tag[:-2].rstrip() + b">" if tag.endswith(b"/>") else tag


def _patched_row(data: bytes, number: int, row: _Element, prefix: bytes, patches: dict[int, Patch]):
    """The changes that an existing row needs."""
    changes, inserted, columns = [], [], sorted(row.starts)
    for col, patch in patches.items():
        if col in row.cells:
            cell = row.cells[col]
            changes.append((cell.start, cell.end, _rewritten(prefix, number, col, patch, cell, data)))
        elif written := _written(prefix, number, col, patch):
            after = bisect.bisect(columns, col)
            start = row.starts[columns[after]] if after < len(columns) else row.close
            inserted.append((start, start, written))
    if not inserted:
        return changes
    tag = _SPANS.sub(b"", _open_tag(data[row.start : row.inner]), count=1)  # the hint may no longer hold
    if row.empty:  # an empty <row/>
        return [(row.start, row.end, tag + b"".join(new for _, _, new in inserted) + b"</%brow>" % prefix)]
    return [(row.start, row.inner, tag), *changes, *inserted]


def _rewritten(prefix: bytes, row: int, col: int, patch: Patch, cell: _Element, data: bytes) -> bytes:
    """An existing cell as XML."""
    dropped = {"r"}
    if patch.value is KEEP:
        return _cell(prefix, row, col, _kept(cell, dropped, patch), data[cell.inner : cell.close])
    dropped |= {"t", "vm"} if patch.formula is KEEP else {"t", "vm", "cm"}
    formula = _formula(prefix, patch)
    if patch.formula is KEEP and cell.formula:
        formula = data[cell.formula.start : cell.formula.end]
    kind, value = value_as_xml(prefix, patch.value, bool(formula))
    return _cell(prefix, row, col, _kept(cell, dropped, patch) | kind, formula + value)


def _kept(cell: _Element, dropped: set[str], patch: Patch) -> dict[str, str]:
    kept = {name: value for name, value in cell.attributes.items() if name not in dropped}
    return kept if patch.style is None else {**kept, "s": str(patch.style)}


def _written(prefix: bytes, row: int, col: int, patch: Patch) -> bytes:
    """A new cell as XML."""
    formula = _formula(prefix, patch)
    kind, value = value_as_xml(prefix, None if patch.value is KEEP else patch.value, bool(formula))
    style = {} if patch.style is None else {"s": str(patch.style)}
    return _cell(prefix, row, col, style | kind, formula + value)


def _cell(prefix: bytes, row: int, col: int, attributes: Mapping[str, str], inner: bytes) -> bytes:
    """<c r="B2" s="1"><v>3</v></c>, or nothing where the cell would hold and say nothing."""
    if not inner and not attributes:
        return b""
    listed = {"r": f"{column_letters(col)}{row}", **attributes}
    tag = b"<%bc%b" % (prefix, "".join(f' {k}="{escape(v)}"' for k, v in listed.items()).encode())
    return tag + (b">%b</%bc>" % (inner, prefix) if inner else b"/>")


def _formula(prefix: bytes, patch: Patch) -> bytes:
    if patch.formula is None or patch.formula is KEEP:
        return b""
    array = b' t="array" ref="%b"' % patch.array.encode() if patch.array else b""
    return b"<%bf%b>%b</%bf>" % (prefix, array, escape(patch.formula).encode(), prefix)


def value_as_xml(prefix: bytes, value: Scalar, of_formula: bool) -> tuple[dict[str, str], bytes]:
    """(the cell's t=, its value as XML). Text that no formula made is written into the cell itself:
    then the shared strings, another part, stay as they were."""
    if value is None:
        return {}, b""
    if isinstance(value, str) and not isinstance(value, ExcelError) and not of_formula:
        text = encode_string(value).encode()
        return {"t": "inlineStr"}, b'<%bis><%bt xml:space="preserve">%b</%bt></%bis>' % (
            prefix,
            prefix,
            text,
            prefix,
            prefix,
        )
    if isinstance(value, bool):
        kind, text = "b", str(int(value))
    elif isinstance(value, str):
        kind, text = "e" if isinstance(value, ExcelError) else "str", encode_string(value)
    else:
        kind, text = "", number_text(value)
    return {"t": kind} if kind else {}, b"<%bv>%b</%bv>" % (prefix, text.encode(), prefix)


def number_text(value: float) -> str:
    """The shortest decimal that reads back as the same float64: 0.1, 1e-05, 3."""
    return repr(float(value) + 0.0).removesuffix(".0")  # + 0.0: Excel has no -0

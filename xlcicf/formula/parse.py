"""Formula text to tree: tokens.py splits it, Excel's precedence joins it.

From tightest: reference operators (colon, space, comma), unary minus, %, ^, * and /, + and -, &, comparisons;
all of them from left to right, so -2^2 is 4 and 2^3^2 is 64. Names, structured references and references
through several sheets are replaced by what they refer to, so a tree knows cells, constants, operators,
functions and what LET and LAMBDA give a name only.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from xlcicf.errors import FormulaError
from xlcicf.formula.address import (
    MAX_COL,
    MAX_ROW,
    Area,
    cell_address,
    column_number,
    unquote_sheet,
)
from xlcicf.formula.snapshot import ExcelError, Scalar, Snapshot, Table
from xlcicf.formula.tokens import (
    ARGUMENT,
    ARRAY,
    CLOSING,
    END_OF,
    ERROR,
    FUNC,
    INFIX,
    LOGICAL,
    NUMBER,
    OPERANDS,
    PAREN,
    PERCENT,
    PREFIX,
    RANGE,
    ROW,
    SEPARATORS,
    SPACE,
    TEXT,
    Token,
    tokens,
)
from xlcicf.formula.tree import (
    Apply,
    ArrayConst,
    Call,
    Const,
    Edge,
    Infix,
    Lambda,
    Local,
    Node,
    Percent,
    Prefix,
    Ref,
    RefInfix,
    Union,
    edge,
    fixed_ref,
)

MAX_LENGTH = 8192  # Excel's own limit for a formula's text
RESIZING = {"SUMIF", "AVERAGEIF"}  # functions that take a range of values as large as the one they search
MAX_CALLS = 64  # levels of functions, as in Excel
MAX_TOKENS = 50_000  # of a formula and all that its names stand for
MAX_DEPTH = 100  # signs, parentheses and names come on top

_INFIX_POWER = {"^": 5, "*": 4, "/": 4, "+": 3, "-": 3, "&": 2}
_INFIX_POWER |= dict.fromkeys(("=", "<>", "<", ">", "<=", ">="), 1)
_INFIX_POWER[","] = 0  # a union's, which does not go by precedence
_PREFIX_POWER = 7
_PERCENT_POWER = 6

_CELL = r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}"
_AREA = re.compile(rf"({_CELL})(?::({_CELL}))?")
_COLUMNS = re.compile(r"(\$?)([A-Za-z]{1,3}):(\$?)([A-Za-z]{1,3})")
_ROWS = re.compile(r"(\$?)([0-9]{1,7}):(\$?)([0-9]{1,7})")
_SPILLED = re.compile(r"\"(?:[^\"]|\"\")*\"|((?:'(?:[^']|'')*'!)?[\w.$!\\]+)#(?![A-Z/])")
_JOINTS = re.compile(r"'(?:[^']|'')*'|\[(?:[^\[\]]|\[[^\[\]]*\])*\]|[^:'\[]+|(:)")
_ELSEWHERE = re.compile(r"\[[^\[\]]+\][^\[\]]*!")  # another workbook's number or name, a sheet or nothing
_CELL_PARTS = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)([0-9]{1,7})")
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?")
_HALF_EXPONENT = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[Ee]")


def parse(text: str, sheet: str, row: int, col: int, book: Snapshot) -> Node:
    """The tree of the formula `text` (with or without "=") in cell (row, col) of `sheet`.

    Raises FormulaError, naming the cell, where the text is no formula, or asks for what no snapshot has:
    an unknown name, table, column or sheet, another workbook.
    """
    return _Parser(text, sheet, row, col, book, names=(), read=_Read()).tree()


@dataclass
class _Read:
    """What has been read of a formula and the names in it.

    tokens     how many
    recursive  names of LAMBDAs that call themselves
    """

    tokens: int = 0
    recursive: set[str] = field(default_factory=set)


class _Parser:
    """One formula's tokens and a position in them."""

    def __init__(
        self, text: str, sheet: str, row: int, col: int, book: Snapshot, names: tuple[str, ...], read: _Read
    ):
        self.text = text if text.startswith("=") else "=" + text
        self.sheet, self.row, self.col, self.book, self.names = sheet, row, col, book, names
        self.read = read
        self.at = 0
        self.depth = 0
        self.calls = 0
        self.locals: tuple[str, ...] = ()  # names that LET and LAMBDA give around here

    def error(self, what: str) -> FormulaError:
        cell = cell_address(self.sheet, self.row, self.col)
        return FormulaError(f"{cell}: {what}", cell=cell)

    def tree(self) -> Node:
        if len(self.text) > MAX_LENGTH:
            raise self.error(f"a formula of {len(self.text)} characters is longer than Excel's {MAX_LENGTH}")
        text = _SPILLED.sub(_anchored, self.text) if "#" in self.text else self.text
        try:
            self.tokens = _significant(tokens(text))
        except ValueError as error:
            raise self.error(f"{self.text!r} cannot be read as a formula; correct it in the sheet") from error
        self.read.tokens += len(self.tokens)
        if self.read.tokens > MAX_TOKENS:
            raise self.error("its names stand for too much in all; give what is between cells of its own")
        self.tokens.append(_END)
        node = self.expression(0, union=bool(self.names))  # a name may mean several areas
        if self.peek() is not _END:
            raise self.unexpected()
        if isinstance(node, Infix) and node.operator in ("+", "-") and self.is_bracketed():
            return Prefix("+", node)  # its outcome is as it is: see Evaluator
        return node

    def is_bracketed(self) -> bool:
        """Whether one pair of parentheses holds the whole formula."""
        depth = 0
        for at, token in enumerate(self.tokens):
            depth += (token.kind == PAREN) - (token.kind == END_OF[PAREN])
            if depth == 0:
                return self.tokens[at + 1] is _END
        return False

    def unexpected(self) -> FormulaError:
        where = f"at {self.peek().value!r}" if self.peek() is not _END else "at its end"
        return self.error(f"{self.text!r} cannot be read {where}; correct it in the sheet")

    def peek(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def expect(self, kind: str) -> None:
        if self.peek().kind != kind:
            raise self.unexpected()
        self.at += 1

    def expression(self, power: int, union: bool = False) -> Node:
        """Whatever binds tighter than `power`; a comma joins references only where `union` says so."""
        self.deeper()
        node, percents = self.operand(), 0
        while True:
            token = self.peek()
            if token.kind == INFIX and (tighter := _INFIX_POWER[token.value]) > power:
                self.at += 1
                node = Infix(token.value, node, self.expression(tighter))
            elif token.kind == PERCENT and _PERCENT_POWER > power:
                self.at += 1
                node, percents = Percent(node), percents + 1
                self.deeper(percents)
                self.depth -= percents
            elif token.kind == INFIX and token.value == "," and union:
                self.at += 1
                right = self.expression(power)
                node = Union((*node.parts, right) if isinstance(node, Union) else (node, right))
            elif token.kind == SPACE:
                self.at += 1
                node = self.intersection(node, self.reference_operand())
            else:
                self.depth -= 1
                return node

    def operand(self) -> Node:
        token = self.peek()
        if token.kind != PREFIX:
            return self.reference_operand()
        self.at += 1
        return Prefix(token.value, self.prefixed())

    def reference_operand(self) -> Node:
        """An operand with what a colon joins to it, or what it is called with, as a LAMBDA is."""
        node = self.single_operand()
        while (token := self.peek()).kind in _GOES_ON:
            if token.kind == PAREN:
                self.at += 1
                node = Apply(node, self.arguments(PAREN))
            elif not token.value.startswith(":"):
                break
            elif token.kind == FUNC:
                self.at += 1
                node = self.joined(node, self.call_or_bracket(token.value[1:-1]))
            else:
                self.at += 1
                node = self.joined(node, self.reference(token.value[1:]))
        return node

    def single_operand(self) -> Node:
        token = self.next()
        if token.kind in OPERANDS:
            return self.literal(token)
        if token.kind == FUNC:
            return self.call_or_bracket(token.value[:-1])
        if token.kind == PAREN:
            node = self.expression(0, union=True)
            self.expect(END_OF[PAREN])
            return node
        if token.kind == ARRAY:
            return self.array()
        self.at -= 1
        raise self.unexpected()

    def prefixed(self) -> Node:
        """What a unary sign applies to: another signed operand, or one operand and nothing more."""
        self.deeper()
        node = self.operand()
        self.depth -= 1
        return node

    def deeper(self, levels: int = 1) -> None:
        self.depth += levels
        if self.depth > MAX_DEPTH or self.calls > MAX_CALLS:
            raise self.error(
                f"its formula is nested more than {MAX_CALLS} functions or {MAX_DEPTH} operations deep;"
                " split it over several cells"
            )

    def call_or_bracket(self, text: str) -> Node:
        """What is a token that begins a function: INDEX(, @INDEX(, A1:INDEX( or A1:(."""
        if text.startswith("@"):
            return Prefix("@", self.call_or_bracket(text[1:]))
        first, *more = _split_at_colons(text)
        if not more:
            return self.call(text)
        left = self.reference(":".join((first, *more[:-1])))
        if more[-1]:
            return self.joined(left, self.call(more[-1]))
        right = self.expression(0, union=True)
        self.expect(END_OF[FUNC])
        return self.joined(left, right)

    def call(self, name: str) -> Node:
        own = name.rpartition("!")[2]
        local = _local(own)
        if local in self.locals:
            return Apply(Local(local), self.arguments(FUNC))
        sheet = self.sheet_named(name[: -len(own) - 1]) if own != name else None
        meaning = self.named(own, sheet)
        if meaning and not isinstance(meaning, Ref | Union | Const):  # RATE(...) beside a cell named rate
            return Apply(meaning, self.arguments(FUNC))
        name = own.upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
        if name in ("LET", "LAMBDA"):
            return self.let() if name == "LET" else self.function()
        args = self.arguments(FUNC)
        if name == "SINGLE" and len(args) == 1:
            return Prefix("@", args[0])
        if name in RESIZING and len(args) == 3:
            args = (*args[:2], _as_large(args[2], args[0]))
        if name == "TYPE" and len(args) == 1 and isinstance(args[0], Lambda):
            return Const(TYPE_OF_FUNCTIONS)
        if args and isinstance(args[-1], Lambda) and args[-1].parameters == (_BARE,):
            args = (*args[:-1], _bare(args[-1], {"MAP": len(args) - 1}.get(name, _HANDED.get(name, 1))))
        return Call(name, args)

    def arguments(self, kind: str) -> tuple[Node, ...]:
        """What stands between brackets, up to and with the closing one."""
        self.calls += 1
        args: list[Node] = []
        end = END_OF[kind]
        while self.peek().kind != end:
            if self.peek() is _END:
                raise self.unexpected()
            args.append(Const(None) if self.separates() else self.expression(0))
            if self.separates():
                self.at += 1
                if self.peek().kind == end:
                    args.append(Const(None))
            elif self.peek().kind != end:
                raise self.unexpected()
        self.at += 1
        self.calls -= 1
        return tuple(args)

    def separates(self) -> bool:
        """Whether an argument ends here; where a LAMBDA is called a comma looks like a union's."""
        token = self.peek()
        return token.kind in SEPARATORS or token.kind == INFIX and token.value == ","

    def let(self) -> Node:
        """LET(name, value, ..., outcome) as functions within each other, called at once."""
        self.calls += 1
        before, given = self.locals, []
        while name := self.name_given():
            if self.expression_is_single():
                break
            self.at += 2
            given.append((name, self.expression(0)))
            self.expect_separator()
            self.locals = (*self.locals, name)
        if not given:
            raise self.unexpected()
        node = self.expression(0)
        self.expect(END_OF[FUNC])
        self.locals = before
        self.calls -= 1
        for name, value in reversed(given):
            node = Apply(Lambda((name,), node), (value,))
        return node

    def function(self) -> Node:
        """LAMBDA(parameter, ..., body)"""
        self.calls += 1
        before = self.locals
        parameters: list[str] = []
        optional = 0
        while (name := self.name_given()) and not self.expression_is_single():
            optional += self.next().value.lower().startswith(("[", "_xlop."))
            parameters.append(name)
            self.expect_separator()
        self.locals = (*before, *parameters)
        body = self.expression(0)
        self.expect(END_OF[FUNC])
        self.locals = before
        self.calls -= 1
        return Lambda(tuple(parameters), body, optional)

    def name_given(self) -> str:
        """The name that LET or LAMBDA gives here; "" where an expression stands."""
        token = self.peek()
        return _local(token.value) if token.kind == RANGE and _LOCAL.fullmatch(token.value) else ""

    def expression_is_single(self) -> bool:
        """Whether the token here is followed by no comma: then it is the outcome, not a name."""
        return self.tokens[self.at + 1].kind not in SEPARATORS

    def expect_separator(self) -> None:
        if self.peek().kind not in SEPARATORS:
            raise self.unexpected()
        self.at += 1

    def array(self) -> Node:
        rows: list[list[Scalar]] = [[]]
        while True:
            sign = 1.0
            while self.peek().kind in (PREFIX, INFIX) and self.peek().value in "+-":
                sign *= -1.0 if self.next().value == "-" else 1.0
            token = self.next()
            if token.kind in OPERANDS and isinstance(literal := self.literal(token), Const):
                value = literal.value
                rows[-1].append(sign * value if isinstance(value, float) else value)
            elif token.kind == ROW:
                rows.append([])
            elif token.kind == END_OF[ARRAY]:
                break
            elif token.kind != ARGUMENT:
                self.at -= 1
                raise self.unexpected()
        if len({len(row) for row in rows}) != 1 or not rows[0]:
            raise self.error("the rows of its array constant have different lengths; correct it in the sheet")
        return ArrayConst(tuple(map(tuple, rows)))

    def literal(self, token: Token) -> Node:
        kind, text = token.kind, token.value
        if kind == RANGE:
            return self.reference(text)
        if kind == NUMBER and _NUMBER.fullmatch(text):
            number = float(text)
            if math.isinf(number):
                raise self.error(f"the number {text} is larger than Excel's; correct the formula")
            return Const(number)
        if kind == TEXT:
            return Const(text[1:-1].replace('""', '"'))
        if kind == LOGICAL:
            return Const(text == "TRUE")
        if kind == ERROR:
            return Const(ExcelError(text))
        return self.reference(text)

    # --- references -------------------------------------------------------------------------------------

    def reference(self, text: str) -> Node:
        if self.locals and _local(text) in self.locals:
            return Local(_local(text))
        if ref := self.cells(text, self.sheet):  # as nearly all are
            return ref
        if text.startswith("@"):
            return Prefix("@", self.reference(text[1:]))
        has_sheet = "[" not in text or text.startswith("'") or _ELSEWHERE.match(text)
        prefix, _, rest = text.rpartition("!") if has_sheet else ("", "", text)
        if prefix and rest.startswith("#REF") or text.endswith("#REF!"):
            return Const(ExcelError("#REF!"))
        first, *more = _split_at_colons(text)
        if more and not self.means_cells(text, prefix, rest):
            node = self.reference(first)
            for part in more:
                node = self.joined(node, self.reference(part))
            return node
        if "[" in prefix:
            return self.elsewhere(text, unquote_sheet(prefix), rest)
        sheets = self.sheets_named(prefix) if prefix else [self.sheet]
        if len(sheets) > 1:
            return self.through(sheets, text, rest)
        if ref := self.cells(rest, sheets[0]):
            return ref
        if "[" in rest:
            return self.structured(rest)
        return self.name(rest, sheets[0] if prefix else None)

    def means_cells(self, text: str, prefix: str, rest: str) -> bool:
        """Whether a colon in the text belongs to an address or to the names of sheets."""
        if prefix and ":" in prefix and not prefix.startswith("'"):
            first = prefix.partition(":")[0]
            return "!" not in first and "!" not in prefix.partition(":")[2]
        is_quoted = prefix.startswith("'") and prefix.endswith("'") and "'!" not in prefix
        whole = not prefix or is_quoted or ":" not in prefix
        return whole and any(pattern.fullmatch(rest) for pattern in (_AREA, _COLUMNS, _ROWS))

    def elsewhere(self, text: str, prefix: str, rest: str) -> Node:
        """A reference to another workbook, [1]Sheet1!A1, at the values that this one keeps of it."""
        if prefix == "[0]":
            return self.name(rest, None)  # this book itself
        sheet = self.book.elsewhere.get(prefix.casefold())
        ref = self.cells(rest, sheet.name) if sheet else None
        if ref is None:
            raise self.error(f"{text} refers to another workbook; put its value into this one")
        return ref

    def through(self, sheets: list[str], text: str, rest: str) -> Node:
        """The same cells of several sheets."""
        refs = [self.cells(rest, sheet) for sheet in sheets]
        if not all(refs):
            raise self.error(f"{text} names no cells of several sheets; correct the formula")
        return Union(tuple(ref for ref in refs if ref))

    def sheets_named(self, prefix: str) -> list[str]:
        """The sheets that "Sheet" or "First:Last" before a "!" means, in their order."""
        name = unquote_sheet(prefix)
        first, colon, last = name.partition(":")
        if not colon or self.book.sheet(name):
            return [self.sheet_named(prefix)]
        names = list(self.book.sheets)
        ends = sorted(names.index(self.sheet_named(end)) for end in (first, last))
        return names[ends[0] : ends[1] + 1]

    def sheet_named(self, prefix: str) -> str:
        name = unquote_sheet(prefix)
        sheet = self.book.sheet(name)
        if sheet is None:
            raise self.error(f"there is no sheet {name!r} in this workbook")
        return sheet.name

    def cells(self, text: str, sheet: str) -> Ref | None:
        return reference_to(text, sheet, self.row, self.col, in_name=bool(self.names))

    def joined(self, left: Node, right: Node) -> Node:
        """left:right, the smallest range around both."""
        if isinstance(left, Ref) and isinstance(right, Ref):
            if left.sheet != right.sheet:
                raise self.error(f"{self.text!r} joins ranges of two sheets; correct it in the sheet")
            if left.is_cell and right.is_cell:
                return Ref(left.sheet, left.top, left.left, right.top, right.left)
            if found := _of_edges(left, right, min, max):
                return found
        return self.of_references(":", left, right)

    def intersection(self, left: Node, right: Node) -> Node:
        """The cells that both have."""
        if isinstance(left, Ref) and isinstance(right, Ref):
            found = _of_edges(left, right, max, min)
            if found and found.top.at <= found.bottom.at and found.left.at <= found.right.at:
                return found
            if found or left.sheet != right.sheet:
                return Const(ExcelError("#NULL!"))
        return self.of_references(" ", left, right)

    def of_references(self, operator: str, left: Node, right: Node) -> Node:
        error = next(
            (x for x in (left, right) if isinstance(x, Const) and isinstance(x.value, ExcelError)), None
        )
        if error:
            return error
        if not all(isinstance(x, Ref | RefInfix | Call | Apply | Local) for x in (left, right)):
            raise self.unexpected()
        return RefInfix(operator, left, right)

    def name(self, text: str, sheet: str | None) -> Node:
        meaning = self.named(text, sheet)
        if meaning is not None:
            return meaning
        table = self.book.tables.get(text.casefold())
        if table:
            return fixed_ref(_table_part(table, "#data"))
        if text.casefold().startswith("_xleta."):
            name = text[len("_xleta.") :].upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
            return Lambda((_BARE,), Call(name, (Local(_BARE),)))
        raise self.error(f"there is no name {text!r} in this workbook; define it or correct the formula")

    def named(self, text: str, sheet: str | None) -> Node | None:
        """What a name refers to; None where there is none."""
        key = text.casefold()
        scope = sheet or self.sheet
        meaning = self.book.names.get((key, scope)) or self.book.names.get((key, None))
        if meaning is None:
            return None
        if key in self.names:
            if not _FUNCTION.match(meaning):
                raise self.error(f"the name {text!r} is defined by itself; correct it in the Name Manager")
            self.read.recursive.add(key)
            return Local(_itself(key))
        inner = _Parser(meaning, scope, self.row, self.col, self.book, (*self.names, key), self.read)
        inner.depth, inner.calls = self.depth, self.calls
        node = inner.tree()
        if key not in self.read.recursive:
            return node
        if not isinstance(node, Lambda):
            raise self.error(f"the name {text!r} is defined by itself; correct it in the Name Manager")
        return replace(node, itself=_itself(key))

    def structured(self, text: str) -> Node:
        name, _, inside = text.partition("[")
        table = self.book.tables.get(name.casefold()) if name else self.table_here()
        if table is None:
            what = f"no table {name!r}" if name else "no table around this cell"
            raise self.error(f"there is {what} for {text}; correct the formula")
        items, columns = _bracket_items("[" + inside)
        this_row = "#this row" in items
        area = _table_part(table, *(items or ["#data"])) if not this_row else _table_part(table, "#data")
        if items == ["#totals"] and not table.totals_rows:
            return Const(ExcelError("#REF!"))
        left, right = area.left, area.right
        if columns:
            left, right = (table.area.left + self.column_index(table, c) for c in (columns[0], columns[-1]))
        if this_row:
            if not area.top <= self.row <= area.bottom:  # its own row, on whatever sheet the table lies
                return Const(ExcelError("#VALUE!"))
            return Ref(area.sheet, Edge(0, False), Edge(left, True), Edge(0, False), Edge(right, True))
        return fixed_ref(Area(area.sheet, area.top, left, area.bottom, right))

    def table_here(self) -> Table | None:
        tables = self.book.tables.values()
        return next(
            (t for t in tables if t.area.sheet == self.sheet and t.area.contains(self.row, self.col)), None
        )

    def column_index(self, table: Table, column: str) -> int:
        headers = [header.casefold() for header in table.columns]
        for wanted in (column.casefold(), column.strip().casefold()):
            if wanted in headers:
                return headers.index(wanted)
        raise self.error(f"the table {table.name!r} has no column {column!r}; correct the formula")


def reference_to(text: str, sheet: str, row: int, col: int, in_name: bool = False) -> Ref | None:
    """The cells that an address means in a formula in (row, col), or in a name that stands in one; None for
    what is no address, or points off the sheet."""
    sides = _sides(text)
    if sides is None:
        return None
    (top, bottom), (left, right) = sides
    ref = Ref(
        sheet,
        _edge(*top, row, MAX_ROW, in_name),
        _edge(*left, col, MAX_COL, in_name),
        _edge(*bottom, row, MAX_ROW, in_name),
        _edge(*right, col, MAX_COL, in_name),
    )
    return ref if ref.area(row, col) else None


def _edge(at: int, fixed: bool, host: int, size: int, in_name: bool) -> Edge:
    if fixed:
        return edge(at, True)
    if not in_name:
        return edge(at - host, False)
    # Inside a name what has no $ counts from cell A1, and around the sheet's end: XFD1 means one left.
    return edge((host + at - 2) % size + 1 - host, False)


_Side = tuple[int, bool]  # a row or a column, and whether it is fixed, with $


@lru_cache(maxsize=2**16)
def _sides(text: str) -> tuple[tuple[_Side, _Side], tuple[_Side, _Side]] | None:
    """ "B$7" or "$A:C" as its first and last row, and its first and last column; None for what is no area."""
    if match := _AREA.fullmatch(text):
        top, left = _corner(match[1])
        bottom, right = _corner(match[2] or match[1])
        return (top, bottom), (left, right)
    if match := _COLUMNS.fullmatch(text):
        left, right = ((column_number(match[i + 1]), bool(match[i])) for i in (1, 3))
        return ((1, True), (MAX_ROW, True)), (left, right)
    if match := _ROWS.fullmatch(text):
        top, bottom = ((int(match[i + 1]), bool(match[i])) for i in (1, 3))
        return (top, bottom), ((1, True), (MAX_COL, True))
    return None


def _corner(text: str) -> tuple[_Side, _Side]:
    """The row and the column of a cell."""
    match = _CELL_PARTS.fullmatch(text)
    assert match
    return (int(match[4]), bool(match[3])), (column_number(match[2]), bool(match[1]))


def _of_edges(left: Ref, right: Ref, first: Callable, last: Callable) -> Ref | None:
    """The reference from the `first` to the `last` edges of two on one sheet; None where that depends on the
    cell that holds the formula."""
    if left.sheet != right.sheet:
        return None
    edges = []
    for near, far in (("top", "bottom"), ("left", "right")):
        ends = [getattr(ref, side) for ref in (left, right) for side in (near, far)]
        if len({edge.fixed for edge in ends}) > 1 or any(a.at > b.at for a, b in (ends[:2], ends[2:])):
            return None
        fixed = ends[0].fixed
        edges.append((Edge(first(ends[0].at, ends[2].at), fixed), Edge(last(ends[1].at, ends[3].at), fixed)))
    (top, bottom), (west, east) = edges
    return Ref(left.sheet, top, west, bottom, east)


_LOCAL = re.compile(r"\[?(?:_xlpm\.|_xlop\.)?[^\W\d][\w.]*\]?")


_FUNCTION = re.compile(r"=?\s*(?:_xlfn\.)?LAMBDA\(", re.IGNORECASE)  # what a name stands for


def _itself(name: str) -> str:
    """What a function that has a name calls itself; no other name has a space."""
    return f"the function {name}"


def _local(text: str) -> str:
    """A name of LET's or LAMBDA's, as files write it (_xlpm.x) or people do, in one case."""
    return text.strip("[]").casefold().removeprefix("_xlpm.").removeprefix("_xlop.")


def _anchored(match: re.Match[str]) -> str:
    """A spilled range, D1#, as files write it."""
    return f"_xlfn.ANCHORARRAY({match[1]})" if match[1] else match[0]


_BARE = "_xleta"  # the argument of a function whose name alone stands for it, as SUM in BYROW(A1:B2,SUM)
TYPE_OF_FUNCTIONS = 128.0  # what TYPE says of them
_HANDED = {"REDUCE": 2, "SCAN": 2, "MAKEARRAY": 2}


def _bare(function: Lambda, count: int) -> Lambda:
    """The function of so many arguments."""
    names = tuple(f"{_BARE}{i}" for i in range(count))
    return replace(function, parameters=names, body=replace(function.body, args=tuple(map(Local, names))))


def _as_large(values: Node, searched: Node) -> Node:
    """The range of values as Excel takes it where another is searched: from its first cell on as large."""
    if not (isinstance(values, Ref) and isinstance(searched, Ref) and searched.slides and values.slides):
        return values
    rows, cols = searched.bottom.at - searched.top.at, searched.right.at - searched.left.at
    if rows <= values.bottom.at - values.top.at and cols <= values.right.at - values.left.at:
        return values
    if rows == MAX_ROW - 1 or cols == MAX_COL - 1:
        return values
    bottom = Edge(values.top.at + rows, values.top.fixed)
    return Ref(values.sheet, values.top, values.left, bottom, Edge(values.left.at + cols, values.left.fixed))


def _split_at_colons(text: str) -> list[str]:
    """A reference at its colons, but for those in quotes and brackets."""
    if ":" not in text:
        return [text]
    parts = [""]
    for match in _JOINTS.finditer(text):
        if match[1]:
            parts.append("")
        else:
            parts[-1] += match[0]
    return parts


_END = Token("end", "")
_GOES_ON = OPERANDS | {FUNC, PAREN}  # kinds of what may belong to the operand before


def _significant(tokens: list[Token]) -> list[Token]:
    """Tokens without padding; a space stays where it is the intersection operator.

    A number such as 12.5E+3 comes in three tokens and leaves here as one.
    """
    kept: list[Token] = []
    for i, token in enumerate(tokens):
        if token.kind == SPACE and not (_ends_reference(kept) and _starts_reference(tokens[i + 1 : i + 2])):
            continue
        if (
            token.kind == NUMBER
            and len(kept) >= 2
            and kept[-1].value in ("+", "-")
            and kept[-2].kind == RANGE
            and _HALF_EXPONENT.fullmatch(kept[-2].value)
        ):
            sign, half = kept.pop(), kept.pop()
            token = Token(NUMBER, half.value + sign.value + token.value)
        kept.append(token)
    return kept


def _ends_reference(tokens: list[Token]) -> bool:
    return bool(tokens) and (tokens[-1].kind == RANGE or tokens[-1].kind in CLOSING)


def _starts_reference(tokens: list[Token]) -> bool:
    return bool(tokens) and tokens[0].kind in (RANGE, PAREN, FUNC)


def _bracket_items(text: str) -> tuple[list[str], list[str]]:
    """ "[[#This Row],[a]:[b]]" -> (["#this row"], ["a", "b"]); "[@a]" -> (["#this row"], ["a"])."""
    inner = text[1:-1]  # a header may end in a space
    items: list[str] = []
    if inner.lstrip().startswith("@"):
        items.append("#this row")
        inner = inner.lstrip()[1:]
    parts = _split_brackets(inner) if inner.lstrip().startswith("[") else [inner] if inner.strip() else []
    columns = []
    for part in parts:
        if part.lstrip().startswith("#"):
            items.append(part.strip().casefold())
        else:
            columns.append(re.sub(r"'(.)", r"\1", part))
    return items, columns


def _split_brackets(text: str) -> list[str]:
    """ "[a],[b]" -> ["a", "b"]; a quote ' takes the next character as it is."""
    return re.findall(r"\[((?:'.|[^\[\]'])*)\]", text)


_TABLE_PARTS: dict[str, Callable[[Table], tuple[int, int]]] = {
    "#all": lambda t: (t.area.top, t.area.bottom),
    "#data": lambda t: (t.area.top + t.header_rows, t.area.bottom - t.totals_rows),
    "#headers": lambda t: (t.area.top, t.area.top + t.header_rows - 1),
    "#totals": lambda t: (t.area.bottom - t.totals_rows + 1, t.area.bottom),
}


def _table_part(table: Table, *items: str) -> Area:
    spans = [_TABLE_PARTS.get(item, _TABLE_PARTS["#data"])(table) for item in items]
    top, bottom = min(s[0] for s in spans), max(s[1] for s in spans)
    return Area(table.area.sheet, top, table.area.left, bottom, table.area.right)

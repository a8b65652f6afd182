"""Formula text to tree: openpyxl's Tokenizer splits it, Excel's precedence joins it.

From tightest: reference operators (space, comma), unary minus, %, ^, * and /, + and -, &, comparisons; all
of them from left to right, so -2^2 is 4 and 2^3^2 is 64. Names and structured references are replaced by
what they refer to, so a tree knows cells, constants, operators and functions only.
"""

import math
import re
from collections.abc import Callable

from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError

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
from xlcicf.formula.tree import (
    ArrayConst,
    Call,
    Const,
    Edge,
    Infix,
    Node,
    Percent,
    Prefix,
    Ref,
    Union,
    fixed_ref,
)

MAX_LENGTH = 8192  # Excel's own limit for a formula's text
MAX_CALLS = 64  # levels of functions, as in Excel
MAX_DEPTH = 100  # signs, parentheses and names come on top

_INFIX_POWER = {"^": 5, "*": 4, "/": 4, "+": 3, "-": 3, "&": 2}
_INFIX_POWER |= dict.fromkeys(("=", "<>", "<", ">", "<=", ">="), 1)
_PREFIX_POWER = 7
_PERCENT_POWER = 6

_CELL = r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}"
_AREA = re.compile(rf"({_CELL})(?::({_CELL}))?")
_COLUMNS = re.compile(r"(\$?)([A-Za-z]{1,3}):(\$?)([A-Za-z]{1,3})")
_ROWS = re.compile(r"(\$?)([0-9]{1,7}):(\$?)([0-9]{1,7})")
_CELL_PARTS = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)([0-9]{1,7})")
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?")
_HALF_EXPONENT = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)[Ee]")


def parse(text: str, sheet: str, row: int, col: int, book: Snapshot) -> Node:
    """The tree of the formula `text` (with or without "=") in cell (row, col) of `sheet`.

    Raises FormulaError, naming the cell, where the text is no formula, or asks for what no snapshot has:
    an unknown name, table, column or sheet, another workbook.
    """
    return _Parser(text, sheet, row, col, book, names=()).tree()


class _Parser:
    """One formula's tokens and a position in them."""

    def __init__(self, text: str, sheet: str, row: int, col: int, book: Snapshot, names: tuple[str, ...]):
        self.text = text if text.startswith("=") else "=" + text
        self.sheet, self.row, self.col, self.book, self.names = sheet, row, col, book, names
        self.at = 0
        self.depth = 0
        self.calls = 0

    def error(self, what: str) -> FormulaError:
        cell = cell_address(self.sheet, self.row, self.col)
        return FormulaError(f"{cell}: {what}", cell=cell)

    def tree(self) -> Node:
        if len(self.text) > MAX_LENGTH:
            raise self.error(f"a formula of {len(self.text)} characters is longer than Excel's {MAX_LENGTH}")
        try:
            tokens = Tokenizer(self.text).items
        except (TokenizerError, IndexError, ValueError) as error:
            raise self.error(f"{self.text!r} cannot be read as a formula; correct it in the sheet") from error
        self.tokens = _significant(tokens)
        node = self.expression(0, union=bool(self.names))  # a name may mean several areas
        if self.at < len(self.tokens):
            raise self.unexpected()
        if isinstance(node, Infix) and node.operator in ("+", "-") and self.is_bracketed():
            return Prefix("+", node)  # its outcome is as it is: see Evaluator
        return node

    def is_bracketed(self) -> bool:
        """Whether one pair of parentheses holds the whole formula."""
        depth = 0
        for at, token in enumerate(self.tokens):
            if token.type == Token.PAREN:
                depth += 1 if token.subtype == Token.OPEN else -1
            if depth == 0:
                return at == len(self.tokens) - 1
        return False

    def unexpected(self) -> FormulaError:
        where = f"at {self.peek().value!r}" if self.at < len(self.tokens) else "at its end"
        return self.error(f"{self.text!r} cannot be read {where}; correct it in the sheet")

    def peek(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    def next(self) -> Token:
        token = self.peek()
        self.at += 1
        return token

    def expect(self, kind: str, subtype: str) -> None:
        if (self.peek().type, self.peek().subtype) != (kind, subtype):
            raise self.unexpected()
        self.at += 1

    def expression(self, power: int, union: bool = False) -> Node:
        """Whatever binds tighter than `power`; a comma joins references only where `union` says so."""
        self.deeper()
        node, percents = self.operand(), 0
        while True:
            token = self.peek()
            if token.type == Token.OP_POST and _PERCENT_POWER > power:
                self.at += 1
                node, percents = Percent(node), percents + 1
                self.deeper(percents)
                self.depth -= percents
            elif token.type == Token.OP_IN and _INFIX_POWER.get(token.value, 0) > power:
                self.at += 1
                node = Infix(token.value, node, self.expression(_INFIX_POWER[token.value]))
            elif token.type == Token.OP_IN and token.value == "," and union:
                self.at += 1
                right = self.expression(power)
                node = Union((*node.parts, right) if isinstance(node, Union) else (node, right))
            elif token.type == Token.WSPACE:
                self.at += 1
                node = self.intersection(node, self.operand())
            else:
                self.depth -= 1
                return node

    def operand(self) -> Node:
        token = self.next()
        if token.type == Token.OP_PRE:
            operand = self.expression(_PREFIX_POWER - 1) if token.value == "@" else self.prefixed()
            return Prefix(token.value, operand)
        if token.type == Token.PAREN and token.subtype == Token.OPEN:
            node = self.expression(0, union=True)
            self.expect(Token.PAREN, Token.CLOSE)
            return node
        if token.type == Token.FUNC and token.subtype == Token.OPEN:
            return self.call(token.value[:-1])
        if token.type == Token.ARRAY and token.subtype == Token.OPEN:
            return self.array()
        if token.type == Token.OPERAND:
            return self.literal(token)
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

    def call(self, name: str) -> Node:
        name = name.upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
        if ":" in name or "!" in name:
            raise self.error(
                f"a range made by a function ({name}) is not supported; write the range as cells"
            )
        self.calls += 1
        args: list[Node] = []
        while (token := self.peek()).type != Token.FUNC or token.subtype != Token.CLOSE:
            if token is _END:
                raise self.unexpected()
            if token.type == Token.SEP:
                args.append(Const(None))
            else:
                args.append(self.expression(0))
            if self.peek().type == Token.SEP:
                self.at += 1
                if self.peek().type == Token.FUNC and self.peek().subtype == Token.CLOSE:
                    args.append(Const(None))
            elif (self.peek().type, self.peek().subtype) != (Token.FUNC, Token.CLOSE):
                raise self.unexpected()
        self.at += 1
        self.calls -= 1
        if name == "SINGLE" and len(args) == 1:
            return Prefix("@", args[0])
        return Call(name, tuple(args))

    def array(self) -> Node:
        rows: list[list[Scalar]] = [[]]
        while True:
            sign = 1.0
            while self.peek().type in (Token.OP_PRE, Token.OP_IN) and self.peek().value in "+-":
                sign *= -1.0 if self.next().value == "-" else 1.0
            token = self.next()
            if token.type == Token.OPERAND and isinstance(literal := self.literal(token), Const):
                value = literal.value
                rows[-1].append(sign * value if isinstance(value, float) else value)
            elif token.type == Token.SEP and token.subtype == Token.ROW:
                rows.append([])
            elif token.type == Token.ARRAY and token.subtype == Token.CLOSE:
                break
            elif token.type != Token.SEP:
                self.at -= 1
                raise self.unexpected()
        if len({len(row) for row in rows}) != 1 or not rows[0]:
            raise self.error("the rows of its array constant have different lengths; correct it in the sheet")
        return ArrayConst(tuple(map(tuple, rows)))

    def literal(self, token: Token) -> Node:
        match token.subtype:
            case Token.NUMBER if _NUMBER.fullmatch(token.value):
                number = float(token.value)
                if math.isinf(number):
                    raise self.error(f"the number {token.value} is larger than Excel's; correct the formula")
                return Const(number)
            case Token.TEXT:
                return Const(token.value[1:-1].replace('""', '"'))
            case Token.LOGICAL:
                return Const(token.value.upper() == "TRUE")
            case Token.ERROR:
                return Const(ExcelError(token.value))
        return self.reference(token.value)

    # --- references -------------------------------------------------------------------------------------

    def reference(self, text: str) -> Node:
        if text.startswith("@"):
            return Prefix("@", self.reference(text[1:]))
        prefix, _, rest = text.rpartition("!") if "[" not in text or text.startswith("[") else ("", "", text)
        if prefix and rest.startswith("#REF") or text.endswith("#REF!"):
            return Const(ExcelError("#REF!"))
        if text.startswith("[") and "]" in text and prefix or prefix.startswith("'["):
            raise self.error(f"{text} refers to another workbook; put its value into this one")
        sheet = self.sheet_named(prefix) if prefix else self.sheet
        if ref := self.cells(rest, sheet):
            return ref
        if "[" in rest:
            return self.structured(rest)
        return self.name(rest, sheet if prefix else None)

    def sheet_named(self, prefix: str) -> str:
        name = unquote_sheet(prefix)
        sheet = self.book.sheet(name)
        if sheet is None:
            if ":" in name:
                raise self.error(f"{name}!, a reference through several sheets, is not supported")
            raise self.error(f"there is no sheet {name!r} in this workbook")
        return sheet.name

    def cells(self, text: str, sheet: str) -> Ref | None:
        if match := _AREA.fullmatch(text):
            top, left = self.corner(match[1])
            bottom, right = self.corner(match[2] or match[1])
        elif match := _COLUMNS.fullmatch(text):
            top, bottom = Edge(1, True), Edge(MAX_ROW, True)
            left, right = (self.column(match[i + 1], match[i]) for i in (1, 3))
        elif match := _ROWS.fullmatch(text):
            left, right = Edge(1, True), Edge(MAX_COL, True)
            top, bottom = (self.line(match[i + 1], match[i]) for i in (1, 3))
        else:
            return None
        ref = Ref(sheet, top, left, bottom, right)
        return ref if ref.area(self.row, self.col) else None

    def corner(self, text: str) -> tuple[Edge, Edge]:
        match = _CELL_PARTS.fullmatch(text)
        assert match
        return self.line(match[4], match[3]), self.column(match[2], match[1])

    def line(self, digits: str, dollar: str) -> Edge:
        return self.edge(int(digits), dollar, self.row, MAX_ROW)

    def column(self, letters: str, dollar: str) -> Edge:
        return self.edge(column_number(letters), dollar, self.col, MAX_COL)

    def edge(self, at: int, dollar: str, host: int, size: int) -> Edge:
        if dollar:
            return Edge(at, True)
        if not self.names:
            return Edge(at - host, False)
        # Inside a name what has no $ counts from cell A1, and around the sheet's end: XFD1 means one left.
        return Edge((host + at - 2) % size + 1 - host, False)

    def intersection(self, left: Node, right: Node) -> Node:
        if not (isinstance(left, Ref) and isinstance(right, Ref)):
            raise self.unexpected()
        a, b = left.area(self.row, self.col), right.area(self.row, self.col)
        common = a.intersect(b) if a and b else None
        if common is None:
            return Const(ExcelError("#NULL!"))
        moving = not all(e.fixed for r in (left, right) for e in (r.top, r.left, r.bottom, r.right))
        if moving:
            raise self.error("an intersection of ranges without $ is not supported; write the range itself")
        return fixed_ref(common)

    def name(self, text: str, sheet: str | None) -> Node:
        key = text.casefold()
        scope = sheet or self.sheet
        meaning = self.book.names.get((key, scope)) or self.book.names.get((key, None))
        if meaning is None:
            table = self.book.tables.get(key)
            if table:
                return fixed_ref(_table_part(table, "#data"))
            raise self.error(f"there is no name {text!r} in this workbook; define it or correct the formula")
        if key in self.names:
            raise self.error(f"the name {text!r} is defined by itself; correct it in the Name Manager")
        inner = _Parser(meaning, scope, self.row, self.col, self.book, (*self.names, key))
        inner.depth, inner.calls = self.depth, self.calls
        return inner.tree()

    def structured(self, text: str) -> Node:
        name, _, inside = text.partition("[")
        table = self.book.tables.get(name.casefold()) if name else self.table_here()
        if table is None:
            what = f"no table {name!r}" if name else "no table around this cell"
            raise self.error(f"there is {what} for {text}; correct the formula")
        items, columns = _bracket_items("[" + inside)
        this_row = "#this row" in items
        area = _table_part(table, *(items or ["#data"])) if not this_row else _table_part(table, "#data")
        left, right = area.left, area.right
        if columns:
            left, right = (table.area.left + self.column_index(table, c) for c in (columns[0], columns[-1]))
        if this_row:
            if not (area.sheet == self.sheet and area.top <= self.row <= area.bottom):
                return Const(ExcelError("#VALUE!"))
            return Ref(area.sheet, Edge(0, False), Edge(left, True), Edge(0, False), Edge(right, True))
        return fixed_ref(Area(area.sheet, area.top, left, area.bottom, right))

    def table_here(self) -> Table | None:
        tables = self.book.tables.values()
        return next(
            (t for t in tables if t.area.sheet == self.sheet and t.area.contains(self.row, self.col)), None
        )

    def column_index(self, table: Table, column: str) -> int:
        wanted = column.casefold()
        for i, header in enumerate(table.columns):
            if header.casefold() == wanted:
                return i
        raise self.error(f"the table {table.name!r} has no column {column!r}; correct the formula")


_END = Token("", "END")  # pyright: ignore[reportArgumentType]  # a type that the Tokenizer has not


def _significant(tokens: list[Token]) -> list[Token]:
    """Tokens without padding; a space stays where it is the intersection operator.

    A number such as 12.5E+3 comes from the Tokenizer in three tokens and leaves here as one.
    """
    kept: list[Token] = []
    for i, token in enumerate(tokens):
        if token.type == Token.WSPACE and not (_ends_reference(kept) and _starts_reference(tokens[i + 1 :])):
            continue
        if (
            token.subtype == Token.NUMBER
            and len(kept) >= 2
            and kept[-1].value in ("+", "-")
            and kept[-2].subtype == Token.RANGE
            and _HALF_EXPONENT.fullmatch(kept[-2].value)
        ):
            sign, half = kept.pop(), kept.pop()
            token = Token(half.value + sign.value + token.value, Token.OPERAND, Token.NUMBER)
        kept.append(token)
    return kept


def _ends_reference(tokens: list[Token]) -> bool:
    return bool(tokens) and (tokens[-1].subtype in (Token.RANGE, Token.CLOSE))


def _starts_reference(tokens: list[Token]) -> bool:
    return bool(tokens) and (
        tokens[0].subtype == Token.RANGE
        or (tokens[0].type in (Token.PAREN, Token.FUNC) and tokens[0].subtype == Token.OPEN)
    )


def _bracket_items(text: str) -> tuple[list[str], list[str]]:
    """ "[[#This Row],[a]:[b]]" -> (["#this row"], ["a", "b"]); "[@a]" -> (["#this row"], ["a"])."""
    inner = text[1:-1].strip()
    items: list[str] = []
    if inner.startswith("@"):
        items.append("#this row")
        inner = inner[1:].strip()
    parts = _split_brackets(inner) if inner.startswith("[") else [inner] if inner else []
    columns = []
    for part in parts:
        if part.startswith("#"):
            items.append(part.casefold())
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

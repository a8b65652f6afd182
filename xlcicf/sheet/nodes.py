"""An expression as a table of nodes, after micrograd: forward down the table, backward up it.

A line a node: operation, parents by name, data, slope towards each parent, grad. A grad is the sum of what
the nodes below pass back to this one as a parent: their own grad times their slope. Parents stand above, so
a grad reads only lines below its own, and nothing is circular.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.sheet.page import between, put, put_row, put_setting
from xlcicf.sheet.style import FOUR


@dataclass(frozen=True)
class Op:
    """An operation beside its slopes, as formulas: {a} and {b} are the parents' data, {out} its own.

    slopes  towards the first parent, and towards the second where there is one
    """

    value: str
    slopes: tuple[str, ...]
    words: str


OPS = {
    "+": Op("={a}+{b}", ("=1", "=1"), "{a} + {b}"),
    "−": Op("={a}-{b}", ("=1", "=-1"), "{a} − {b}"),
    "×": Op("={a}*{b}", ("={b}", "={a}"), "{a} × {b}"),
    "÷": Op("={a}/{b}", ("=1/{b}", "=-{a}/({b}*{b})"), "{a} ÷ {b}"),
    "^": Op("={a}^{b}", ("={b}*{a}^({b}-1)",), "{a} to the power of {b}"),
    "exp": Op("=EXP({a})", ("={out}",), "e to the power of {a}"),
    "tanh": Op("=TANH({a})", ("=1-{out}*{out}",), "tanh of {a}"),
    "ReLU": Op("=MAX(0,{a})", ("=IF({a}>0,1,0)",), "MAX(0, {a})"),
}

HEADERS = (
    "node", "operation", "parent 1", "parent 2", "data", "slope to parent 1", "slope to parent 2", "grad",
    "passes to parent 1", "passes to parent 2", "in words",
)  # fmt: skip


@dataclass(frozen=True)
class Node:
    """A line: an input (`Node("a", value=2)`) or an operation on its parents (`Node("c", "+", "a", 1)`).

    A parent is the name of a node above, or a number. Names are told apart without regard to case.
    """

    name: str
    op: str | None = None
    first: str | float | None = None
    second: str | float | None = None
    value: float | str | None = None  # of an input; a formula such as "=2/3" is allowed


@dataclass(frozen=True)
class Graph:
    """Where a table lies, columns A to K: its header on sheet row `top`, a node a row below it."""

    sheet: str
    top: int
    nodes: tuple[Node, ...]

    @property
    def bottom(self) -> int:
        return self.top + len(self.nodes)

    def row(self, name: str) -> int:
        return next(row for row, node in self._lines() if node.name == name)

    def data(self, name: str) -> str:
        """The cell of a node's data, as formulas on the sheet call it."""
        return f"$E${self.row(name)}"

    def grad(self, name: str) -> str:
        """The cell of a node's grad, as formulas on the sheet call it."""
        return f"$H${self.row(name)}"

    def _lines(self) -> Iterable[tuple[int, Node]]:
        return enumerate(self.nodes, self.top + 1)


def write_graph(ws: Worksheet, graph: Graph) -> None:
    """Writes the table; the inputs' data are for the reader to change."""
    names = [node.name.lower() for node in graph.nodes]
    assert len(set(names)) == len(names), names
    put_row(ws, f"A{graph.top}", HEADERS, "Column header")
    ws.row_dimensions[graph.top].height = 28
    for row, node in graph._lines():
        put(ws, f"A{row}", node.name, "Label")
        if node.op is None:
            put_setting(ws, f"E{row}", node.value, "A number from -1000 to 1000.", between(-1000, 1000))
        else:
            _write_operation(ws, graph, row, node, OPS[node.op])
        put(ws, f"H{row}", _grad(graph, row), "Result", FOUR)
        put(ws, f"K{row}", _in_words(node), "Page note")


def _write_operation(ws: Worksheet, graph: Graph, row: int, node: Node, op: Op) -> None:
    """An operation's parents, data and slopes, and what it passes back to each parent that is a node."""
    put_row(ws, f"B{row}", [node.op, node.first, node.second], "Data", None, "center")
    parents = [(node.first, f"C{row}"), (node.second, f"D{row}")]
    a, b = (f"E{graph.row(name)}" if isinstance(name, str) else cell for name, cell in parents)
    put(ws, f"E{row}", op.value.format(a=a, b=b), "Formula", FOUR)
    for (name, _), slope, at, back in zip(parents, op.slopes, "FG", "IJ", strict=False):
        if isinstance(name, str):
            put(ws, f"{at}{row}", slope.format(a=a, b=b, out=f"E{row}"), "Formula", FOUR)
            put(ws, f"{back}{row}", f"=H{row}*{at}{row}", "Formula", FOUR)


def _grad(graph: Graph, row: int):
    """1 for the last node, since it is the one asked about; else the sum of what comes back."""
    if row == graph.bottom:
        return 1
    below, last = row + 1, graph.bottom
    return f"=SUMPRODUCT((C{below}:D${last}=A{row})*I{below}:J${last})"


def _in_words(node: Node) -> str:
    if node.op is None:
        return "an input: yours to change"
    return OPS[node.op].words.format(a=node.first, b=node.second)

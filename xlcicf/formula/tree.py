"""What a formula says, as a tree. References are relative to the cell that holds the formula, so a formula
filled down a column is one tree, however many rows repeat it."""

from collections.abc import Iterator
from dataclasses import dataclass

from xlcicf.formula.address import MAX_COL, MAX_ROW, Area
from xlcicf.formula.snapshot import Scalar


@dataclass(frozen=True, slots=True)
class Const:
    """A number, text, TRUE or FALSE, an error, or (None) an argument left out."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class ArrayConst:
    """{1,2;3,4}"""

    rows: tuple[tuple[Scalar, ...], ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """One side of a reference: a row or column number (fixed, with $) or its distance from the host cell."""

    at: int
    fixed: bool

    def resolve(self, host: int) -> int:
        return self.at if self.fixed else host + self.at


@dataclass(frozen=True, slots=True)
class Ref:
    """A cell or range. `sheet` is always filled in."""

    sheet: str
    top: Edge
    left: Edge
    bottom: Edge
    right: Edge

    def area(self, row: int, col: int) -> Area | None:
        """The cells meant by a formula in (row, col); None where it points off the sheet (#REF!)."""
        a, b, c, d = self.top, self.left, self.bottom, self.right
        top, left = a.at if a.fixed else row + a.at, b.at if b.fixed else col + b.at
        bottom, right = c.at if c.fixed else row + c.at, d.at if d.fixed else col + d.at
        if top > bottom:
            top, bottom = bottom, top
        if left > right:
            left, right = right, left
        if top < 1 or left < 1 or bottom > MAX_ROW or right > MAX_COL:
            return None
        return Area(self.sheet, top, left, bottom, right)

    def footprint(self, host: Area) -> Area | None:
        """All cells meant by the formulas of a whole run `host`; None where a part points off the sheet."""
        first = self.area(host.top, host.left)
        if host.top == host.bottom and host.left == host.right:
            return first
        last = self.area(host.bottom, host.right)
        if first is None or last is None:
            return None
        return Area(
            self.sheet,
            min(first.top, last.top),
            min(first.left, last.left),
            max(first.bottom, last.bottom),
            max(first.right, last.right),
        )

    @property
    def slides(self) -> bool:
        """True where filling the formula down or right moves the range without changing its size."""
        return self.top.fixed == self.bottom.fixed and self.left.fixed == self.right.fixed


def fixed_ref(area: Area) -> Ref:
    """A reference with $ everywhere."""
    edges = (Edge(n, True) for n in (area.top, area.left, area.bottom, area.right))
    return Ref(area.sheet, *edges)


@dataclass(frozen=True, slots=True)
class Union:
    """(A1:A3,C1:C3): several references as one argument."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """-x or +x."""

    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Percent:
    """x%"""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Infix:
    """left operator right, the operator one of ^ * / + - & = <> < > <= >=."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """NAME(args...), the name in capitals and without _xlfn."""

    name: str
    args: tuple["Node", ...]


Node = Const | ArrayConst | Ref | Union | Prefix | Percent | Infix | Call


SHAPE_ONLY = {"ROWS", "COLUMNS", "ROW", "COLUMN", "ISFORMULA"}  # they ask where cells are, not what they show


class Formula:
    """A tree, and what it is made of.

    tree      its root
    operands  its references and numbers, in the order of `walk`
    shape     all else in that order: equal shapes make formulas alike but for operands, which stand as types
    refs      references to cells whose values it needs
    functions the names of those it calls
    slides    whether each range, those that ROWS only measures too, has one size wherever it is filled to
    """

    __slots__ = ("tree", "operands", "shape", "refs", "functions", "slides")

    def __init__(self, tree: Node):
        self.tree = tree
        self.operands: list[Ref | Const] = []
        self.refs: list[Ref] = []
        self.functions: set[str] = set()
        self.slides = True
        shape: list = []
        measured: set[int] = set()
        for node in walk(tree):
            match node:
                case Ref():
                    shape.append(Ref)
                    self.operands.append(node)
                    self.slides = self.slides and node.slides
                    if id(node) not in measured:
                        self.refs.append(node)
                case Const(float()):
                    shape.append(float)
                    self.operands.append(node)
                case Infix(operator) | Prefix(operator):
                    shape.append(operator)
                case Call(name, args):
                    shape += (name, len(args))
                    self.functions.add(name)
                    if name in SHAPE_ONLY:
                        measured.update(id(arg) for arg in args)
                case Union(parts):
                    shape += (Union, len(parts))
                case _:
                    shape += (type(node), node)
        self.shape = tuple(shape)


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Union(parts):
            return parts
        case Prefix(_, operand) | Percent(operand):
            return (operand,)
        case Infix(_, left, right):
            return left, right
        case Call(_, args):
            return args
    return ()


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, without recursion: a sum of a thousand terms is a thousand deep."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))

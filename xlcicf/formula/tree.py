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
        top, bottom = sorted((self.top.resolve(row), self.bottom.resolve(row)))
        left, right = sorted((self.left.resolve(col), self.right.resolve(col)))
        if top < 1 or left < 1 or bottom > MAX_ROW or right > MAX_COL:
            return None
        return Area(self.sheet, top, left, bottom, right)

    def footprint(self, host: Area) -> Area | None:
        """All cells meant by the formulas of a whole run `host`; None where a part points off the sheet."""
        first = self.area(host.top, host.left)
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

"""What a formula says, as a tree. References are relative to the cell that holds the formula, so a formula
filled down a column is one tree, however many rows repeat it."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter

from xlcicf.formula.address import MAX_COL, MAX_ROW, Area
from xlcicf.formula.immutable import immutable
from xlcicf.formula.snapshot import Scalar


@immutable
class Const:
    """A number, text, TRUE or FALSE, an error, or (None) an argument left out."""

    value: Scalar


@immutable
class ArrayConst:
    """{1,2;3,4}"""

    rows: tuple[tuple[Scalar, ...], ...]


@immutable
class Edge:
    """One side of a reference: a row or column number (fixed, with $) or its distance from the host cell."""

    at: int
    fixed: bool

    def resolve(self, host: int) -> int:
        return self.at if self.fixed else host + self.at


edge = lru_cache(maxsize=2**16)(Edge)  # one object for all that are equal: formulas name the same rows
_HERE = Edge(0, False)


@immutable
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
        if host.is_cell:
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
    def is_cell(self) -> bool:
        return self.top == self.bottom and self.left == self.right

    @property
    def in_own_row(self) -> "Ref":
        """Of its columns the cells in the formula's row."""
        return Ref(self.sheet, _HERE, self.left, _HERE, self.right)

    @property
    def in_own_column(self) -> "Ref":
        """Of its rows the cells in the formula's column."""
        return Ref(self.sheet, self.top, _HERE, self.bottom, _HERE)

    @property
    def beside(self) -> "Ref":
        """Of one column, or of one row, its cell beside the formula; any other reference as it is."""
        if self.is_cell:
            return self
        if self.left == self.right:
            return self.in_own_row
        return self.in_own_column if self.top == self.bottom else self

    @property
    def slides(self) -> bool:
        """True where filling the formula down or right moves the range without changing its size."""
        return self.top.fixed == self.bottom.fixed and self.left.fixed == self.right.fixed


def fixed_ref(area: Area) -> Ref:
    """A reference with $ everywhere."""
    edges = (Edge(n, True) for n in (area.top, area.left, area.bottom, area.right))
    return Ref(area.sheet, *edges)


@immutable
class Union:
    """(A1:A3,C1:C3): several references as one argument."""

    parts: tuple["Node", ...]


@immutable
class Prefix:
    """-x or +x."""

    operator: str
    operand: "Node"


@immutable
class Percent:
    """x%"""

    operand: "Node"


@immutable
class Infix:
    """left operator right, the operator one of ^ * / + - & = <> < > <= >=."""

    operator: str
    left: "Node"
    right: "Node"


@immutable
class Call:
    """NAME(args...), the name in capitals and without _xlfn."""

    name: str
    args: tuple["Node", ...]


@immutable
class RefInfix:
    """left operator right of references, where what they come to has to be found out: ":" for the smallest
    range around both, " " for the cells that both have."""

    operator: str
    left: "Node"
    right: "Node"


@immutable
class Made:
    """A reference that a formula makes while it computes: what it means as the book stands (an error where
    that is none), and what makes it; see made_references.py."""

    meant: "Ref | Const"
    source: "Node"


@immutable
class Local:
    """A name that LET or LAMBDA gives, in one case."""

    name: str


@immutable
class Lambda:
    """LAMBDA(parameters..., body); `optional` of the parameters, counted from the end, may be left out.

    itself  what the body calls the function itself, whose name in the workbook it is; "" where it does not
    """

    parameters: tuple[str, ...]
    body: "Node"
    optional: int = 0
    itself: str = ""


@immutable
class Apply:
    """function(args...) of a LAMBDA, or of a name for one."""

    function: "Node"
    args: tuple["Node", ...]


Node = (
    Const
    | ArrayConst
    | Ref
    | Union
    | Prefix
    | Percent
    | Infix
    | Call
    | RefInfix
    | Made
    | Local
    | Lambda
    | Apply
)

MAKERS = {"OFFSET", "INDIRECT", "ANCHORARRAY"}  # they make their references while they compute
SHAPE_ONLY = {"ROWS", "COLUMNS", "ROW", "COLUMN", "ISFORMULA"}  # they ask where cells are, not what they show

_EVERY = range(255)
# Arguments, from 0, of which a function takes one value each, where it stands for one value itself: outside
# array formulas a range means its cell beside the formula there. Not of every function; others read it all.
SINGLE_ARGUMENTS: dict[str, Sequence[int]] = {
    **dict.fromkeys(("CHOOSE", "IF", "IFERROR", "IFNA", "IFS", "NOT", "SWITCH"), _EVERY),
    **dict.fromkeys(("ABS", "EXP", "INT", "LN", "LOG", "LOG10", "MOD", "POWER", "SIGN", "SQRT"), _EVERY),
    **dict.fromkeys(("CEILING", "FLOOR", "MROUND", "ROUND", "ROUNDDOWN", "ROUNDUP", "TRUNC"), _EVERY),
    **dict.fromkeys(("DATE", "DAY", "MONTH", "YEAR", "LEFT", "LEN", "MID", "RIGHT", "TEXT", "VALUE"), _EVERY),
    **dict.fromkeys(("HLOOKUP", "LOOKUP", "MATCH", "VLOOKUP", "XLOOKUP", "XMATCH"), (0,)),
}


class Formula:
    """A tree, and what it is made of.

    operands  its references and numbers, in the order of `walk`
    shape     all else in that order: equal shapes make formulas alike but for operands, which stand as types
    refs      references to cells whose values it needs
    refs_beside  the same outside array formulas: of a column or row that stands for a single value the cell
              beside the formula, wherever SINGLE_ARGUMENTS know that
    functions the names of those it calls
    slides    whether each range, those that ROWS only measures too, has one size wherever it is filled to
    untraceable  whether it makes references while it computes and nobody has found out what they mean
    """

    __slots__ = (
        "_tree",
        "operands",
        "shape",
        "refs",
        "functions",
        "slides",
        "untraceable",
        "_measured",
        "_single",
        "_beside",
        "_alike",
    )

    def __init__(self, tree: Node):
        self._tree: Node | None = tree
        self.untraceable = False
        self.operands: list[Ref | Const] = []
        self.functions: set[str] = set()
        self._measured: set[int] = set()  # numbers of the operands that it needs no values of
        self._single: set[int] | None = None  # of those in single places; None until somebody asks
        shape: list = []
        measured: set[int] = set()
        found_out: set[int] = set()  # nodes behind a reference that is known
        for node in walk(tree):
            if isinstance(node, Ref):
                shape.append(Ref)
                if id(node) in measured:
                    self._measured.add(len(self.operands))
                self.operands.append(node)
                continue
            if isinstance(node, Infix | Prefix):
                shape.append(node.operator)
                continue
            match node:
                case Const(float()):
                    shape.append(float)
                    self.operands.append(node)
                case Call(name, args):
                    shape += (name, len(args))
                    self.functions.add(name)
                    self.untraceable |= name in MAKERS and id(node) not in found_out
                    if name in SHAPE_ONLY:
                        measured.update(id(arg) for arg in args)
                case Union(parts):
                    shape += (Union, len(parts))
                case RefInfix(operator):
                    shape += (RefInfix, operator)
                    self.untraceable |= id(node) not in found_out
                case Made(_, source):
                    shape.append(Made)
                    found_out.update(id(inner) for inner in walk(source))
                    measured.update(id(ref) for ref in only_placed(source))
                case Lambda(parameters, _, optional, itself):
                    shape += (Lambda, parameters, optional, itself)
                case Apply(_, args):
                    shape += (Apply, len(args))
                case _:
                    shape += (type(node), node)
        self.shape = tuple(shape)
        self._refer()

    def _refer(self) -> None:
        refs = [node for node in self.operands if type(node) is Ref]
        self.slides = all(ref.slides for ref in refs)
        self.refs: list[Ref] = refs
        self._beside: list[Ref] | None = None
        if self._measured:
            needed = (node for i, node in enumerate(self.operands) if i not in self._measured)
            self.refs = [node for node in needed if type(node) is Ref]

    @property
    def refs_beside(self) -> list[Ref]:
        if self._beside is None:
            self._beside = self.refs
            if any(ref.beside is not ref for ref in self.refs):
                single = self._in_single_places()
                self._beside = [
                    node.beside if i in single else node
                    for i, node in enumerate(self.operands)
                    if type(node) is Ref and i not in self._measured
                ]
        return self._beside

    def _in_single_places(self) -> set[int]:
        """The numbers of operands."""
        if self._tree is None:
            return self._alike._in_single_places()
        if self._single is None:
            found = _in_single_places(self._tree)
            self._single = {i for i, node in enumerate(self.operands) if id(node) in found}
        return self._single

    def with_operands(self, operands: list[Ref | Const]) -> "Formula":
        """The formula that is this one but for its references and numbers."""
        other = object.__new__(Formula)
        other._tree, other._alike, other.operands = None, self, operands
        other.shape, other.functions, other._measured = self.shape, self.functions, self._measured
        other.untraceable, other._single = self.untraceable, None
        other._refer()
        return other

    @property
    def tree(self) -> Node:
        """Its root."""
        if self._tree is None:
            self._tree = _substituted(self._alike.tree, self.operands)
        return self._tree


def _in_single_places(tree: Node) -> set[int]:
    """The ids of references that outside array formulas stand for a single value."""
    found: set[int] = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        match node:
            case Ref():
                found.add(id(node))
            case Infix() | Prefix() | Percent():
                stack.extend(children(node))
            case Call(name, args) if name in SINGLE_ARGUMENTS:
                stack.extend(arg for i, arg in enumerate(args) if i in SINGLE_ARGUMENTS[name])
    return found


def _substituted(tree: Node, operands: list[Ref | Const]) -> Node:
    """The tree with other references and numbers; without recursion, as `walk`."""
    left, built = list(operands), []
    for node in reversed(list(walk(tree))):
        parts = tuple(built.pop() for _ in children(node))
        if isinstance(node, Ref) or isinstance(node, Const) and isinstance(node.value, float):
            built.append(left.pop())
        else:
            built.append(with_children(node, parts))
    return built.pop()


def with_children(node: Node, parts: tuple[Node, ...]) -> Node:
    """The node over other ones than its `children`, as many of them."""
    match node:
        case Union():
            return Union(parts)
        case Prefix(operator):
            return Prefix(operator, *parts)
        case Percent():
            return Percent(*parts)
        case Infix(operator):
            return Infix(operator, *parts)
        case RefInfix(operator):
            return RefInfix(operator, *parts)
        case Call(name):
            return Call(name, parts)
        case Made():
            return Made(parts[0], parts[1])  # type: ignore[arg-type]
        case Lambda(parameters, _, optional, itself):
            return Lambda(parameters, parts[0], optional, itself)
        case Apply():
            return Apply(parts[0], parts[1:])
    return node


_CHILDREN: dict[type, Callable[..., tuple[Node, ...]]] = {
    Union: attrgetter("parts"),
    Prefix: lambda node: (node.operand,),
    Percent: lambda node: (node.operand,),
    Infix: attrgetter("left", "right"),
    RefInfix: attrgetter("left", "right"),
    Call: attrgetter("args"),
    Made: attrgetter("meant", "source"),
    Lambda: lambda node: (node.body,),
    Apply: lambda node: (node.function, *node.args),
}


def children(node: Node) -> tuple[Node, ...]:
    of_its_kind = _CHILDREN.get(type(node))
    return of_its_kind(node) if of_its_kind else ()


def only_placed(node: Node) -> Iterator[Ref]:
    """The references among those that make another one of which only the place is asked."""
    match node:
        case Ref():
            yield node
        case Made(meant, source):
            yield from only_placed(meant)
            yield from only_placed(source)
        case RefInfix(_, left, right):
            yield from only_placed(left)
            yield from only_placed(right)
        case Union(parts):
            for part in parts:
                yield from only_placed(part)
        case Call("OFFSET" | "INDEX" | "ANCHORARRAY", args):
            yield from only_placed(args[0])
        case Call("CHOOSE" | "IF", args):
            for arg in args[1:]:
                yield from only_placed(arg)


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, without recursion: a sum of a thousand terms is a thousand deep."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        if parts := children(node):
            stack.extend(reversed(parts))

"""Ranges that grow as a formula is filled, C$2:C3 in SUM(C$2:C3): which are computed step by step.

From one cell to the next such a range gains a row or a column, or loses one. What a sum, a product or an
extreme comes to then follows from the cell before, so that a run of them costs what its last range does. A
function that must see the whole range, such as MEDIAN, is computed cell by cell.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from xlcicf.formula.address import Area
from xlcicf.formula.tree import Call, Edge, Node, Ref, Union, children

STEP_BY_STEP = {"SUM", "SUMSQ", "PRODUCT", "AVERAGE", "COUNT", "COUNTA", "MAX", "MIN", "AND", "OR"}
EXTREMES = {"MAX", "MIN"}  # along one line of cells only: of a rectangle, ties are not shared step by step
PAIRED = "SUMPRODUCT"  # of ranges that grow alike
OF_GROWING = STEP_BY_STEP | {PAIRED}
MEASURED = {"ROWS", "COLUMNS"}  # of them only the size is asked


def ranges_that_grow(tree: Node) -> list[Ref] | None:
    """The ranges of a formula that change their size where it is filled to; None where one of them is read
    by what cannot be computed step by step."""
    found: list[Ref] = []
    stack: list[tuple[Node, bool]] = [(tree, False)]
    while stack:
        node, is_handed = stack.pop()
        if isinstance(node, Ref) and not node.slides:
            if not is_handed:
                return None
            found.append(node)
        elif isinstance(node, Union):
            stack += [(part, is_handed) for part in node.parts]
        elif isinstance(node, Call):
            hands = node.name in STEP_BY_STEP | MEASURED or node.name == PAIRED and _are_alike(node.args)
            stack += [(arg, hands) for arg in node.args]
        else:
            stack += [(child, False) for child in children(node)]
    return found


def _are_alike(args: Sequence[Node]) -> bool:
    """Whether all are ranges that have one size in each cell."""
    spans = {
        ((ref.top.fixed, *_span(ref.top, ref.bottom)), (ref.left.fixed, *_span(ref.left, ref.right)))
        for ref in args
        if isinstance(ref, Ref)
    }
    return len(spans) == 1 and all(isinstance(arg, Ref) for arg in args)


def _span(first: Edge, last: Edge) -> tuple[bool, int]:
    return last.fixed, last.at - first.at


def grows(ref: Ref, host: Area) -> tuple[bool, bool]:
    """Whether a reference changes its height down the cells of `host`, and its width to the right."""
    rows, cols = host.shape
    down, right = ref.top.fixed != ref.bottom.fixed, ref.left.fixed != ref.right.fixed
    return down and rows > 1, right and cols > 1


def shrinks(ref: Ref, host: Area) -> tuple[bool, bool]:
    """Whether a range that grows in the cells of `host`, or shrinks, only shrinks: down, and to the right."""
    down, right = grows(ref, host)
    return (
        down and host.top < _turn(ref.top, ref.bottom),
        right and host.left < _turn(ref.left, ref.right),
    )


def one_way(host: Area, refs: Sequence[Ref], functions: set[str]) -> Iterator[Area]:
    """The cells of a run in parts within which each range only grows or only shrinks.

    A range turns where its moving end passes the fixed one, as C$9:C3 does when it is filled down."""
    rows = {_turn(ref.top, ref.bottom) for ref in refs if ref.top.fixed != ref.bottom.fixed}
    cols = {_turn(ref.left, ref.right) for ref in refs if ref.left.fixed != ref.right.fixed}
    for top, bottom in _cut(host.top, host.bottom, rows):
        for left, right in _cut(host.left, host.right, cols):
            part = Area(host.sheet, top, left, bottom, right)
            if functions & EXTREMES and any(all(grows(ref, part)) for ref in refs):
                yield from _lines(part)
            else:
                yield part


def _turn(one: Edge, other: Edge) -> int:
    """The row (or column) of the cell in which both ends meet."""
    fixed, moving = (one, other) if one.fixed else (other, one)
    return fixed.at - moving.at


def _cut(first: int, last: int, turns: set[int]) -> list[tuple[int, int]]:
    starts = [first, *sorted(turn for turn in turns if first < turn < last), last + 1]
    return [(start, end - 1) for start, end in pairwise(starts)]


def _lines(area: Area) -> Iterator[Area]:
    """The columns of an area, or its rows where these are longer."""
    rows, cols = area.shape
    if rows >= cols:
        for col in range(area.left, area.right + 1):
            yield Area(area.sheet, area.top, col, area.bottom, col)
    else:
        for row in range(area.top, area.bottom + 1):
            yield Area(area.sheet, row, area.left, row, area.right)


def length(host: Area, refs: Sequence[Ref]) -> int:
    """How many cells long the longest way is along which some range grows."""
    ways = [any(grows(ref, host)[axis] for ref in refs) for axis in (0, 1)]
    return max((n for n, way in zip(host.shape, ways, strict=True) if way), default=1)


def sizes(ref: Ref, host: Area) -> tuple[list[int], list[int]]:
    """How many rows a range has for each row of the cells in `host`, and how many columns for each column;
    one number where all are the same."""
    down, right = grows(ref, host)
    rows = range(host.top, host.bottom + 1 if down else host.top + 1)
    cols = range(host.left, host.right + 1 if right else host.left + 1)
    return (
        [abs(ref.top.resolve(row) - ref.bottom.resolve(row)) + 1 for row in rows],
        [abs(ref.left.resolve(col) - ref.right.resolve(col)) + 1 for col in cols],
    )


def step_of(ref: Ref, host: Area) -> Ref:
    """What a growing range gains in each cell: the row or column at its moving end, or the cell at both."""
    down, right = grows(ref, host)
    top, bottom = (_moving(ref.top, ref.bottom),) * 2 if down else (ref.top, ref.bottom)
    left, right_ = (_moving(ref.left, ref.right),) * 2 if right else (ref.left, ref.right)
    return Ref(ref.sheet, top, left, bottom, right_)


def _moving(one: Edge, other: Edge) -> Edge:
    return other if one.fixed else one


def from_the_anchor(ref: Ref, host: Area) -> Area:
    """The run's cells and, before them (after them where the range shrinks), as many as it takes for one to
    read nothing but the line at the fixed end; some may lie off the sheet."""
    down, right = grows(ref, host)
    top, bottom = _reaching(ref.top, ref.bottom, host.top, host.bottom) if down else (host.top, host.bottom)
    left, right_ = _reaching(ref.left, ref.right, host.left, host.right) if right else (host.left, host.right)
    return Area(host.sheet, top, left, bottom, right_)


def _reaching(one: Edge, other: Edge, first: int, last: int) -> tuple[int, int]:
    turn = _turn(one, other)
    return min(first, turn), max(last, turn)

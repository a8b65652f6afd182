"""What the references mean that a run of formulas makes, OFFSET(...) say, found out from a book's values."""

from collections.abc import Iterator
from dataclasses import replace

from xlcicf.errors import FormulaError, NotDifferentiable
from xlcicf.formula.address import Area
from xlcicf.formula.context import Context
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.made_references import spots_of
from xlcicf.formula.runs import RunGraph
from xlcicf.formula.tree import MAKERS, Call, Formula, Made, Node, RefInfix, children, with_children
from xlcicf.formula.units import Run


def found_out(graph: RunGraph, run: Run, tree: Node) -> Iterator[Run]:
    """A run with this tree, or as few parts of it as have one tree each in which what is made is known."""
    evaluator = Evaluator(graph)
    last: tuple[Area, Node] | None = None
    for area, meant in _meanings(evaluator, run.host, run.array, tree):
        if last and last[1] == meant and (both := _one_area(last[0], area)):
            area = both
        elif last:
            yield _with_tree(run, *last)
        last = area, meant
    if last:
        yield _with_tree(run, run.area if run.block else last[0], last[1])


def _meanings(evaluator: Evaluator, host: Area, array: bool, tree: Node) -> Iterator[tuple[Area, Node]]:
    """Parts of the host, halved until one tree says what all of a part's cells mean. A cell of which that is
    not known, because what it reads is not, keeps the tree as it is."""
    try:
        meant = _with_meanings(tree, Context(evaluator, host, array_formula=array))
    except NotDifferentiable:
        raise
    except FormulaError:
        meant = tree if host.shape == (1, 1) else None
    if meant is not None:
        yield host, meant
        return
    for half in _halves(host):
        yield from _meanings(evaluator, half, array, tree)


def _halves(area: Area) -> tuple[Area, Area]:
    rows, columns = area.shape
    if rows > 1:
        middle = area.top + rows // 2
        return replace(area, bottom=middle - 1), replace(area, top=middle)
    middle = area.left + columns // 2
    return replace(area, right=middle - 1), replace(area, left=middle)


def _one_area(above: Area, below: Area) -> Area | None:
    """Two areas under each other as one."""
    is_one = (above.left, above.right, above.bottom + 1) == (below.left, below.right, below.top)
    return replace(above, bottom=below.bottom) if is_one else None


def _with_tree(run: Run, area: Area, tree: Node) -> Run:
    """A part of the run under another tree, which no other run has by its text."""
    part = run.part(area)
    part.formula = Formula(tree)
    return part


def _with_meanings(node: Node, context: Context) -> Node | None:
    """The tree with `Made` in the place of each reference that is made; None where the cells' do not move
    with them as one reference does."""
    parts = [_with_meanings(child, context) for child in children(node)]
    if any(part is None for part in parts):
        return None
    source = with_children(node, tuple(part for part in parts if part is not None))
    if not isinstance(node, RefInfix) and not (isinstance(node, Call) and node.name in MAKERS):
        return source
    meant = spots_of(source, context).meant(context)
    return meant and Made(meant, source)

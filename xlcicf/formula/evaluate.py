"""Computes formulas, once for all cells of a run or a batch: trees and cells in, grids of tensors out."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from xlcicf.errors import FormulaError, NotDifferentiable, Unforeseen
from xlcicf.formula import tape as t
from xlcicf.formula.address import Area
from xlcicf.formula.book_values import BookValues, located
from xlcicf.formula.choice import Either, Value, either, of_each, why_apart
from xlcicf.formula.comparing import negative, without_remainder
from xlcicf.formula.context import OMITTED, CellByCell, Closure, Context, place_of, place_on_sheet
from xlcicf.formula.dates import counted_from
from xlcicf.formula.functions import FUNCTIONS, INFIX, PERCENT, PREFIX, called
from xlcicf.formula.grid import (
    CROSSES_NOTHING,
    Grid,
    beside,
    constant,
    crossing,
    error_at,
    first_error,
    framed,
    from_numbers,
    from_scalars,
    from_truths,
    laid_out,
    merged,
    one_number,
    stacked,
    tiled,
)
from xlcicf.formula.growing import from_the_anchor, grows, shrinks, step_of
from xlcicf.formula.made_references import spots_of
from xlcicf.formula.pieces import Gathering, Piece, Pieces, in_a_row
from xlcicf.formula.running import Growing, Way
from xlcicf.formula.runs import RunGraph
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.tape import Tape
from xlcicf.formula.tree import (
    MAKERS,
    Apply,
    ArrayConst,
    Call,
    Const,
    Infix,
    Lambda,
    Local,
    Made,
    Node,
    Percent,
    Prefix,
    Ref,
    RefInfix,
    Union,
)
from xlcicf.formula.undisturbed import deeper
from xlcicf.formula.units import SMALL, Batch, Host, Run, Unit, areas_of
from xlcicf.formula.whole_columns import Beyond, EveryBlankCell, is_of_each, meant, of_whole_columns

MAX_CELLS = 2**22  # of one range
CHOOSERS = {"CHOOSE", "IF", "IFS", "SWITCH"}  # they hand on a range as it is
OURS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
DEEPEST = 1024  # parameters, and one for each call, of LAMBDAs within each other
MOST_APPLIED = 20_000  # calls of LAMBDAs in one formula


@dataclass(frozen=True)
class Apart:
    """Cells of an area that changing cells make a number or a text, or one of several texts: `shown` for each
    (rows, columns, 1, 1)."""

    area: Area
    shown: Either

    @property
    def refusal(self) -> NotDifferentiable:
        """Of who needs all of them at once, or numbers."""
        return _refused(self.shown, self.area.cell(0, 0))

    @property
    def now(self) -> Grid:
        """What the cells show while recording (1, 1, rows, columns)."""

        def chosen(value: Value) -> Grid:
            if isinstance(value, Grid):
                return value.as_cells(self.area.shape).as_it_stands()
            condition = from_truths(value.condition).as_cells(self.area.shape).as_it_stands().num
            grid = merged(t.not_equal(condition, 0.0), chosen(value.yes), chosen(value.no))
            assert grid is not None
            return grid

        return chosen(self.shown)

    def seen(self, see: Callable[[Grid], Grid], area: Area) -> Value:
        """see(cells of the area within (1, 1, rows, columns)) of whichever they come to."""
        return self._seen(self.shown, lambda grid: see(grid.cut(*area.within(self.area))))

    def _seen(self, value: Value, see: Callable[[Grid], Grid]) -> Value:
        if isinstance(value, Grid):
            return see(value.as_cells(self.area.shape))
        condition = see(from_truths(value.condition).as_cells(self.area.shape))
        yes, no = (self._seen(one, see) for one in (value.yes, value.no))
        cell = value.cell or self.area.cell(0, 0)
        return either(t.not_equal(condition.num, 0.0), yes, no, value.by, cell)


class Evaluator:
    """Computes units in the order given and remembers the results; other cells stand at their saved values.

    tape         what records, in `decisions`, the choices that formulas make; None where nobody asks
    book_values  what has been read of the book before; None where that is nothing
    """

    looks_beyond = True  # whether a reference may be read more than once, as other cells

    def __init__(self, graph: RunGraph, tape: Tape | None = None, book_values: BookValues | None = None):
        self.graph, self.tape = graph, tape
        self.pieces = Pieces()
        self.book_values = book_values or BookValues(graph.book)
        self._stacks: dict[tuple[Area, ...], Grid] = {}  # what one unit reads more than once
        self._rows: dict[tuple[int, ...], Grid] = {}  # pieces, by their numbers, beside each other
        self.apart: list[Apart] = []  # cells that changing cells make a number or a text
        self.beyond: Beyond | None = None  # of whole columns, while a function asks for their blank cells
        self._left_out: set[tuple[int, int]] = set()  # (0, how many blank rows) or (1, columns) of these
        self._beside: set[tuple[int, int]] = set()  # rows and columns of the arrays that stand beside them
        self._within = 0  # LAMBDAs that are being called
        self._applied = 0  # calls of LAMBDAs in one formula
        self.made: dict[Unit, list[Piece]] = {}
        self.maker: dict[int, tuple[Unit, int]] = {}  # id of a piece -> its unit, which of its pieces it is

    def afresh(self) -> "Evaluator":
        """One that has computed nothing yet, and need not read again what this one has read of the book."""
        return Evaluator(self.graph, book_values=self.book_values)

    def note(self, unit: Unit, pieces: list[Piece]) -> list[Piece]:
        """From now on these are known for the pieces of the unit."""
        self.made[unit] = pieces
        self.maker.update((id(piece), (unit, i)) for i, piece in enumerate(pieces))
        return pieces

    def lay(self, piece: Piece) -> Piece:
        """From now on references to the piece's cells mean its values."""
        self.pieces.add(piece)
        self._rows.clear()
        return piece

    def compute(self, unit: Run | Batch) -> list[Piece]:
        """The unit's cells, laid for the units that follow. Rings have a file of their own.

        Raises NotDifferentiable for what has no derivative or no translation, by cell and function.
        """
        return [self.lay(piece) for piece in self._pieces(unit)]

    def _pieces(self, unit: Run | Batch) -> list[Piece]:
        decided = len(self.tape.decisions) if self.tape else 0
        try:
            shown = self._shown(unit)
            if isinstance(shown, Either):
                self.apart.append(self._kept_apart(unit, shown))
                return []
            return [Piece(areas_of(unit), shown)]
        except FormulaError as error:  # for one of them, to be named by its own cell
            parts = self.graph.parts(unit, cell_by_cell=isinstance(error, CellByCell))
            if not parts:
                raise
            if self.tape:
                del self.tape.decisions[decided:]
            return [piece for part in parts for piece in self._pieces(part)]

    def cells_of(self, unit: Run | Batch) -> Grid:
        """What the unit's cells show (1, 1, rows, columns). Refused where a changing cell decides of which
        kind that is."""
        shown = self._shown(unit)
        if isinstance(shown, Either):
            raise _refused(shown, unit.host.cell(0, 0))
        return shown

    def _shown(self, unit: Run | Batch) -> Value:
        """The same; an Either of what single cells (H, W, 1, 1) show that are of no one kind."""
        try:
            return self._computed(unit)
        except OURS as error:
            raise Unforeseen(unit.host.cell(0, 0), error) from error

    def _computed(self, unit: Run | Batch) -> Value:
        host = unit.host
        self._stacks.clear()
        self._applied = 0
        block = unit if isinstance(unit, Run) and unit.block else None
        if self.tape:
            self.tape.deciding = host
        spread = block.area.shape if block else (1, 1)
        context = Context(self, host, array_formula=unit.array, spread=spread)
        with counted_from(self.graph.book.calculation.date1904):
            value = self._final(self.graph.tree(unit), context)
        shown = of_each(lambda grid: self._spread(grid, block) if block else grid.first().as_value(), value)
        if isinstance(shown, Either) and not block:  # what shows alike is one kind once blanks show 0
            shown = of_each(lambda grid: grid.with_blanks_as_zeros(), shown)
        if isinstance(shown, Either):
            return shown
        return shown if block else shown.as_cells(host.shape)

    def _kept_apart(self, unit: Run | Batch, shown: Either) -> "Apart":
        """For references to single ones of the unit's cells. Refused where nobody records what changes, in
        whose stead values are computed of which the kind is known, and of a range filled as one formula."""
        if not self.tape or not isinstance(unit, Run) or unit.block:
            raise _refused(shown, unit.host.cell(0, 0))
        return Apart(unit.area, shown)

    def _spread(self, grid: Grid, run: Run) -> Grid:
        """One array formula over its whole area: a single value, row or column repeats; cells to which it
        yields no value show #N/A, of a dynamic one nothing.

        Raises NotDifferentiable for such a dynamic one."""
        shape, yielded = run.area.shape, grid.extent
        grid = grid.with_blanks_beyond(shape)
        for axis, (has, cells) in enumerate(zip(yielded, shape, strict=True), start=2):
            if 1 < has < cells:
                if run.origin in self.graph.book.sheets[run.area.sheet].spilling:
                    raise NotDifferentiable(
                        f"{run.cell}: its array formula spills to other cells now than when the book was"
                        " saved; open and save it in Excel",
                        run.cell,
                    )
                why = f"yields {yielded[0]} x {yielded[1]} values for {shape[0]} x {shape[1]} cells"
                grid = framed(grid, axis, 0, cells - has, "#N/A", run.host, why)
        return grid.as_spread(shape)

    def _final(self, tree: Node, context: Context) -> Value:
        """A formula's outcome. Of a last sum or difference Excel takes what 15 digits show as 0 for 0, not
        so in parentheses: see parse.py."""
        if not (isinstance(tree, Infix) and tree.operator in ("+", "-")):
            return self.operand(tree, context)
        left, right = (self.operand(side, context) for side in (tree.left, tree.right))
        value = INFIX[tree.operator](context, left, right)
        if isinstance(value, Grid) and isinstance(left, Grid) and isinstance(right, Grid):
            return without_remainder(value, left, right if tree.operator == "-" else negative(right))
        return value

    # --- trees ------------------------------------------------------------------------------------------

    def _evaluate(self, node: Node, context: Context) -> Value:
        match node:
            case Infix():
                return self._infix_chain(node, context)
            case Call(name, args):
                return self._call(name, args, context)
            case Ref():
                return self._referred(node, context.host)
            case Const(value):
                if isinstance(context.host, Batch) and (numbers := context.host.numbers(node)) is not None:
                    return from_numbers(torch.from_numpy(numbers))
                if type(value) is float:
                    return one_number(value)
                return constant(located(value, context.cell))
            case ArrayConst(rows):
                if self.beyond:
                    self._beside.add((len(rows), len(rows[0])))
                cells = np.empty((1, 1, len(rows), len(rows[0])), dtype=object)
                for i, row in enumerate(rows):
                    cells[0, 0, i, :] = [located(value, context.cell) for value in row]
                return from_scalars(cells).as_array()
            case Local() | Apply() | Lambda():
                return self._called(node, context)
            case Made():
                return self._evaluate(self._meant(node, context), context)
            case RefInfix():
                raise NotDifferentiable(
                    f"{context.cell}: which cells its range means cannot be followed; write the range itself",
                    context.cell,
                )
            case Union():
                raise NotDifferentiable(
                    f"{context.cell}: several ranges in one argument stand where one value is needed",
                    context.cell,
                )
            case Prefix("@", operand):
                return self.single(operand, context)
            case Prefix(sign, operand):
                return PREFIX[sign](context, self.operand(operand, context))
            case Percent(operand):
                return PERCENT(context, self.operand(operand, context))
        raise AssertionError(node)

    def _infix_chain(self, node: Infix, context: Context) -> Value:
        """a + b + c + ... from the left, without recursion along it."""
        spine: list[Infix] = []
        left: Node = node
        while isinstance(left, Infix):
            spine.append(left)
            left = left.left
        value, texts = self.operand(left, context), []
        for infix in reversed(spine):
            right = self.operand(infix.right, context)
            if infix.operator == "&":
                texts.append(right)
                continue
            if texts:
                value, texts = INFIX["&"](context, value, *texts), []
            value = INFIX[infix.operator](context, value, right)
        return INFIX["&"](context, value, *texts) if texts else value

    def _call(self, name: str, args: tuple[Node, ...], context: Context) -> Value:
        if name in MAKERS:
            raise NotDifferentiable(
                f"{context.cell}: what the reference that {name} makes means cannot be followed; write the"
                " reference itself",
                context.cell,
                name,
            )
        if name not in FUNCTIONS:
            raise NotDifferentiable(
                f"{context.cell}: the function {name} is not translated; write it with functions that are"
                " or keep it out of the way from changing cells to objective",
                context.cell,
                name,
            )
        if self.beyond and not is_of_each(name, args):
            return self._as_one_value(name, args, context)
        decided = len(self.tape.decisions) if self.tape else 0
        try:
            return called(name, args, context)
        except EveryBlankCell:
            if self.beyond or not self.looks_beyond or isinstance(context.host, Batch):
                raise
            if self.tape:
                del self.tape.decisions[decided:]
            found = self._over_blank_cells(name, args, context)
            if found is None:
                raise
            return found

    def _over_blank_cells(self, name: str, args: tuple[Node, ...], context: Context) -> Value | None:
        """What a function makes of whole columns; None where two blank cells do not tell it."""
        self._left_out.clear()
        self._beside.clear()

        def within(beyond: Beyond, compute: Callable[[], Value]) -> Value:
            self.beyond = beyond
            try:
                return compute()
            finally:
                self.beyond = None

        def added(value: Value, two: Grid) -> Value:
            (_, count), numbers = next(iter(self._left_out), (0, 0)), two.numbers() / 2
            if not numbers.any():
                return value
            return INFIX["+"](context, value, from_numbers(torch.from_numpy(numbers * count)))

        found = of_whole_columns(
            name,
            args,
            lambda name, args, beyond: within(beyond, lambda: called(name, args, context)),
            added,
            lambda node, beyond: within(
                beyond, lambda: self._evaluate(node, context.of(name).taking("array"))
            ),
        )
        # an array as long as the cells meant by chance would be another length beside all of them
        fits = all(shape[axis] == 1 for shape in self._beside for axis, _ in self._left_out)
        return found if fits and len(self._left_out) == 1 else None

    def _as_one_value(self, name: str, args: tuple[Node, ...], context: Context) -> Value:
        """What a function of other ranges comes to, inside one that asks for the blank cells of its own."""
        beyond, self.beyond = self.beyond, None
        left_out, beside = set(self._left_out), set(self._beside)
        try:
            value = self._call(name, args, context)
        finally:
            self.beyond, self._left_out, self._beside = beyond, left_out, beside
        _require_single(value, f"all that {name} yields", context)
        return value

    # --- LET and LAMBDA ---------------------------------------------------------------------------------

    def _called(self, node: Node, context: Context) -> Value:
        value = self.value_or_closure(node, context)
        if isinstance(value, Closure):
            return context.error("#CALC!", "yields a LAMBDA that nothing calls")
        return value

    def value_or_closure(self, node: Node, context: Context) -> "Value | Closure":
        match node:
            case Local(name):
                value = context.locals[name]
                if self.beyond and not isinstance(
                    value, Closure
                ):  # made of all cells, whichever are meant now
                    _require_single(value, f"all that {name!r} stands for", context)
                return value
            case Lambda():
                return Closure(node, context.locals)
            case Apply(function, args):
                closure = self.value_or_closure(function, context)
                if not isinstance(closure, Closure):
                    return context.error("#VALUE!", "calls what is no LAMBDA")
                given = [self._argument(arg, context) for arg in args]
                of = self._yielded if isinstance(function, Lambda) else self.applied
                return of(closure, given, context)
        return self._evaluate(node, context)

    def _argument(self, node: Node, context: Context) -> "Value | Closure":
        return OMITTED if node == Const(None) else self.value_or_closure(node, context)

    def _yielded(
        self, closure: Closure, args: Sequence["Value | Closure"], context: Context
    ) -> "Value | Closure":
        """What a LAMBDA, or LET, yields of these arguments."""
        parameters = closure.function.parameters
        lacking = len(parameters) - len(args)
        if not 0 <= lacking <= closure.function.optional:
            return context.error("#VALUE!", f"gives {len(args)} arguments to a LAMBDA of {len(parameters)}")
        given = zip(parameters, [*args, *[OMITTED] * lacking], strict=True)
        names = {**closure.locals, **dict(given)}
        if closure.function.itself:
            names[closure.function.itself] = closure
        return self.value_or_closure(closure.function.body, replace(context, locals=names))

    def applied(
        self, closure: Closure, args: Sequence["Value | Closure"], context: Context
    ) -> "Value | Closure":
        """What a LAMBDA yields of these arguments; #NUM! where it is within too many others, as in Excel."""
        if (self._within + 1) * (len(closure.function.parameters) + 1) > DEEPEST:
            return context.error("#NUM!", "calls LAMBDAs within each other without an end")
        self._applied += 1
        if self._applied > MOST_APPLIED:
            raise NotDifferentiable(
                f"{context.cell}: calls LAMBDAs more than {MOST_APPLIED:,} times; use more cells",
                context.cell,
            )
        self._within += 1
        try:
            with deeper():
                return self._yielded(closure, args, context)
        finally:
            self._within -= 1

    def value(self, node: Node, context: Context) -> Value:
        """An argument as it stands: cells, array or single value."""
        return self._evaluate(node, context)

    def operand(self, node: Node, context: Context) -> Value:
        """An argument meant as a single value: outside array formulas a range means its cell beside us."""
        if not context.array:
            return self.single(node, context)
        node = self._meant(node, context)
        if isinstance(node, Ref):
            return self._referred(node, context.host, blanks_count=True)
        return self._evaluate(node, context)

    def _meant(self, node: Node, context: Context) -> Node:
        """The reference itself for one that the formula makes; any other node as it is.

        Raises FormulaError where it means other cells now than when it was found out."""
        if not isinstance(node, Made):
            return node
        now = spots_of(node.source, context)
        if not now.equal(spots_of(node.meant, context)):
            raise FormulaError(
                f"{context.cell}: its reference means other cells than before; open the book again",
                context.cell,
            )
        return node.meant

    def book(self) -> Snapshot:
        """What formulas stand on, as it was read."""
        return self.graph.book

    def single(self, node: Node, context: Context) -> Value:
        """Implicit intersection: of a range, the cell in the formula's own row or column."""
        node = self._meant(node, context)
        if isinstance(node, Ref):
            return self._crossing(node, context.host)
        if isinstance(node, Call) and not context.array and _hands_on_a_range(node):
            node = Call(node.name, tuple(Prefix("@", arg) for arg in node.args))
        value = self._evaluate(node, context)
        if isinstance(value, Grid) and value.place is None:
            return value
        return of_each(lambda grid: crossing(grid, context.host), value)

    def _crossing(self, ref: Ref, host: Host) -> Value:
        """The same of a reference, of which only the cells meant are read."""
        if self.apart and (value := self._of_apart(ref, host)) is not None:
            return value
        if isinstance(host, Batch):
            return crossing(self.reference(ref, host), host)
        area = ref.area(host.top, host.left)
        if area is None or area.is_cell:
            return self.reference(ref, host)
        last = ref.area(host.bottom, host.right)
        assert last
        inside = None
        if area.shape[1] == 1:
            ref = ref.in_own_row
            inside = host.intersect(Area(host.sheet, area.top, host.left, last.bottom, host.right))
        elif area.shape[0] == 1:
            ref = ref.in_own_column
            inside = host.intersect(Area(host.sheet, host.top, area.left, host.bottom, last.right))
        if inside is None:
            return constant(error_at("#VALUE!", host.cell(0, 0), CROSSES_NOTHING))
        grid = self.reference(ref, inside)
        if inside == host:
            return grid
        above, left = inside.top - host.top, inside.left - host.left
        below, right = host.bottom - inside.bottom, host.right - inside.right
        axis, before, after = (0, above, below) if above or below else (1, left, right)
        grid = grid.expanded((*inside.shape, 1, 1))
        return framed(grid, axis, before, after, "#VALUE!", host, CROSSES_NOTHING)

    # --- references -------------------------------------------------------------------------------------

    def _referred(self, ref: Ref, host: Host, blanks_count: bool = False) -> Value:
        """The cells meant by `ref`, of whatever kinds changing cells make them."""
        if self.apart and (value := self._of_apart(ref, host)) is not None:
            return value
        return self.reference(ref, host, blanks_count)

    def _of_apart(self, ref: Ref, host: Host) -> Value | None:
        """What a reference to one cell of those apart comes to for each cell of the host; None for one that
        means none of them."""
        areas = host.areas(ref) if isinstance(host, Batch) else [ref.footprint(host)]
        meant = [(one, area) for one in self.apart for area in areas if area and area.intersect(one.area)]
        if not meant:
            return None
        (found, whole), place = meant[0], place_of(ref, host)
        if isinstance(host, Batch) or whole.intersect(found.area) != whole:
            raise CellByCell(str(found.refusal), found.refusal.cell, found.refusal.function)
        if place is None or (place.rows, place.cols) != (1, 1):
            raise found.refusal
        return found.seen(lambda grid: _as_seen(grid, ref, whole, host).at(place), whole)

    def _require_together(self, areas: Iterable[Area]) -> None:
        """Refuses to read cells that changing cells make a number or a text."""
        if one := self.apart_among(areas):
            raise one.refusal

    def apart_among(self, areas: Iterable[Area]) -> Apart | None:
        """The first of those that changing cells make a number or a text, if one lies in these areas."""
        if not self.apart:
            return None
        areas = list(areas)
        return next((one for one in self.apart if any(area.intersect(one.area) for area in areas)), None)

    def reference(self, ref: Ref, host: Host, blanks_count: bool = False) -> Grid:
        """The cells meant by `ref` for each cell of the run or batch `host`.

        Whole columns and rows end where the data does; refused where `blanks_count`, as in A:A<5."""
        if isinstance(host, Batch):
            return self._scattered(ref, host, blanks_count)
        assert host.is_cell or not any(grows(ref, host))
        whole = ref.footprint(host)
        if whole is None:
            return constant(error_at("#REF!", host.cell(0, 0)))
        filled = self._bounded(whole, host, blanks_count)
        place = place_on_sheet(ref, host)
        if self.beyond and filled == whole:
            self._beside.add((place.rows, place.cols))
        elif self.beyond:
            rows, cols = filled.shape
            place = replace(place, rows=rows) if filled.right == whole.right else replace(place, cols=cols)
        values = self.values(filled)
        return (values if host.is_cell else _as_seen(values, ref, filled, host)).at(place)

    def growing(self, node: Node, host: Host) -> Growing | None:
        """A range that changes its size from cell to cell of a run; None for anything else."""
        if not isinstance(node, Ref) or isinstance(host, Batch) or not any(grows(node, host)):
            return None
        whole = node.footprint(host)
        assert whole
        if self.beyond and (filled := self.graph.trimmed(whole)) != whole:
            raise _every_blank_cell(host, whole, filled)
        filled = self._bounded(whole, host, False)
        step, steps = step_of(node, host), from_the_anchor(node, host)
        grid = _as_seen(self.values(filled), step, filled, steps).at(place_of(step, steps))
        ways = zip(grows(node, host), shrinks(node, host), host.within(steps), strict=True)
        return Growing(
            grid,
            tuple(
                Way(axis, backwards, at.start, at.stop - at.start)
                for axis, (is_one, backwards, at) in enumerate(ways)
                if is_one
            ),
        )

    def _bounded(self, whole: Area, host: Host, blanks_count: bool) -> Area:
        filled = self.graph.trimmed(whole)
        if filled != whole and self.beyond:
            cells = meant(whole, filled, self.beyond)
            if cells is None or isinstance(host, Batch):
                raise _every_blank_cell(host, whole, filled)
            rows, columns = whole.bottom - filled.bottom, whole.right - filled.right
            self._left_out.add((0, rows) if rows else (1, columns))
            filled = cells
        elif filled != whole and blanks_count:
            raise _every_blank_cell(host, whole, filled)
        if math.prod(filled.shape) > MAX_CELLS:
            cell = host.cell(0, 0)
            raise NotDifferentiable(
                f"{cell}: {filled.address} is more than {MAX_CELLS} cells; name those that hold data", cell
            )
        return filled

    def _scattered(self, ref: Ref, batch: Batch, blanks_count: bool) -> Grid:
        """The cells meant by a reference of a batch for each of its cells (cells, 1, h, w), or (1, 1, h, w)
        where all mean the same."""
        self._require_together(batch.areas(ref))
        self._bounded(batch.areas(ref)[0], batch, blanks_count)
        areas = batch.kept(ref, "areas", lambda: [self.graph.trimmed(area) for area in batch.areas(ref)])
        place = batch.kept(ref, "place", lambda: place_of(ref, batch))
        if batch.kept(ref, "is one", lambda: all(area == areas[0] for area in areas)):
            return self.values(areas[0]).at(place and place.of_one())
        if math.prod(areas[0].shape) > SMALL:
            return self._stacked(areas).at(place)
        gathering = batch.kept(ref, self.pieces.layout, lambda: self.pieces.gathering(areas))
        return self._gathered(gathering).at(place)

    def values(self, area: Area) -> Grid:
        """What stands in an area (1, 1, rows, columns)."""
        if self.apart:
            self._require_together([area])
        pieces, layout = self.pieces, self.pieces.layout
        found = pieces.at(self.graph.kept((area, layout), lambda: pieces.spots(area)))
        if not found:
            return self.book_values.grid(area)
        if len(found) == 1 and found[0].area.holds(area):
            return found[0].part(area)
        if len({id(laid.piece) for laid in found}) < len(found):
            gathering = self.graph.kept((area, layout, "gathered"), lambda: pieces.gathering([area]))
            return self._gathered(gathering).reshaped((1, 1, *area.shape))
        parts, wanted = [], np.ones(area.shape, bool)
        for laid in found:
            if both := laid.area.intersect(area):
                parts.append((both.within(area), laid.part(both)))
                wanted[both.within(area)] = False
        if not wanted.any() and (whole := tiled(parts, area.shape)):
            return whole
        return laid_out(parts, self.book_values.some(area, wanted))

    def _stacked(self, areas: Sequence[Area]) -> Grid:
        """What stands in areas of one size (areas, 1, h, w), each read as a whole and only once."""
        key = tuple(areas)
        if key not in self._stacks:
            read = {area: self.values(area) for area in areas}
            each = [read[area] for area in areas]
            self._stacks[key] = stacked(each).as_read(each)
        return self._stacks[key]

    def _gathered(self, found: Gathering) -> Grid:
        """What stands in areas of one size, wherever they lie (areas, 1, h, w)."""
        others = [in_a_row(self.book_values.some(*other)) for other in found.others]
        if others:
            return found.picked(_beside([*self.pieces.rows(found.pieces), *others]))
        key = tuple(found.pieces)
        if key not in self._rows:
            self._rows[key] = _beside(self.pieces.rows(key))
        return found.picked(self._rows[key])


def _hands_on_a_range(node: Node) -> bool:
    """Whether a range may be what a function chooses among its arguments."""
    if isinstance(node, Ref):
        return not node.is_cell
    return isinstance(node, Call) and node.name in CHOOSERS and any(map(_hands_on_a_range, node.args))


def _beside(rows: Sequence[Grid]) -> Grid:
    return beside(rows) if len(rows) > 1 else rows[0]


def _require_single(value: Value, what: str, context: Context) -> None:
    """Refuses an array beside whole columns of which some cells are meant."""
    if not isinstance(value, Grid) or not value.is_single:
        raise EveryBlankCell(
            f"{context.cell}: computes with every cell of whole columns or rows, and with {what};"
            " name the cells that hold something",
            context.cell,
        )


def _every_blank_cell(host: Host, whole: Area, filled: Area) -> EveryBlankCell:
    cell = host.cell(0, 0)
    return EveryBlankCell(
        f"{cell}: computes with every cell of {whole.address}, the blank ones too; write {filled.address}",
        cell,
    )


def _as_seen(grid: Grid, ref: Ref, whole: Area, host: Area) -> Grid:
    """From the whole footprint (1, 1, rows, columns) to what each cell of the run sees (H, W, h, w)."""
    H, W = host.shape
    rows, cols = whole.shape
    slides_down = H > 1 and not ref.top.fixed
    slides_right = W > 1 and not ref.left.fixed
    if not slides_down and not slides_right:
        return grid
    h = rows - (H - 1) if slides_down else rows
    w = cols - (W - 1) if slides_right else cols
    if (not slides_down or h == 1) and (not slides_right or w == 1):
        # Rows become the run's rows or stay the array's, and so do columns: no number is copied.
        order = (2, 1, 0, 3) if slides_down else (0, 1, 2, 3)
        return grid.permuted((order[0], 3, order[2], 1) if slides_right else order)
    row_at = np.arange(h)[None, None, :, None]
    col_at = np.arange(w)[None, None, None, :]
    if slides_down:
        row_at = row_at + np.arange(H)[:, None, None, None]
    if slides_right:
        col_at = col_at + np.arange(W)[None, :, None, None]
    return grid.taken(row_at * cols + col_at)


def _refused(shown: Either, cell: str) -> NotDifferentiable:
    cell = shown.cell or cell
    return NotDifferentiable(f"{cell}: {shown.by} {why_apart(shown)}", cell, shown.by)


def error_sentence(grid: Grid, objective: str) -> str | None:
    """Why a computed cell shows an error, by the cell where it begins; None where it shows none."""
    error = first_error(grid)
    if error is None:
        return None
    where = error.cell or objective
    what = error.why or f"shows {error}"
    return f"{where} {what}, so {objective} shows {error}; correct that cell"

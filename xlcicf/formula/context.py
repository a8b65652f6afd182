"""Where a formula is computed, and what a function can ask of its surroundings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import numpy as np

from xlcicf.errors import NotDifferentiable
from xlcicf.formula import tape as t
from xlcicf.formula.address import Area
from xlcicf.formula.choice import Value
from xlcicf.formula.grid import Grid, Place, constant, error_at, first_error
from xlcicf.formula.immutable import immutable
from xlcicf.formula.running import Growing
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.tree import Edge, Lambda, Node, Ref
from xlcicf.formula.units import Batch, Host

T = TypeVar("T")


class Fails(Exception):
    """Raised by the body of a function: its cell shows the error `code`, and `why` says so in a sentence."""

    def __init__(self, code: str, why: str | None = None):
        super().__init__(code)
        self.code, self.why = code, why


class Misused(Exception):
    """Raised by the body of a function for arguments that Excel would not let a person enter."""


class CellByCell(NotDifferentiable):
    """A run or batch cannot be computed at once, such as where each cell yields an array of another size."""


OMITTED = constant(None)  # what a parameter of a LAMBDA stands for that was not given


@dataclass(frozen=True)
class Closure:
    """A LAMBDA, and what the names around it stand for."""

    function: Lambda
    locals: "Mapping[str, Value | Closure]"


class Evaluates(Protocol):
    """Whoever knows what stands in the cells."""

    def value(self, node: Node, context: "Context") -> Value: ...
    def operand(self, node: Node, context: "Context") -> Value: ...
    def growing(self, node: Node, host: Host) -> Growing | None: ...
    def value_or_closure(self, node: Node, context: "Context") -> Value | Closure: ...
    def applied(
        self, closure: Closure, args: Sequence[Value | Closure], context: "Context"
    ) -> Value | Closure: ...
    def book(self) -> Snapshot: ...


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


@immutable
class Context:
    """A formula in a run or batch of cells.

    host           the cells it is evaluated for
    array_formula  whether it is an array formula, in which ranges stand for arrays
    array_args     whether ranges stand for arrays because of the function around
    function       the function being computed, for errors
    spread         rows and columns of the cells that one array formula fills together
    locals         what the names stand for that LET and LAMBDA give
    """

    evaluator: Evaluates
    host: Host
    array_formula: bool = False
    array_args: bool = False
    function: str = ""
    spread: tuple[int, int] = (1, 1)
    locals: Mapping[str, Value | Closure] = field(default_factory=dict)

    @property
    def cell(self) -> str:
        """The address of the first cell."""
        return self.host.cell(0, 0)

    @property
    def array(self) -> bool:
        """Whether ranges stand for arrays and not for one cell each."""
        return self.array_formula or self.array_args

    def rows(self) -> np.ndarray:
        """The rows of the cells, counted from 1; of one shape with the columns or (H, 1)."""
        return self.host.positions()[0]

    def columns(self) -> np.ndarray:
        """The columns of the cells, counted from 1; of one shape with the rows or (1, W)."""
        return self.host.positions()[1]

    def place(self, ref: Ref) -> Place | None:
        """Where each cell sees a range, which is not read; None where that is off the sheet."""
        return place_of(ref, self.host)

    def taking(self, ranges: str) -> "Context":
        """For arguments that take ranges so: see Function."""
        array = {"array": True, "plain": False, "inherit": self.array_args}[ranges]
        return self if array == self.array_args else replace(self, array_args=array)

    def of(self, function: str) -> "Context":
        """For a function; `replace` would take longer than most functions do."""
        return Context(
            self.evaluator,
            self.host,
            self.array_formula,
            self.array_args,
            function,
            self.spread,
            self.locals,
        )

    def value(self, node: Node) -> Value:
        """An argument as it stands: cells, array or single value."""
        return self.evaluator.value(node, self)

    def growing(self, node: Node) -> Growing | None:
        """A range that changes its size from cell to cell; None for anything else."""
        return self.evaluator.growing(node, self.host)

    def operand(self, node: Node) -> Value:
        """An argument meant as a single value: of a range one cell, unless ranges stand for arrays."""
        return self.evaluator.operand(node, self)

    def function_of(self, node: Node) -> Callable[..., Value]:
        """A LAMBDA among the arguments, as a function of values. Raises Fails for all else: #VALUE!, or the
        error that stands there."""
        closure = self.evaluator.value_or_closure(node, self)
        if not isinstance(closure, Closure):
            if isinstance(closure, Grid) and closure.is_single_error and closure.is_error_everywhere:
                raise Fails(str(first_error(closure)))
            raise Fails("#VALUE!", "takes a LAMBDA and is given none")

        def call(*values: Value) -> Value:
            out = self.evaluator.applied(closure, values, self)
            if isinstance(out, Closure):
                raise Fails("#CALC!", "is given a LAMBDA that yields a LAMBDA")
            return out

        return call

    def error(self, code: str, why: str | None = None) -> Grid:
        return constant(error_at(code, self.cell, why))

    def refuse(self, what: str) -> NotDifferentiable:
        return NotDifferentiable(f"{self.cell}: {self.function} {what}", self.cell, self.function)

    def cell_by_cell(self, what: str) -> CellByCell:
        return CellByCell(f"{self.cell}: {self.function} {what}", self.cell, self.function)

    def of_each_cell(self, compute: Callable[..., T], cells: Sequence[Sequence]) -> list[T]:
        """compute(*arguments) for those of each cell, which is computed alone where one of several fails."""
        try:
            return [compute(*arguments) for arguments in cells]
        except Fails:
            if len(cells) > 1:
                raise self.cell_by_cell("fails in one of several cells; write a formula for each") from None
            raise

    def require_alone(self, grid: Grid) -> None:
        """Has each cell computed alone where several have values of their own."""
        if grid.batch != (1, 1):
            raise self.cell_by_cell("fails in one of several cells; write a formula for each")

    def note_step(self, out: t.Array) -> None:
        """Notes that a number moves in steps as the function being computed has it."""
        if isinstance(out, t.Var):
            out.tape.note_step(out, self.function)

    def require_fixed(self, grids: Sequence[Grid], fixed: Sequence[int]) -> None:
        """Refuses arguments of those places, counted from 0, which depend on a changing cell."""
        for i in fixed:
            if i < len(grids) and grids[i].varies_somewhere:
                raise self.refuse(
                    f"has no derivative by its {_ORDINALS[i]} argument, which depends on a changing cell;"
                    " keep that argument constant"
                )

    def refuse_changing(self) -> NotDifferentiable:
        return self.refuse(
            "depends on a changing cell and has no derivative; keep it out of the objective's way"
        )


def place_of(ref: Ref, host: Host) -> Place | None:
    """Where each cell of a run or batch sees a range; None where that is off the sheet."""
    if isinstance(host, Batch):
        areas = host.areas(ref)
        tops, lefts = np.array([[area.top for area in areas], [area.left for area in areas]])
        return Place(lambda: (tops[:, None], lefts[:, None]), *areas[0].shape)
    return None if ref.footprint(host) is None else place_on_sheet(ref, host)


def place_on_sheet(ref: Ref, host: Area) -> Place:
    """Where each cell of a run sees a range, all of which lie on the sheet."""

    def first() -> tuple[np.ndarray, np.ndarray]:
        tops, lefts, bottoms, rights = lines_meant(ref, host)
        return np.minimum(tops, bottoms), np.minimum(lefts, rights)

    area = ref.area(host.top, host.left)
    assert area
    return Place(first, *area.shape)


def lines_meant(ref: Ref, host: Host) -> list[np.ndarray]:
    """The row or column of each of a reference's sides (top, left, bottom, right) for each of the cells."""
    if isinstance(host, Batch):
        areas = host.areas(ref)
        return [np.array([[getattr(a, side)] for a in areas]) for side in ("top", "left", "bottom", "right")]
    rows, columns = host.positions()
    sides = (ref.top, rows), (ref.left, columns), (ref.bottom, rows), (ref.right, columns)
    return [_lines(edge, hosts) for edge, hosts in sides]


def _lines(edge: Edge, hosts: np.ndarray) -> np.ndarray:
    """The row or column that one side of a reference means for each of the cells."""
    return np.array([[edge.at]]) if edge.fixed else hosts + edge.at

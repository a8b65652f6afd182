"""Where a formula is computed, and what a function can ask of its surroundings."""

from dataclasses import dataclass, replace
from typing import Protocol

from xlcicf.errors import NotDifferentiable
from xlcicf.formula.address import Area
from xlcicf.formula.choice import Value
from xlcicf.formula.grid import Grid, constant, error_at
from xlcicf.formula.tree import Node, Ref
from xlcicf.formula.units import Batch, Host


class Fails(Exception):
    """Raised by the body of a function: its cell shows the error `code`, and `why` says so in a sentence."""

    def __init__(self, code: str, why: str | None = None):
        super().__init__(code)
        self.code, self.why = code, why


class Misused(Exception):
    """Raised by the body of a function for arguments that Excel would not let a person enter."""


class Evaluates(Protocol):
    """Whoever knows what stands in the cells."""

    def value(self, node: Node, context: "Context") -> Value: ...
    def operand(self, node: Node, context: "Context") -> Value: ...


@dataclass(frozen=True)
class Context:
    """A formula in a run or batch of cells.

    host           the cells it is evaluated for
    array_formula  whether it is an array formula, in which ranges stand for arrays
    array_args     whether ranges stand for arrays because of the function around
    function       the function being computed, for errors
    """

    evaluator: Evaluates
    host: Host
    array_formula: bool = False
    array_args: bool = False
    function: str = ""

    @property
    def cell(self) -> str:
        """The address of the first cell."""
        return self.host.cell(0, 0)

    def area(self, ref: Ref) -> Area | None:
        """What a reference means in the first cell; None where it points off the sheet."""
        if isinstance(self.host, Batch):
            return self.host.areas(ref)[0]
        return ref.area(self.host.top, self.host.left)

    @property
    def array(self) -> bool:
        """Whether ranges stand for arrays and not for one cell each."""
        return self.array_formula or self.array_args

    def taking(self, ranges: str) -> "Context":
        """For arguments that take ranges so: see Function."""
        array = {"array": True, "plain": False, "inherit": self.array_args}[ranges]
        return replace(self, array_args=array)

    def value(self, node: Node) -> Value:
        """An argument as it stands: cells, array or single value."""
        return self.evaluator.value(node, self)

    def operand(self, node: Node) -> Value:
        """An argument meant as a single value: of a range one cell, unless ranges stand for arrays."""
        return self.evaluator.operand(node, self)

    def error(self, code: str, why: str | None = None) -> Grid:
        return constant(error_at(code, self.cell, why))

    def refuse(self, what: str) -> NotDifferentiable:
        return NotDifferentiable(f"{self.cell}: {self.function} {what}", self.cell, self.function)

    def refuse_changing(self) -> NotDifferentiable:
        return self.refuse(
            "depends on a changing cell and has no derivative; keep it out of the objective's way"
        )

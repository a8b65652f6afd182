"""Straight-line tensor programs and their gradients: each primitive stands beside its pullback.

A primitive applied to tensors just computes. Applied to a `Var` it computes and is also recorded on the
`Tape`. `Tape.gradients` walks the record backwards, and since pullbacks are made of primitives too, the
gradient is recorded on the same tape: constants fold on the way, and what is left is one `Program` without
branches, which runs faster than autograd's tape of the same model and works under `torch.func.vmap`.
"""

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from heapq import heappop, heappush
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor

from xlcicf.formula.undisturbed import one_thread
from xlcicf.formula.vmapped import by_numpy, one_by_one

DTYPE = torch.float64


class Var:
    """A tensor that depends on the tape's inputs.

    value    what it was while recording
    partial  whether it may be nan, which stands for an error, at some inputs
    """

    __slots__ = ("tape", "index", "value", "partial")

    def __init__(self, tape: "Tape", index: int, value: Tensor, partial: bool = False):
        self.tape, self.index, self.value, self.partial = tape, index, value, partial

    @property
    def shape(self) -> torch.Size:
        return self.value.shape


_Plain = TypeVar("_Plain")  # an operand that is no Var

Array = Var | Tensor  # what primitives return
Operand = Array | float


def holds_everywhere(x: Operand) -> bool:
    """Whether a constant pattern is true at every place."""
    return not isinstance(x, Var) and bool(x if _is_one(x) else torch.as_tensor(x).all())


def holds_somewhere(x: Operand) -> bool:
    """Whether a constant pattern is true at some place."""
    return not isinstance(x, Var) and bool(x if _is_one(x) else torch.as_tensor(x).any())


def _is_one(x: Tensor | float) -> bool:
    return not isinstance(x, Tensor) or x.numel() == 1


def may_hold(x: Operand) -> bool:
    """Whether a pattern is true at some place, or may be at other inputs."""
    return isinstance(x, Var) or holds_somewhere(x)


def all_finite(x: Tensor) -> bool:
    """Whether no element is nan or infinite."""
    if _is_one(x):
        return math.isfinite(x.item())
    # a quarter of the time of a look at each; a sum of finite ones may be too large, though
    return math.isfinite(x.sum().item()) or bool(torch.isfinite(x).all())


def value_of(x: Var | _Plain) -> Tensor | _Plain:
    return x.value if isinstance(x, Var) else x


def as_array(x: Operand) -> Array:
    return x if isinstance(x, Var) else torch.as_tensor(x, dtype=DTYPE)


def shape_of(x: Operand) -> torch.Size:
    return torch.Size() if isinstance(x, int | float) else x.shape


def _may_be_nan(x: Operand, primitive: "Primitive") -> bool:
    """Whether a primitive's operand brings nan with it; where alone puts constants of nan into formulas."""
    if isinstance(x, Var):
        return x.partial
    return primitive is where and bool(torch.isnan(torch.as_tensor(x)).any())


class NoFurther(Exception):
    """A derivative was asked for its own derivative, which there is none of: to be had by differences
    only."""


class Primitive:
    """A tensor function and its pullback.

    `forward(*operands, **static)` is plain torch. `pullback(g, out, *operands, **static)` returns one
    cotangent an operand (None: no derivative), each written in primitives and of the operand's shape.
    Without a pullback the primitive is constant almost everywhere. `is_linear` where the outcome is linear in
    all operands together, `is_separable` where each number of it adds up what is made of each element of an
    operand by itself. `is_anew` where it computes a function of the sheet anew, as its formula does.
    `is_last` marks a derivative already: its pullback is by its first operand, in which it
    is linear, and nobody has written its derivative by the others.
    """

    def __init__(
        self,
        forward: Callable,
        is_linear: bool = False,
        is_separable: bool = False,
        is_anew: bool = False,
    ):
        self.forward, self.is_linear, self.is_separable = forward, is_linear, is_separable
        self.is_anew = is_anew
        self.is_last = False
        self.name = forward.__name__
        self._pullback: Callable | None = None

    @property
    def is_step(self) -> bool:
        """Whether it is constant almost everywhere."""
        return self._pullback is None

    def pullback(self, rule: Callable) -> Callable:
        """Decorator that puts the derivative rule beside the function."""
        self._pullback = rule
        return rule

    def __call__(self, *operands, **static) -> Array:
        for x in operands:
            if isinstance(x, Var):
                value = self.forward(*map(value_of, operands), **static)
                return x.tape.record(self, operands, static, value)
        return self.forward(*operands, **static)

    def cotangents(self, g: Array, out: Var, operands: Sequence[Operand], static: dict) -> Sequence:
        if self._pullback is None:
            if self.is_last:
                raise NoFurther
            return [None] * len(operands)
        # An error that IF or IFERROR passes over comes back as g = 0, and 0 times nan would not be 0.
        return self._pullback(g, out.tape.finite(out), *map(out.tape.finite, operands), **static)


@dataclass(frozen=True)
class Part:
    """A cotangent of `shape`: g from `start` along `dim`, zero elsewhere. Parts are joined, not added."""

    g: Array
    shape: torch.Size
    dim: int
    start: int

    @property
    def end(self) -> int:
        return self.start + shape_of(self.g)[self.dim]


class Program:
    """A list of steps over numbered registers: inputs in the first ones, constants laid in beforehand."""

    def __init__(
        self, registers: list, steps: list[tuple[Callable, tuple[int, ...], int]], outputs: list[int]
    ):
        self._registers, self._steps, self._outputs = registers, steps, outputs

    def __len__(self) -> int:
        return len(self._steps)

    def __call__(self, *inputs) -> list:
        """The outputs, in order, at these inputs: tensors of the shapes recorded, or plain numbers.

        On one thread: a small product that waits for a second one takes a thousand times as long on a busy
        machine, and sums change."""
        if torch.get_num_threads() > 1:
            with one_thread():
                return self(*inputs)
        registers = self._registers.copy()
        registers[: len(inputs)] = inputs
        for function, ins, out in self._steps:
            registers[out] = function(*[registers[i] for i in ins])
        return [registers[i] for i in self._outputs]


class Decision(NamedTuple):
    """Where a formula chose a branch or a side of a corner.

    pattern  changes when the choice does
    owner    the cells that made it: what the tape's `deciding` was set to meanwhile
    idle     the pattern's value at which the outcome is constant (MAX(0, x) below 0); None: at neither
    is_end   whether it only ends where the outcome is a number, as SQRT does at 0, or tells errors from
             numbers, as IFERROR does: inside, all is smooth
    """

    pattern: Var
    owner: Any
    idle: bool | None
    is_end: bool


class Step(NamedTuple):
    """A number that moves in steps: what computes it, and the cells that do."""

    out: Var
    owner: Any
    function: str


class Record(NamedTuple):
    """One step: what was applied to what, and the outcome. An input is made by no primitive."""

    primitive: Primitive | None
    operands: tuple
    static: dict
    out: Var


class Tape:
    """Records the primitives applied to its inputs, in `decisions` the choices that formulas made, and in
    `watched` what overflow.py is told of."""

    def __init__(self, start: Tensor):
        self.decisions: list[Decision] = []
        self.watched: dict[int, Var] = {}
        self.deciding: Any = None
        self.steps: list[Step] = []
        self._records: list[Record] = []
        self._inputs: list[Var] = []
        self._finite: dict[int, Array] = {}
        self.input = self.another_input(start)

    def another_input(self, start: Tensor, partial: bool = False) -> Var:
        """One more input, which programs take after those before it; `start` is its value while recording."""
        out = Var(self, len(self._records), start, partial)
        self._records.append(Record(None, (), {}, out))
        self._inputs.append(out)
        return out

    def record(self, primitive: Primitive, operands: tuple, static: dict, value: Tensor) -> Var:
        partial = value.is_floating_point() and any(
            _may_be_nan(x, primitive) for x in operands if not self._made_sure(x, primitive, operands[0])
        )
        out = Var(self, len(self._records), value, partial)
        self._records.append(Record(primitive, operands, static, out))
        return out

    def _made_sure(self, x: Operand, primitive: "Primitive", condition: Operand) -> bool:
        """Whether `where` takes x only at numbers, since its condition is that x is finite."""
        if primitive is not where or not isinstance(condition, Var):
            return False
        return self.operand_of(condition, is_finite) is x

    def finite(self, x: Operand) -> Operand:
        """x with 1 in the place of nan and infinity."""
        if not isinstance(x, Var) or not x.partial:
            return x
        if x.index not in self._finite:
            self._finite[x.index] = where(is_finite(x), x, 1.0)
        return self._finite[x.index]

    def decide(self, pattern: Array, idle: bool | None = None, is_end: bool = False) -> None:
        """Notes a choice, for whoever asks later which choices change between two points."""
        if isinstance(pattern, Var):
            self.decisions.append(Decision(pattern, self.deciding, idle, is_end))

    def note_step(self, out: Var, function: str) -> None:
        """Notes a number that moves in steps, for whoever asks what an outcome depends on."""
        self.steps.append(Step(out, self.deciding, function))

    def decide_on_steps(self, since: int) -> bool:
        """Notes as choices the whole numbers and comparisons that have come up since so many records; returns
        whether there are any."""
        steps = (floor, truncated, rounded, sign, less, less_equal, greater, greater_equal, equal, not_equal)
        found = [out for primitive, _, _, out in self._records[since:] if primitive in steps]
        for out in found:
            self.decide(out)
        return bool(found)

    def carrying(self, out: Var) -> list[Step]:
        """The steps among the numbers that an outcome is made of; what is only asked to choose is none, but
        for a choice between constants, which moves in steps as the condition does."""
        needed = {out.index}
        for primitive, operands, _, made in reversed(self._records[: out.index + 1]):
            if made.index in needed:
                is_choice = primitive is where and any(isinstance(x, Var) for x in operands[1:])
                numbers = operands[1:] if is_choice else operands
                needed.update(x.index for x in numbers if isinstance(x, Var))
        return [step for step in self.steps if step.out.index in needed]

    def __len__(self) -> int:
        return len(self._records)

    def places_of(self, inputs: Sequence[Var]) -> list[int]:
        """Which of a program's inputs these are."""
        return [next(i for i, x in enumerate(self._inputs) if x is one) for one in inputs]

    def reaches(self, out: Var, variables: Sequence[Var]) -> bool:
        """Whether an outcome is made of one of these."""
        among = {x.index for x in variables}
        return any(record.out.index in among for record in self.needed([out]))

    def made(self, var: Var) -> Record:
        """How `var` was made."""
        return self._records[var.index]

    def operand_of(self, var: Var, primitive: Primitive) -> Var | None:
        """What `primitive`, of one operand, was applied to when it made `var`; None where another made it."""
        made_by, operands, _, _ = self._records[var.index]
        return operands[0] if made_by is primitive else None

    def gradient(self, out: Var) -> Array:
        """The derivative of `out` (one number) with respect to the first input, recorded on this tape."""
        return self.gradients(out, [self.input])[0]

    def gradients(self, out: Var, by: Sequence[Var]) -> list[Array]:
        """The derivatives of `out` (one number) with respect to these inputs, recorded on this tape."""
        assert out.value.numel() == 1
        return self.pulled_back([out], [torch.ones_like(out.value)], by)

    def pulled_back(self, outs: Sequence[Array], weights: Sequence[Array], by: Sequence[Var]) -> list[Array]:
        """The derivatives of the sum of all `outs`, each times its weight of the same shape, by these inputs,
        or by what was computed on the way.

        A weight that depends on an input counts as a constant. Raises NoFurther."""
        cotangents: dict[int, list[Array | Part]] = {}
        ends = {x.index for x in by}
        for out, weight in zip(outs, weights, strict=True):
            if isinstance(out, Var):
                cotangents.setdefault(out.index, []).append(weight)
        last = max(cotangents, default=-1)
        for primitive, operands, static, var in reversed(self._records[: last + 1]):
            if var.index not in cotangents or var.index in ends or primitive is None:
                continue
            if primitive.is_last and any(isinstance(x, Var) and self.reaches(x, by) for x in operands[1:]):
                raise NoFurther
            g = _together(cotangents.pop(var.index))
            for operand, part in zip(operands, primitive.cotangents(g, var, operands, static), strict=True):
                if isinstance(operand, Var) and part is not None:
                    cotangents.setdefault(operand.index, []).append(part)
        return [_together(cotangents.get(x.index, [torch.zeros_like(x.value)])) for x in by]

    def needed(self, outputs: Sequence[Array]) -> list[Record]:
        """The records that the outputs are made of, the inputs among them, in their order."""
        needed = {x.index for x in outputs if isinstance(x, Var)}
        kept = []
        for record in reversed(self._records[: max(needed, default=-1) + 1]):
            if record.out.index in needed:
                kept.append(record)
                needed.update(x.index for x in record.operands if isinstance(x, Var))
        return kept[::-1]

    def guards(self, outputs: Sequence[Array]) -> list[Var]:
        """What has to be finite too if the outputs are to be made of numbers and no error: where nan may
        begin, what hides an infinity, what moves in steps, which may lead to a text, and what nothing is made
        of, of which somebody may have asked the kind."""
        used = {x.index for record in self._records for x in record.operands if isinstance(x, Var)}
        used.update(x.index for x in outputs if isinstance(x, Var))
        found = self.watched | {step.out.index: step.out for step in self.steps}
        for primitive, operands, _, out in self._records:
            begins = out.partial and not any(isinstance(x, Var) and x.partial for x in operands)
            if primitive and (begins or out.index not in used):
                found[out.index] = out
        return [x for x in found.values() if x.value.is_floating_point()]

    def program(self, outputs: Sequence[Array], of: dict["Primitive", Callable] | None = None) -> Program:
        """The steps that `outputs` need, and no others, as a function of all inputs.

        With `of` each step is what stands there for its primitive, on plain numbers in place of tensors;
        KeyError where nothing does, or a tensor holds several numbers."""
        kept = [record for record in self.needed(outputs) if record.primitive]
        registers: list = [None] * len(self._inputs)
        place = {x.index: i for i, x in enumerate(self._inputs)}

        def register(x: Operand) -> int:
            if isinstance(x, Var):
                return place[x.index]
            registers.append(_number(x) if of else x)
            return len(registers) - 1

        steps = []
        for primitive, operands, static, var in kept:
            assert primitive is not None
            ins = tuple(register(x) for x in operands)
            place[var.index] = len(registers)
            registers.append(None)
            if of:
                function = of[_of_one_number(primitive, operands, var)]
            else:
                function = partial(primitive.forward, **static) if static else primitive.forward
            steps.append((function, ins, place[var.index]))
        return Program(registers, steps, [register(x) for x in outputs])


def _of_one_number(primitive: Primitive, operands: tuple, out: Var) -> Primitive:
    """The primitive. Raises KeyError where a tensor at work holds several numbers."""
    if any(isinstance(x, Var | Tensor) and shape_of(x).numel() != 1 for x in (*operands, out)):
        raise KeyError(primitive)
    return primitive


def _number(x: Operand) -> float | bool:
    """A constant as a plain number. Raises KeyError for several."""
    if not isinstance(x, Tensor):
        return x  # type: ignore[return-value]
    if x.numel() != 1:
        raise KeyError(x.shape)
    return x.item()


def _together(cotangents: list[Array | Part]) -> Array:
    """The sum of cotangents; parts of one place are added up, and those side by side become one join."""
    places: dict[tuple[int, int, int], Part] = {}
    whole: list[Array] = []
    for cotangent in cotangents:
        if not isinstance(cotangent, Part):
            whole.append(cotangent)
            continue
        place = cotangent.dim, cotangent.start, cotangent.end
        same = places.get(place)
        places[place] = replace(cotangent, g=add(same.g, cotangent.g)) if same else cotangent
    whole += [_joined_with_zeros(row) for row in _rows(sorted(places.items()))]
    total_ = whole[0]
    for cotangent in whole[1:]:
        total_ = add(total_, cotangent)
    return total_


def _rows(places: list[tuple[tuple[int, int, int], Part]]) -> list[list[Part]]:
    """Parts in order of (dim, start, end), as few rows of one dim in which none overlaps the next."""
    rows: list[list[Part]] = []
    open_rows: list[tuple[int, int]] = []  # (where it ends, its number): a heap
    dim = None
    for place, part in places:
        if place[0] != dim:
            dim, open_rows = place[0], []
        if open_rows and open_rows[0][0] <= part.start:
            _, number = heappop(open_rows)
        else:
            number = len(rows)
            rows.append([])
        rows[number].append(part)
        heappush(open_rows, (part.end, number))
    return rows


def _joined_with_zeros(row: list[Part]) -> Array:
    """Parts that do not overlap, in order, with zeros in the gaps."""
    dim, shape = row[0].dim, row[0].shape
    pieces: list[Array] = []
    at = 0
    for part in row:
        pieces += [_zeros(shape, dim, part.start - at), part.g]
        at = part.end
    pieces.append(_zeros(shape, dim, shape[dim] - at))
    pieces = [piece for piece in pieces if shape_of(piece)[dim]]
    return join(*pieces, dim=dim) if len(pieces) > 1 else pieces[0]


def _zeros(shape: torch.Size, dim: int, length: int) -> Tensor:
    return torch.zeros((*shape[:dim], length, *shape[dim + 1 :]), dtype=DTYPE)


# --- arithmetic -----------------------------------------------------------------------------------------


add = Primitive(operator.add)
sub = Primitive(operator.sub)
mul = Primitive(operator.mul)
div = Primitive(operator.truediv)
neg = Primitive(operator.neg)
square = Primitive(torch.square)
power = Primitive(operator.pow)


@Primitive
def remainder(a: Tensor, b: Tensor) -> Tensor:
    """What division leaves, to the last digit, of the divisor's sign as Python's %; no 0 is below 0."""
    return torch.remainder(a, b) + 0.0


@add.pullback
def _(g, out, a, b):
    return sum_to(g, shape_of(a)), sum_to(g, shape_of(b))


@sub.pullback
def _(g, out, a, b):
    return sum_to(g, shape_of(a)), sum_to(neg(g), shape_of(b)) if isinstance(b, Var) else None


@mul.pullback
def _(g, out, a, b):
    return (
        sum_to(mul(g, b), shape_of(a)) if isinstance(a, Var) else None,
        sum_to(mul(g, a), shape_of(b)) if isinstance(b, Var) else None,
    )


@div.pullback
def _(g, out, a, b):
    over = div(g, b)
    return sum_to(over, shape_of(a)), sum_to(neg(mul(over, out)), shape_of(b)) if isinstance(b, Var) else None


@neg.pullback
def _(g, out, a):
    return (neg(g),)


@square.pullback
def _(g, out, a):
    return (mul(mul(g, 2.0), a),)


@power.pullback
def _(g, out, a, b):
    by_base = mul(mul(g, b), power(a, sub(b, 1.0))) if isinstance(a, Var) else None
    by_exponent = mul(mul(g, out), log(a)) if isinstance(b, Var) else None
    return (
        None if by_base is None else sum_to(by_base, shape_of(a)),
        None if by_exponent is None else sum_to(by_exponent, shape_of(b)),
    )


@remainder.pullback
def _(g, out, a, b):
    if not isinstance(b, Var):
        return sum_to(g, shape_of(a)), None
    return sum_to(g, shape_of(a)), sum_to(neg(mul(g, rounded(div(sub(a, out), b)))), shape_of(b))


# --- functions of one operand ---------------------------------------------------------------------------

exp = Primitive(torch.exp)
log = Primitive(torch.log)
log10 = Primitive(torch.log10)
absolute = Primitive(torch.abs)
sign = Primitive(torch.sign)
tanh = Primitive(torch.tanh)
sin = Primitive(torch.sin)
cos = Primitive(torch.cos)
arctan = Primitive(torch.atan)
relu = Primitive(lambda a: torch.nn.functional.leaky_relu(a, 0.0))  # nan of -inf: see overflow.py


@Primitive
def sqrt(a: Tensor) -> Tensor:
    """The nearest number to the root, as Excel's and every processor's is; torch.sqrt(2.0) is one bit low."""
    return by_numpy(np.sqrt, a)


@Primitive
def relu_gate(g: Tensor, out: Tensor) -> Tensor:
    """g where out > 0, else 0: relu's derivative at 0 is 0 (design: ties with a constant)."""
    return torch.ops.aten.threshold_backward(g, out, 0)


@exp.pullback
def _(g, out, a):
    return (mul(g, out),)


@log.pullback
def _(g, out, a):
    return (div(g, a),)


@log10.pullback
def _(g, out, a):
    return (div(g, mul(a, math.log(10.0))),)


@sqrt.pullback
def _(g, out, a):
    return (div(mul(g, 0.5), out),)


@absolute.pullback
def _(g, out, a):
    return (mul(g, sign(a)),)


@tanh.pullback
def _(g, out, a):
    return (mul(g, sub(1.0, square(out))),)


@sin.pullback
def _(g, out, a):
    return (mul(g, cos(a)),)


@cos.pullback
def _(g, out, a):
    return (neg(mul(g, sin(a))),)


@arctan.pullback
def _(g, out, a):
    return (div(g, add(square(a), 1.0)),)


@relu.pullback
def _(g, out, a):
    return (relu_gate(expand(g, shape=out.shape), out),)


@relu_gate.pullback
def _(gg, result, g, out):
    return relu_gate(gg, out), None


# --- choices: no derivative of their own ----------------------------------------------------------------

greater = Primitive(torch.gt)
greater_equal = Primitive(torch.ge)
less = Primitive(torch.lt)
less_equal = Primitive(torch.le)
equal = Primitive(torch.eq)
not_equal = Primitive(torch.ne)
rounded = Primitive(torch.round)
floor = Primitive(torch.floor)
truncated = Primitive(torch.trunc)
is_nan = Primitive(torch.isnan)
is_finite = Primitive(torch.isfinite)
both = Primitive(torch.logical_and)
either = Primitive(torch.logical_or)


@Primitive
def as_number(a: Tensor) -> Tensor:
    """True -> 1.0, False -> 0.0."""
    return a.to(DTYPE)


@Primitive
def where(condition: Tensor, a: Tensor | float, b: Tensor | float) -> Tensor:
    return torch.where(condition, a, b)


@where.pullback
def _(g, out, condition, a, b):
    return (
        None,
        sum_to(where(condition, g, 0.0), shape_of(a)) if isinstance(a, Var) else None,
        sum_to(where(condition, 0.0, g), shape_of(b)) if isinstance(b, Var) else None,
    )


# --- errors: where a cell would show one, there is nan -------------------------------------------------

NAN = float("nan")


def within(inside: Operand, x: Operand, safe: float, compute: Callable[[Operand], Array]) -> Array:
    """compute(x) where `inside` holds, nan and a derivative of 0 elsewhere, where `safe` is computed with."""
    if not isinstance(x, Var):
        return where(torch.as_tensor(inside), compute(x), NAN)
    return where(inside, compute(where(inside, x, safe)), NAN)


def unless_nan(a: Array, *operands: Operand) -> Array:
    """`a`, but nan where an operand is: for what would make a number of an error."""
    for x in operands:
        if isinstance(x, Var) and x.partial:
            a = where(is_nan(x), NAN, a)
    return a


def may_fail(a: Array) -> Array:
    """`a`, just computed, which grows beyond all numbers at some inputs."""
    if isinstance(a, Var):
        a.partial = True
    return a


def decide(pattern: Operand, idle: bool | None = None, is_end: bool = False) -> None:
    """Notes a choice that depends on the input, for whoever asks where it changes: see Decision."""
    if isinstance(pattern, Var):
        pattern.tape.decide(pattern, idle, is_end)


# --- reductions ---------------------------------------------------------------------------------------


@Primitive
def total(a: Tensor, dims: tuple[int, ...]) -> Tensor:
    """The sum over `dims`, which stay as 1."""
    return torch.sum(a, dims, keepdim=True)


@total.pullback
def _(g, out, a, dims):
    return (expand(g, shape=shape_of(a)),)


@Primitive
def largest(a: Tensor, dims: tuple[int, ...]) -> Tensor:
    """The maximum over `dims`, which stay as 1; operands that tie share the derivative equally."""
    return torch.amax(a, dims, keepdim=True)


@largest.pullback
def _(g, out, a, dims):
    ties = as_number(equal(a, out))
    return (mul(div(g, total(ties, dims=dims)), ties),)


@Primitive
def product(a: Tensor, dim: int) -> Tensor:
    """The product over `dim`, which stays as 1."""
    return torch.prod(a, dim, keepdim=True)


@product.pullback
def _(g, out, a, dim):
    return (mul(g, _product_of_others(a, dim)),)


def _product_of_others(a: Array, dim: int) -> Array:
    """At each place the product of all other places along `dim`; nothing is divided, so zeros do no harm."""
    one = torch.ones([1 if i == dim else n for i, n in enumerate(shape_of(a))], dtype=DTYPE)
    n = shape_of(a)[dim]
    before = join(one, segment(a, dim=dim, start=0, length=n - 1), dim=dim)
    after = join(segment(a, dim=dim, start=1, length=n - 1), one, dim=dim)
    reach = 1
    while reach < n:  # twice as many factors each time
        ones = expand(one, [reach if i == dim else m for i, m in enumerate(shape_of(a))])
        before = mul(before, join(ones, segment(before, dim=dim, start=0, length=n - reach), dim=dim))
        after = mul(after, join(segment(after, dim=dim, start=reach, length=n - reach), ones, dim=dim))
        reach *= 2
    return mul(before, after)


# --- running along a dimension --------------------------------------------------------------------------


def _along(compute: Callable, a: Tensor, dim: int, backwards: bool) -> Tensor:
    """compute(a, dim), which goes from the first place to the last; `backwards` the other way."""
    return compute(a.flip(dim), dim).flip(dim) if backwards else compute(a, dim)


@Primitive
def running_total(a: Tensor, dim: int, backwards: bool) -> Tensor:
    """At each place the sum of all up to it; `backwards` of all from it on."""
    return _along(torch.cumsum, a, dim, backwards)


@running_total.pullback
def _(g, out, a, dim, backwards):
    return (running_total(expand(g, out.shape), dim=dim, backwards=not backwards),)


@Primitive
def running_product(a: Tensor, dim: int, backwards: bool) -> Tensor:
    """At each place the product of all up to it; `backwards` of all from it on."""
    return _along(torch.cumprod, a, dim, backwards)


@running_product.pullback
def _(g, out, a, dim, backwards):
    """Nothing is divided, so zeros do no harm."""
    before = _neighbour(out, dim, before=not backwards, at_the_end=1.0)
    after = _neighbour(a, dim, before=backwards, at_the_end=0.0)
    return (mul(before, carried(expand(g, shape_of(a)), after, dim=dim, backwards=not backwards)),)


@Primitive
def running_largest(a: Tensor, dim: int, backwards: bool) -> Tensor:
    """The maximum over the last dimension, which stays as 1, at each place and all before it; `backwards`
    after it. Operands that tie share the derivative equally."""
    return _along(lambda x, dim: torch.cummax(x, dim).values, torch.amax(a, -1, keepdim=True), dim, backwards)


@running_largest.pullback
def _(g, out, a, dim, backwards):
    goes_on = _goes_on(out, dim, backwards)
    shared = div(expand(g, shape_of(out)), running_number_of_largest(a, out, dim=dim, backwards=backwards))
    after = _neighbour(goes_on, dim, before=backwards, at_the_end=0.0)
    ties = as_number(equal(a, out))
    return (mul(ties, carried(shared, after, dim=dim, backwards=not backwards)),)


def running_number_of_largest(a: Array, largest_: Array, dim: int, backwards: bool) -> Array:
    """How many of `a` up to each place are running_largest there."""
    ties = total(as_number(equal(a, largest_)), dims=(len(shape_of(a)) - 1,))
    return carried(ties, _goes_on(largest_, dim, backwards), dim=dim, backwards=backwards)


def _goes_on(x: Array, dim: int, backwards: bool) -> Array:
    """1 where x is the same as at the place before (`backwards`: after), else 0."""
    return as_number(equal(x, _neighbour(x, dim, before=not backwards, at_the_end=NAN)))


@Primitive
def carried(a: Tensor, by: Tensor, dim: int, backwards: bool) -> Tensor:
    """At each place a, and `by` times what came out at the place before (`backwards`: after)."""
    return one_by_one(lambda a, by: _carried(a, by, dim, backwards), a, by)


@carried.pullback
def _(g, out, a, by, dim, backwards):
    after = _neighbour(by, dim, before=backwards, at_the_end=0.0)
    by_a = carried(expand(g, shape_of(a)), after, dim=dim, backwards=not backwards)
    before = _neighbour(out, dim, before=not backwards, at_the_end=0.0)
    return by_a, mul(by_a, before) if isinstance(by, Var) else None


def _carried(a: Tensor, by: Tensor, dim: int, backwards: bool) -> Tensor:
    """Line by line along `dim`, each a triangular system with one band below the diagonal."""
    from scipy.linalg import lapack

    by = by.expand(a.shape)
    if backwards:
        return _carried(a.flip(dim), by.flip(dim), dim, False).flip(dim)
    length = a.shape[dim]
    lines, factors = (x.movedim(dim, -1).reshape(-1, length).numpy() for x in (a, by))
    solved = []
    for line, below in zip(lines, factors, strict=True):
        band = np.empty((length, 2))
        band[:-1, 1] = -below[1:]
        solved.append(
            lapack.dtbtrs(  # pyright: ignore[reportAttributeAccessIssue]  # made by f2py
                band.T, line, uplo="L", trans="N", diag="U"
            )[0]
        )
    out = torch.from_numpy(solved[0] if len(solved) == 1 else np.concatenate(solved))
    return out.reshape(a.movedim(dim, -1).shape).movedim(-1, dim)


def _neighbour(a: Array, dim: int, before: bool, at_the_end: float) -> Array:
    """What stands at the place before (or after) each along `dim`; `at_the_end` where there is none."""
    shape = shape_of(a)
    end = torch.full((*shape[:dim], 1, *shape[dim + 1 :]), at_the_end, dtype=DTYPE)
    others = segment(a, dim=dim, start=0 if before else 1, length=shape[dim] - 1)
    return join(end, others, dim=dim) if before else join(others, end, dim=dim)


@Primitive
def foremost(tops: Tensor, weights: Tensor) -> Tensor:
    """The maximum over the last dimension, which stays as 1; ties share the derivative by their weights."""
    return torch.amax(tops, -1, keepdim=True)


@foremost.pullback
def _(g, out, tops, weights):
    shares = mul(as_number(equal(tops, out)), weights)
    return mul(div(g, total(shares, dims=(len(shape_of(tops)) - 1,))), shares), None


# --- products of matrices -------------------------------------------------------------------------------

dot = Primitive(torch.dot)
matrix_vector = Primitive(torch.mv)
matrix_matrix = Primitive(torch.mm)


def matmul(a: Array, b: Array) -> Array:
    """(k,) by (k,), (m, k) by (k,), or (m, k) by (k, n)."""
    dims = len(shape_of(a)), len(shape_of(b))
    return {(1, 1): dot, (2, 1): matrix_vector, (2, 2): matrix_matrix}[dims](a, b)


def inner(a: Array, b: Array) -> Array:
    """Each cell's inner product of two arrays (H, W, h, w) -> (H, W, 1, 1); shared sides have H = W = 1."""
    size = shape_of(a)[2:].numel()
    cells = [shape_of(x)[:2].numel() for x in (a, b)]
    if min(cells) > 1:
        return total(mul(a, b), dims=(2, 3))
    many, one = (a, b) if cells[0] > 1 else (b, a)
    vector = reshape(one, shape=(size,))
    if max(cells) == 1:
        return reshape(matmul(reshape(many, shape=(size,)), vector), shape=(1, 1, 1, 1))
    product_ = matmul(reshape(many, shape=(-1, size)), vector)
    return reshape(product_, shape=(*shape_of(many)[:2], 1, 1))


def matrix_product(a: Array, b: Array) -> Array:
    """Each cell's matrix product, (H, W, m, k) by (H, W, k, n) -> (H, W, m, n)."""
    (_, _, m, k), n = shape_of(a), shape_of(b)[3]
    if shape_of(b)[:2].numel() == 1:
        rows = matmul(reshape(a, shape=(-1, k)), reshape(b, shape=(k, n)))
        return reshape(rows, shape=(*shape_of(a)[:2], m, n))
    if (shape_of(a)[1], shape_of(b)[0], m, n) == (1, 1, 1, 1):  # filled down and right: a net's layer
        together = matmul(reshape(a, shape=(-1, k)), transpose(reshape(b, shape=(-1, k))))
        return reshape(together, shape=(shape_of(a)[0], shape_of(b)[1], 1, 1))
    out: Array | None = None
    for i in range(k):
        by = mul(segment(a, dim=3, start=i, length=1), segment(b, dim=2, start=i, length=1))
        out = by if out is None else add(out, by)
    assert out is not None
    return out


@dot.pullback
def _(g, out, a, b):
    return mul(g, b) if isinstance(a, Var) else None, mul(g, a) if isinstance(b, Var) else None


@matrix_vector.pullback
def _(g, out, a, b):
    return (
        mul(reshape(g, shape=(-1, 1)), b) if isinstance(a, Var) else None,
        matrix_vector(transpose(a), expand(g, out.shape)) if isinstance(b, Var) else None,
    )


@matrix_matrix.pullback
def _(g, out, a, b):
    return (
        matrix_matrix(g, transpose(b)) if isinstance(a, Var) else None,
        matrix_matrix(transpose(a), g) if isinstance(b, Var) else None,
    )


# --- shapes ---------------------------------------------------------------------------------------------


_reshape = Primitive(lambda a, shape: a.reshape(shape))


@_reshape.pullback
def _(g, out, a, shape):
    return (reshape(g, shape=tuple(shape_of(a))),)


def reshape(a: Array, shape: tuple[int, ...]) -> Array:
    """`a` in another shape; of several in a row the last is enough."""
    if isinstance(a, Var):
        a = a.tape.operand_of(a, _reshape) or a
    return a if shape_of(a) == torch.Size(shape) else _reshape(a, shape=tuple(shape))


_permute = Primitive(lambda a, order: a.permute(order))


@_permute.pullback
def _(g, out, a, order):
    return (permute(g, order=tuple(order.index(i) for i in range(len(order)))),)


def permute(a: Array, order: tuple[int, ...]) -> Array:
    """The axes of `a` in another order; where only axes of length 1 move, that is a reshape."""
    shape = shape_of(a)
    longer = [i for i in order if shape[i] > 1]
    if longer == sorted(longer):
        return reshape(a, shape=tuple(shape[i] for i in order))
    return _permute(a, order=order)


def transpose(a: Array) -> Array:
    """(m, n) -> (n, m)."""
    return permute(a, order=(1, 0))


_expand = Primitive(lambda a, shape: a.expand(shape))
_sum_to = Primitive(lambda a, shape: a.sum_to_size(shape))


@_expand.pullback
def _(g, out, a, shape):
    return (sum_to(g, shape_of(a)),)


@_sum_to.pullback
def _(g, out, a, shape):
    return (expand(g, shape=shape_of(a)),)


def expand(a: Array, shape: Sequence[int]) -> Array:
    """`a` broadcast to `shape`."""
    return a if shape_of(a) == torch.Size(shape) else _expand(a, shape=tuple(shape))


def sum_to(a: Array, shape: Sequence[int]) -> Array:
    """The transpose of broadcasting: `a` summed (or, where smaller, broadcast) to `shape`."""
    shape = torch.Size(shape)
    if shape_of(a) == shape:
        return a
    common = np.broadcast_shapes(shape_of(a), shape)
    return _sum_to(expand(a, common), shape=tuple(shape))


@Primitive
def take(a: Tensor, index: Tensor) -> Tensor:
    """a (n,) at index (any shape) -> index's shape."""
    return a[index]


@Primitive
def put(g: Tensor, index: Tensor, size: int) -> Tensor:
    """The transpose of take: what goes to the same place is added up. -> (size,)"""
    return torch.zeros(size, dtype=g.dtype).index_add(0, index.reshape(-1), g.reshape(-1))


@take.pullback
def _(g, out, a, index):
    return put(expand(g, shape=out.shape), index, size=shape_of(a)[0]), None


@put.pullback
def _(g, out, a, index, size):
    return reshape(take(g, index), shape=tuple(shape_of(a))), None


@Primitive
def join(*parts: Tensor, dim: int) -> Tensor:
    """Parts one after another along `dim`."""
    return torch.cat(parts, dim)


@join.pullback
def _(g, out, *parts, dim):
    lengths = [shape_of(p)[dim] for p in parts]
    starts = accumulate(lengths[:-1], initial=0)
    return [
        segment(g, dim=dim, start=s, length=n) if isinstance(p, Var) else None
        for p, s, n in zip(parts, starts, lengths, strict=True)
    ]


_segment = Primitive(lambda a, dim, start, length: a.narrow(dim, start, length))


@_segment.pullback
def _(g, out, a, dim, start, length):
    return (Part(expand(g, out.shape), shape_of(a), dim, start),)


def segment(a: Array, dim: int, start: int, length: int) -> Array:
    """The part of `a` from `start` along `dim`."""
    return a if length == shape_of(a)[dim] else _segment(a, dim=dim, start=start, length=length)


# What rearranges, repeats or adds up, and leaves a tensor of one number as it is.
OF_ONE_NUMBER = (total, largest, product, _reshape, _permute, _expand, _sum_to, _segment)

# What takes each number of the outcome from one place of its first operand, and what adds its first operand
# up, each number into one place of the outcome.
REARRANGING = (take, _reshape, _permute, _expand, _segment)
RESHAPING = (_reshape, _permute)  # the same numbers, each once
ADDING_UP = (total, _sum_to, put)

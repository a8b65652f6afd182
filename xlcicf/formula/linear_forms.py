"""What is linear on a tape: exact, sparse coefficients, read off its records. Nothing is sampled.

An outcome is linear where each record between it and the input is one that rearranges, adds up, or multiplies
by a constant. A corner (MAX, ABS) is none; but where being lower is better, it may stand as a further
variable that is at least each of its sides, and what is made of it is linear in both."""

import math
from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
import torch

from xlcicf.formula import tape as t
from xlcicf.formula.binaries import ELEMENTWISE, Ends, of_each, of_separate_elements
from xlcicf.formula.comparing import alike
from xlcicf.formula.overflow import ZERO_OR_NAN

CONTINUOUS = 1e-10  # of the coefficients: by so little a corner's sides may differ where they meet
MOST_BY_UNITS = 4096  # operands of a primitive of which only that it is linear is known

Matrix = sp.csr_array


class LinearForms:
    """What outcomes on a tape are as linear forms of the n numbers of its input and of the corners.

    binary  which of the n numbers are 0 or 1 only
    start   where the tape was recorded, corners included (n + corners,)
    sides   (p, n + corners): each corner minus one of its sides, which is at least
    least   (p,)
    """

    def __init__(
        self,
        tape: t.Tape,
        outs: Sequence[t.Array],
        with_corners: bool = False,
        binary: np.ndarray | None = None,
    ):
        self._with_corners = with_corners
        start = tape.input.value.numpy().reshape(-1)
        is_binary = np.zeros(start.size, dtype=bool) if binary is None else binary
        self._binary = is_binary & ((start == 0) | (start == 1))
        self._count = tape.input.value.numel()
        self._points = [tape.input.value.numpy().reshape(-1)]
        self._sides: list[Matrix] = []
        self._least: list[np.ndarray] = []
        self._forms: dict[int, Matrix | None] = {
            tape.input.index: sp.csr_array(sp.eye_array(self._count, dtype=float))
        }
        self._possible = self._possibly_linear(tape, outs)
        for out in outs:
            if isinstance(out, t.Var) and out.index not in self._possible:
                self._forms[out.index] = None
        for record in tape.needed([x for x in outs if isinstance(x, t.Var) and x.index in self._possible]):
            if record.primitive is not None:
                self._forms[record.out.index] = self._form(record)
            elif record.out is not tape.input:
                self._forms[record.out.index] = None

    @property
    def start(self) -> np.ndarray:
        return np.concatenate(self._points)

    @property
    def sides(self) -> Matrix:
        return _stacked([self._widened(side) for side in self._sides], self._count)

    @property
    def least(self) -> np.ndarray:
        return np.concatenate([np.zeros(0), *self._least])

    def of(self, out: t.Array) -> tuple[Matrix, np.ndarray] | None:
        """(A, b) with which the outcome is A z + b, row by row; None where it is not linear."""
        if not isinstance(out, t.Var):
            value = torch.as_tensor(out, dtype=t.DTYPE).numpy().reshape(-1)
            return sp.csr_array((value.size, self._count)), value
        form = self._forms[out.index]
        if form is None:
            return None
        form = self._widened(form)
        return form, out.value.numpy().reshape(-1) - form @ self.start

    def _possibly_linear(self, tape: t.Tape, outs: Sequence[t.Array]) -> set[int]:
        """The records that may be linear by their primitives alone: no matrix is made for others."""
        possible = {tape.input.index}
        for primitive, operands, _, out in tape.needed(outs):
            varying = [x for x in operands if isinstance(x, t.Var)]
            if primitive is t.where:
                varying = [x for x in operands[1:] if isinstance(x, t.Var)]
                if isinstance(operands[0], t.Var) and tape.made(operands[0]).primitive in _GUARDS:
                    possible |= {out.index} if any(x.index in possible for x in varying) else set()
                    continue
            if primitive is None or not all(x.index in possible for x in varying):
                if primitive in ZERO_OR_NAN:
                    possible.add(out.index)
            elif self._serves(primitive, len(varying)):
                possible.add(out.index)
        return possible

    def _serves(self, primitive: t.Primitive, varying: int) -> bool:
        if self._binary.any() and (primitive in ELEMENTWISE or primitive.is_separable):
            return True
        if self._with_corners and primitive in _SIDES:
            return True
        if primitive in _OF_ONE_VARYING:
            return varying == 1
        return primitive.is_linear or primitive in _LINEAR

    # --- one record -------------------------------------------------------------------------------------

    def _form(self, record: t.Record) -> Matrix | None:
        form = self._linear_form(record)
        return self._by_ends(record) if form is None and self._binary.any() else form

    def _linear_form(self, record: t.Record) -> Matrix | None:
        primitive, operands, static, out = record
        assert primitive is not None
        if primitive in ZERO_OR_NAN:
            return sp.csr_array((out.value.numel(), self._count))
        if primitive is t.where:
            return self._chosen(operands, out)
        if self._with_corners and (sides := _SIDES.get(primitive)):
            return self._corner(sides(operands[0], static), out)
        varying = [x for x in operands if isinstance(x, t.Var)]
        forms = [self._forms[x.index] for x in varying]
        if any(form is None for form in forms):
            return None
        if primitive in t.REARRANGING and varying == [operands[0]]:
            return _rows(self._of(operands[0]), _places(record))
        if primitive in t.ADDING_UP and varying == [operands[0]]:
            return _adding(_targets(record), out.value.numel()) @ self._of(operands[0])
        if primitive is t.join:
            return self._joined(operands, static["dim"])
        rule = _RULES.get(primitive)
        if rule is not None:
            return rule(self, out.shape, *operands)
        if primitive.is_linear or (primitive in _LINEAR_IN_THE_FIRST and varying == [operands[0]]):
            return self._by_units(record, varying)
        return None

    def _of(self, x: t.Array) -> Matrix:
        """The form of an operand; of a constant 0."""
        if not isinstance(x, t.Var):
            return sp.csr_array((torch.as_tensor(x).numel(), self._count))
        form = self._forms[x.index]
        assert form is not None
        return self._widened(form)

    def _widened(self, form: Matrix) -> Matrix:
        """With columns for the corners met since."""
        rows, columns = form.shape  # pyright: ignore[reportGeneralTypeIssues]
        if columns == self._count:
            return form
        return sp.csr_array((form.data, form.indices, form.indptr), shape=(rows, self._count))

    def _spread(self, x: t.Operand, shape: torch.Size) -> Matrix:
        """The form of an operand that is broadcast to a shape."""
        x = t.as_array(x)
        form = self._of(x)
        if t.shape_of(x) == shape:
            return form
        return _rows(form, torch.arange(t.shape_of(x).numel()).reshape(t.shape_of(x)).expand(shape))

    def _chosen(self, operands: tuple, out: t.Var) -> Matrix | None:
        """where: by a constant pattern each place from its side; what guards against errors lets through what
        it guards."""
        condition, a, b = operands
        if isinstance(condition, t.Var):
            guard = condition.tape.made(condition).primitive
            if self._with_corners and (way := self._way_of(operands, out)):
                corner = self._corner([(t.as_array(x), way, _each(out)) for x in (a, b)], out, way)
                return None if corner is None else sp.csr_array(way * corner)
            if guard not in (t.is_finite, t.is_nan):
                return None
            passed = a if guard is t.is_finite else b
            if isinstance(passed, t.Var) and self._forms[passed.index] is None:
                return None
            return self._spread(passed, out.shape)
        pattern = torch.as_tensor(condition).expand(out.shape).reshape(-1).numpy()
        form = sp.csr_array((out.value.numel(), self._count))
        for side, x in ((pattern, a), (~pattern, b)):
            if isinstance(x, t.Var) and side.any():
                if self._forms[x.index] is None:
                    return None
                form = form + _scaled(self._spread(x, out.shape), side.astype(float))
        return sp.csr_array(form)

    def _way_of(self, operands: tuple, out: t.Var) -> float:
        """1 where a `where` takes the larger one of two linear sides, as IF(A1>=0,2*A1,-A1) does, -1 where it
        takes the smaller one; 0 where that is not known, or where it jumps."""
        condition, *sides = operands
        if _is_larger_side(operands):
            return 1.0
        compare, compared, _, _ = condition.tape.made(condition)
        if compare not in _ORDERS:
            return 0.0
        forms = [self._with_constant(x, out.shape) for x in (*sides, *map(_exactly, compared))]
        if any(form is None for form in forms):
            return 0.0
        a, b, left, right = (form for form in forms if form is not None)
        apart, deciding = sp.csr_array(a - b), sp.csr_array(left - right)
        size = np.asarray(deciding.multiply(deciding).sum(axis=1)).reshape(-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.asarray(apart.multiply(deciding).sum(axis=1)).reshape(-1) / size
        ratio = np.where(size > 0, ratio, 0.0)
        if abs(apart - _scaled(deciding, ratio)).max() > CONTINUOUS * max(abs(a).max(), abs(b).max()):
            return 0.0
        return _ORDERS[compare] * (1.0 if (ratio >= 0).all() else -1.0 if (ratio <= 0).all() else 0.0)

    def _with_constant(self, x: t.Operand, shape: torch.Size) -> Matrix | None:
        """The form of an operand that is broadcast to a shape, and in a last column its constant."""
        x = t.as_array(x)
        if isinstance(x, t.Var) and self._forms[x.index] is None:
            return None
        form = self._spread(x, shape)
        constant = _numbers(t.value_of(x), shape) - form @ self.start
        return sp.csr_array(sp.hstack([form, sp.csr_array(constant[:, None])]))

    def _joined(self, parts: tuple, dim: int) -> Matrix:
        at, numbered = 0, []
        for part in parts:
            shape = t.shape_of(part)
            numbered.append(torch.arange(at, at + shape.numel()).reshape(shape))
            at += shape.numel()
        stacked = _stacked([self._of(t.as_array(part)) for part in parts], self._count)
        return _rows(stacked, torch.cat(numbered, dim))

    def _by_units(self, record: t.Record, varying: list[t.Var]) -> Matrix | None:
        """A primitive at each unit of its operands, one after another."""
        primitive, operands, static, out = record
        assert primitive is not None
        if sum(x.value.numel() for x in varying) > MOST_BY_UNITS:
            return None
        total = sp.csr_array((out.value.numel(), self._count))
        for x in varying:
            unit = max(1.0, 2.0 ** np.ceil(np.log2(max(1.0, float(x.value.abs().max())))))
            columns = []
            for i in range(x.value.numel()):
                moved = x.value.clone()
                moved.view(-1)[i] += unit
                at = primitive.forward(*(moved if y is x else t.value_of(y) for y in operands), **static)
                columns.append((at - out.value).reshape(-1).numpy() / unit)
            total = total + sp.csr_array(np.column_stack(columns)) @ self._of(x)
        return sp.csr_array(total)

    # --- numbers that are 0 or 1 ------------------------------------------------------------------------

    def _by_ends(self, record: t.Record) -> Matrix | None:
        """What is made of one 0 or 1 each."""
        primitive, operands, _, out = record
        assert primitive is not None
        if primitive in ELEMENTWISE:
            ends = [self._ends(x) for x in operands]
            known = [one for one in ends if one]
            if len(known) < len(ends) or (found := of_each(record, known)) is None:
                return None
            if not (np.isfinite(found.at_0).all() and np.isfinite(found.at_1).all()):
                return None
            rows = np.flatnonzero(found.owner >= 0)
            rise = (found.at_1 - found.at_0)[rows]
            return self._entries(rise, rows, found.owner[rows], out.value.numel())
        varying = [i for i, x in enumerate(operands) if isinstance(x, t.Var)]
        if primitive.is_separable and len(varying) == 1 and (ends := self._ends(operands[varying[0]])):
            parts = of_separate_elements(record, varying[0], ends)
            if parts is None:
                return None
            size = out.value.numel()
            rises = np.array([rise for _, rise in parts]).reshape(-1)
            if not np.isfinite(rises).all():
                return None
            columns = np.repeat([owner for owner, _ in parts], size).astype(int)
            return self._entries(rises, np.tile(np.arange(size), len(parts)), columns, size)
        return None

    def _entries(self, values: np.ndarray, rows: np.ndarray, columns: np.ndarray, size: int) -> Matrix:
        form = sp.csr_array((values, (rows, columns)), shape=(size, self._count))
        form.eliminate_zeros()
        return form

    def _ends(self, x: t.Operand) -> Ends | None:
        value = torch.as_tensor(t.value_of(x)).to(t.DTYPE).reshape(-1).numpy()
        owner = np.full(value.size, -1)
        if not isinstance(x, t.Var):
            return Ends(owner, value, value)
        if self._forms[x.index] is None:
            return None
        form = self._of(x).copy()
        form.eliminate_zeros()
        held = np.diff(form.indptr)
        if held.max(initial=0) > 1 or not self._binary[form.indices[form.indices < self._binary.size]].all():
            return None
        if (form.indices >= self._binary.size).any():
            return None
        owner[held == 1] = form.indices
        at_0 = value - form @ self.start
        at_1 = at_0.copy()
        at_1[held == 1] += form.data
        return Ends(owner, at_0, at_1)

    # --- corners ----------------------------------------------------------------------------------------

    def _corner(
        self, sides: list[tuple[t.Array, float, np.ndarray]], out: t.Var, way: float = 1.0
    ) -> Matrix | None:
        """`way` (1 or -1) times the outcome as new variables, each at least the factor times every side that
        goes to its place."""
        if any(isinstance(x, t.Var) and self._forms[x.index] is None for x, _, _ in sides):
            return None
        first, size = self._count, out.value.numel()
        self._count += size
        self._points.append(way * out.value.numpy().reshape(-1))
        start = self.start
        for x, factor, places in sides:
            form = self._of(x)
            value = t.value_of(x).numpy().reshape(-1)
            if value.size != places.size:  # one number against many
                form, value = form[np.zeros(places.size, int)], np.repeat(value, places.size)
            own = sp.csr_array(
                (np.ones(places.size), (np.arange(places.size), first + places)),
                shape=(places.size, self._count),
            )
            self._sides.append(sp.csr_array(own - factor * form))
            self._least.append(factor * (value - form @ start))
        return sp.csr_array(
            (np.ones(size), (np.arange(size), first + np.arange(size))), shape=(size, self._count)
        )


def jumps(tape: t.Tape, out: t.Var, corners: Sequence[t.Var] = ()) -> bool:
    """Whether steps or comparisons are among what an outcome is made of, of which its slopes tell nothing:
    those that decide `corners` are none."""
    stepping: set[int] = set()
    decided = {corner.index for corner in corners}
    for primitive, operands, _, made in tape.needed([out]):
        free = operands[1:] if made.index in decided else operands
        if any(isinstance(x, t.Var) and x.index in stepping for x in free):
            return True
        if primitive is not None and primitive.is_step and primitive not in _NO_STEPS:
            stepping.add(made.index)
    return out.index in stepping


def corners_of(tape: t.Tape, out: t.Var) -> list[t.Var]:
    """The corners that an outcome is made of, if it is linear in all of them and never jumps; else none."""
    corners: list[t.Var] = []
    reached: set[int] = set()
    for primitive, operands, _, made in tape.needed([out]):
        varying = [x for x in operands if isinstance(x, t.Var)]
        if primitive in _SIDES or primitive is t.where and _may_be_corner(operands):
            corners.append(made)
        elif primitive in (*_ORDERS, alike) or not any(x.index in reached for x in varying):
            continue  # what is compared decides a `where`, which is a corner itself
        elif primitive not in _LINEAR and not (primitive in _OF_ONE_VARYING and len(varying) == 1):
            return []
        reached.add(made.index)
    return [] if jumps(tape, out, corners) else corners


def _may_be_corner(operands: tuple) -> bool:
    """Whether a `where` takes one of two sides as they, or others, compare."""
    condition = operands[0]
    return isinstance(condition, t.Var) and condition.tape.made(condition).primitive in _ORDERS


def _exactly(x: t.Operand) -> t.Operand:
    """What is compared, of which `alike` changes no more than what 15 digits do not show."""
    if isinstance(x, t.Var) and x.tape.made(x).primitive is alike:
        return x.tape.made(x).operands[0]
    return x


def _is_larger_side(operands: tuple) -> bool:
    """Whether a `where` takes the larger one of two."""
    condition, a, b = operands
    guard, compared, _, _ = condition.tape.made(condition)
    return guard is t.greater_equal and _are_same(compared, (a, b))


def _rows(form: Matrix, numbers: torch.Tensor) -> Matrix:
    """The form's rows by number, in the numbers' order."""
    return sp.csr_array(form[numbers.reshape(-1).numpy(), :])


def _places(record: t.Record) -> torch.Tensor:
    """Which number of its first operand each number of the outcome is."""
    primitive, operands, static, _ = record
    assert primitive is not None
    shape = t.shape_of(operands[0])
    numbered = torch.arange(shape.numel()).reshape(shape)
    return primitive.forward(numbered, *operands[1:], **static)


def _targets(record: t.Record) -> np.ndarray:
    """To which number of the outcome each number of the first operand is added."""
    primitive, operands, _, out = record
    if primitive is t.put:
        return torch.as_tensor(operands[1]).reshape(-1).numpy()
    numbered = torch.arange(out.value.numel()).reshape(out.shape)
    return numbered.expand(t.shape_of(operands[0])).reshape(-1).numpy()


def _adding(targets: np.ndarray, count: int) -> Matrix:
    ones = np.ones(targets.size)
    return sp.csr_array((ones, (targets, np.arange(targets.size))), shape=(count, targets.size))


def _scaled(form: Matrix, by: np.ndarray) -> Matrix:
    return sp.csr_array(sp.dia_array((by[None], [0]), shape=(by.size, by.size)) @ form)


def _stacked(forms: list[Matrix], columns: int) -> Matrix:
    return sp.csr_array(sp.vstack(forms)) if forms else sp.csr_array((0, columns))


def _numbers(x: t.Operand, shape: torch.Size) -> np.ndarray:
    return torch.as_tensor(x, dtype=t.DTYPE).expand(shape).reshape(-1).numpy()


def _product(forms: LinearForms, shape: torch.Size, a: t.Operand, b: t.Operand) -> Matrix | None:
    if isinstance(a, t.Var) and isinstance(b, t.Var):
        return None
    varying, constant = (a, b) if isinstance(a, t.Var) else (b, a)
    return _scaled(forms._spread(varying, shape), _numbers(constant, shape))


def _quotient(forms: LinearForms, shape: torch.Size, a: t.Operand, b: t.Operand) -> Matrix | None:
    if isinstance(b, t.Var):
        return None
    return _scaled(forms._spread(a, shape), 1 / _numbers(b, shape))


def _matrix_product(forms: LinearForms, shape: torch.Size, a: t.Array, b: t.Array) -> Matrix | None:
    """dot, mv and mm: one side constant, the other's numbers row by row."""
    if isinstance(a, t.Var) and isinstance(b, t.Var):
        return None
    if isinstance(b, t.Var):
        left = torch.as_tensor(a).reshape(-1, t.shape_of(b)[0]).numpy()
        columns = t.shape_of(b)[1] if len(t.shape_of(b)) == 2 else 1
        return sp.csr_array(sp.kron(left, sp.eye_array(columns))) @ forms._of(b)
    right = torch.as_tensor(b).reshape(t.shape_of(a)[-1], -1).numpy()
    rows = t.shape_of(a)[0] if len(t.shape_of(a)) == 2 else 1
    return sp.csr_array(sp.kron(sp.eye_array(rows), right.T)) @ forms._of(a)


_RULES = {
    t.add: lambda forms, shape, a, b: sp.csr_array(forms._spread(a, shape) + forms._spread(b, shape)),
    t.sub: lambda forms, shape, a, b: sp.csr_array(forms._spread(a, shape) - forms._spread(b, shape)),
    t.neg: lambda forms, shape, a: sp.csr_array(-forms._of(a)),
    t.mul: _product,
    t.div: _quotient,
    t.dot: _matrix_product,
    t.matrix_vector: _matrix_product,
    t.matrix_matrix: _matrix_product,
}
_LINEAR_IN_THE_FIRST = (t.running_total, t.carried)
_ORDERS = {t.greater: 1.0, t.greater_equal: 1.0, t.less: -1.0, t.less_equal: -1.0}
_NO_STEPS = (t.is_finite, t.is_nan, alike, *ZERO_OR_NAN)  # `alike` is compared, no more
_GUARDS = (t.is_finite, t.is_nan, t.greater_equal)
_OF_ONE_VARYING = {t.mul, t.div, t.dot, t.matrix_vector, t.matrix_matrix, *_LINEAR_IN_THE_FIRST}
_LINEAR = {t.add, t.sub, t.neg, t.join, t.where, *t.REARRANGING, *t.ADDING_UP, *ZERO_OR_NAN}


def _are_same(some: tuple, others: tuple) -> bool:
    return all(x is y for x, y in zip(some, others, strict=True))


def _along(x: t.Array, dims: tuple[int, ...]) -> list[tuple[t.Array, float, np.ndarray]]:
    shape = t.shape_of(x)
    kept = torch.Size(1 if i in dims else length for i, length in enumerate(shape))
    numbered = torch.arange(math.prod(kept)).reshape(kept)
    return [(x, 1.0, numbered.expand(shape).reshape(-1).numpy())]


def _each(x: t.Array) -> np.ndarray:
    return np.arange(t.shape_of(x).numel())


# Of a corner its sides: an operand, by what it is multiplied, and to which number of the outcome each goes.
_SIDES = {
    t.absolute: lambda x, static: [(x, 1.0, _each(x)), (x, -1.0, _each(x))],
    t.relu: lambda x, static: [(x, 1.0, _each(x)), (torch.zeros(t.shape_of(x)), 1.0, _each(x))],
    t.largest: lambda x, static: _along(x, static["dims"]),
    t.foremost: lambda x, static: _along(x, (len(t.shape_of(x)) - 1,)),
}

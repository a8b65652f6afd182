"""A tape's steps on plain floats, against the same steps on tensors; and sheets that must be computed in turn."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.formula.cell_by_cell import cell_by_cell
from tests.formula.sheets import area, snapshot
from xlcicf.formula import differentiate, rings
from xlcicf.formula import tape as t
from xlcicf.formula.floats import OF_FLOATS, on_floats

BINARY = [t.add, t.sub, t.mul, t.div, t.remainder, t.power]
COMPARING = [t.greater, t.greater_equal, t.less, t.less_equal, t.equal, t.not_equal]
UNARY = [t.neg, t.square, t.exp, t.log, t.log10, t.sqrt, t.absolute, t.sign, t.tanh, t.sin, t.cos, t.arctan,
         t.relu, t.rounded, t.floor, t.truncated, t.is_nan, t.is_finite]  # fmt: skip
numbers = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.5, -0.5, 2.5, 1e300, -1e300, math.nan, math.inf, -math.inf]),
    st.floats(-1e3, 1e3, allow_subnormal=False),
)


def same(primitive, *values):
    theirs = primitive(*(torch.tensor(x, dtype=t.DTYPE) for x in values)).item()
    ours = OF_FLOATS[primitive](*values)
    assert ours == pytest.approx(theirs, rel=1e-14, nan_ok=True), (primitive.name, values)


@given(numbers)
def test_steps_of_one_number(x):
    for primitive in UNARY:
        same(primitive, x)


@given(numbers, numbers)
def test_steps_of_two(x, y):
    for primitive in BINARY + COMPARING:
        same(primitive, x, y)


def test_what_is_more_than_one_number_is_left_to_tensors():
    tape = t.Tape(torch.tensor([1.0, 2.0], dtype=t.DTYPE))
    assert on_floats(tape, t.total(tape.input, dims=(0,))) is None
    one = t.Tape(torch.tensor([[3.0]], dtype=t.DTYPE))
    chosen = t.where(t.greater(one.input, 1.0), t.square(one.input), 0.0)
    program = on_floats(one, t.reshape(chosen, shape=(1,)))
    assert program and [program([x]) for x in (3.0, 0.5)] == [9.0, 0.0]


# Recurrences in which Newton's steps lead nowhere soon: each jump or doubling undoes what lies below it.
IN_TURN = {
    "a jump": "=IF(C{p}>1,C{p}-1+A$1,C{p}*1.3+B$1)",
    "a tent": "=IF(C{p}<0.5,1.99*C{p},1.99*(1-C{p}))+0*(A$1+B$1)",
    "two that jump": "=IF(D{p}>1,C{p}-B$1-0.7,C{p}*1.3+A$1)",
    "caught errors": "=IFERROR(LN(C{p}-1)+B$1,C{p}+A$1+1)",
    "data beside": "=IF(C{p}>1,C{p}-E{r},C{p}*1.3+B$1)+0*A$1",
}


@pytest.mark.parametrize("name", IN_TURN)
def test_cells_computed_in_turn_are_those_computed_one_by_one(name, monkeypatch):
    cells = {"A1": 0.3, "B1": 0.2, "C2": "=A1", "D2": "=B1+1"}
    cells |= {f"C{r}": IN_TURN[name].format(p=r - 1, r=r) for r in range(3, 200)}
    cells |= {f"D{r}": f"=D{r - 1}*0.9+C{r - 1}*0.2" for r in range(3, 200)}
    cells |= {f"E{r}": 1 + 0.3 * math.sin(r) for r in range(3, 200)} | {"G1": "=SUM(C2:C199)+SUM(D2:D199)"}
    book = snapshot(cells)

    def compiled():
        return differentiate(book, area("G1"), [area("A1:B1")])

    monkeypatch.setattr(rings, "AT_ONCE", 1)
    f, turns = compiled(), []
    whole = rings._InTurn.__call__
    monkeypatch.setattr(rings._InTurn, "__call__", lambda self, *args: turns.append(1) or whole(self, *args))
    monkeypatch.setattr(rings._System, "_cell_by_cell", None)
    with cell_by_cell():
        one_by_one = compiled()
    for v in ([0.31, 0.21], [0.37, 0.4], [0.9, 0.05]):
        assert f.value(v) == pytest.approx(one_by_one.value(v), rel=1e-11)
        np.testing.assert_allclose(f.gradient(v), one_by_one.gradient(v), rtol=1e-8, atol=1e-8)
    assert turns

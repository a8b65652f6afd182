"""Each primitive's pullback against torch's own autograd, once and twice, and programs against eager code."""

import math

import pytest
import torch

from xlcicf.formula import tape as t

torch.manual_seed(0)
A = torch.rand(3, 4, dtype=t.DTYPE) + 0.5
B = torch.rand(3, 4, dtype=t.DTYPE) - 0.4
V = torch.rand(4, dtype=t.DTYPE)
MASK = B > 0
ZEROS = torch.tensor([[1, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 1]], dtype=t.DTYPE)
NAN = float("nan")
SPANS = [(0, 1), (0, 2), (1, 2), (0, 2), (2, 1), (0, 3)]

# name -> (function of primitives, the same in torch); x is (3, 4)
PAIRS = {
    "add": (lambda x: t.add(x, A), lambda x: x + A),
    "add broadcast": (lambda x: t.add(t.total(x, dims=(0,)), A), lambda x: x.sum(0, keepdim=True) + A),
    "sub": (lambda x: t.sub(A, x), lambda x: A - x),
    "mul": (lambda x: t.mul(x, t.mul(x, A)), lambda x: x * x * A),
    "mul broadcast": (lambda x: t.mul(t.segment(x, dim=1, start=1, length=1), x), lambda x: x[:, 1:2] * x),
    "div": (lambda x: t.div(A, t.div(x, B)), lambda x: A / (x / B)),
    "neg": (t.neg, torch.neg),
    "square": (t.square, torch.square),
    "power": (lambda x: t.power(x, 3.0), lambda x: x**3),
    "power of both": (lambda x: t.power(x, t.mul(x, A)), lambda x: x ** (x * A)),
    "exp": (t.exp, torch.exp),
    "log": (t.log, torch.log),
    "log10": (t.log10, torch.log10),
    "sqrt": (t.sqrt, torch.sqrt),
    "absolute": (lambda x: t.absolute(t.sub(x, A)), lambda x: (x - A).abs()),
    "tanh": (t.tanh, torch.tanh),
    "sin": (t.sin, torch.sin),
    "cos": (t.cos, torch.cos),
    "arctan": (t.arctan, torch.atan),
    "relu": (lambda x: t.relu(t.mul(x, B)), lambda x: torch.relu(x * B)),
    "where": (lambda x: t.where(MASK, x, t.square(x)), lambda x: torch.where(MASK, x, x * x)),
    "where on a comparison": (lambda x: t.where(t.greater(x, A), x, 0.5), lambda x: torch.where(x > A, x, 0.5)),
    "total": (lambda x: t.total(x, dims=(0, 1)), lambda x: x.sum((0, 1), keepdim=True)),
    "largest": (lambda x: t.largest(x, dims=(1,)), lambda x: x.amax(1, keepdim=True)),
    "largest with ties": (
        lambda x: t.largest(t.where(MASK, 1.0, x), dims=(0,)),
        lambda x: torch.where(MASK, 1.0, x).amax(0, keepdim=True),
    ),
    "product": (lambda x: t.product(x, dim=1), lambda x: x.prod(1, keepdim=True)),
    "product with zeros": (
        lambda x: t.product(t.mul(x, ZEROS), dim=1),
        lambda x: (x * ZEROS).prod(1, keepdim=True),
    ),
    "inner": (lambda x: t.inner(t.reshape(x, shape=(3, 1, 2, 2)), B.reshape(3, 1, 2, 2)), lambda x: (x * B).sum(1).reshape(3, 1, 1, 1)),
    "inner with a shared side": (lambda x: t.inner(t.reshape(x, shape=(3, 1, 4, 1)), V.reshape(1, 1, 4, 1)), lambda x: (x @ V).reshape(3, 1, 1, 1)),
    "matrix_product": (
        lambda x: t.matrix_product(t.reshape(x, shape=(3, 1, 2, 2)), t.square(t.reshape(x, shape=(3, 1, 2, 2)))),
        lambda x: (x.reshape(3, 2, 2) @ (x**2).reshape(3, 2, 2)).reshape(3, 1, 2, 2),
    ),
    "matrix_product filled down and right": (
        lambda x: t.matrix_product(t.reshape(x, shape=(3, 1, 1, 4)), t.reshape(x, shape=(1, 3, 4, 1))),
        lambda x: (x @ x.T).reshape(3, 3, 1, 1),
    ),
    "within": (lambda x: t.where(t.is_finite(logarithm := t.within(t.greater(x, 0.7), x, 1.0, t.log)), logarithm, 0.5), lambda x: torch.where(x > 0.7, x.log(), 0.5)),
    "dot": (lambda x: t.matmul(t.reshape(x, shape=(12,)), t.reshape(x, shape=(12,))), lambda x: (x * x).sum()),
    "matrix_vector": (lambda x: t.matmul(x, V), lambda x: x @ V),
    "matrix_vector of both": (
        lambda x: t.matmul(x, t.reshape(t.segment(x, dim=0, start=1, length=1), shape=(4,))),
        lambda x: x @ x[1],
    ),
    "matrix_matrix": (lambda x: t.matmul(x, t.transpose(x)), lambda x: x @ x.T),
    "reshape": (lambda x: t.mul(t.reshape(x, shape=(4, 3)), A.reshape(4, 3)), lambda x: x.reshape(4, 3) * A.reshape(4, 3)),
    "permute": (lambda x: t.mul(t.permute(x, order=(1, 0)), A.T), lambda x: x.T * A.T),
    "expand": (lambda x: t.expand(t.total(x, dims=(0,)), (3, 4)), lambda x: x.sum(0, keepdim=True).expand(3, 4)),
    "take": (
        lambda x: t.take(t.reshape(x, shape=(12,)), torch.tensor([[0, 5], [5, 11]])),
        lambda x: x.reshape(12)[torch.tensor([[0, 5], [5, 11]])],
    ),
    "segment": (lambda x: t.segment(x, dim=0, start=1, length=2), lambda x: x[1:]),
    "overlapping segments": (
        lambda x: t.mul(t.segment(x, dim=0, start=0, length=2), t.segment(x, dim=0, start=1, length=2)),
        lambda x: x[:2] * x[1:],
    ),
    "nested and repeated segments": (
        lambda x: t.total(t.mul(t.join(*(t.total(t.segment(x, dim=0, start=s, length=n), dims=(0,)) for s, n in SPANS), dim=0), A[:1]), dims=(0,)),
        lambda x: sum(x[s : s + n].sum(0, keepdim=True) * A[:1] for s, n in SPANS),
    ),
    "nan behind a choice": (
        lambda x: t.where(MASK, x, t.mul(t.where(MASK, NAN, x), t.tanh(t.where(MASK, NAN, x)))),
        lambda x: torch.where(MASK, x, x * torch.tanh(x)),
    ),
    "join": (lambda x: t.mul(t.join(x, A, t.square(x), dim=0), 2.0), lambda x: torch.cat([x, A, x * x]) * 2),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_a_value_and_its_gradient_equal_autograds(name):
    ours, theirs = PAIRS[name]
    x = torch.rand(3, 4, dtype=t.DTYPE) + 0.2
    tape = t.Tape(x.clone())
    out = ours(tape.input)
    weights = torch.rand(out.shape, dtype=t.DTYPE)
    scalar = t.total(t.mul(out, weights), dims=tuple(range(out.value.dim())))
    value, gradient = tape.program([scalar, tape.gradient(scalar)])(x)
    leaf = x.clone().requires_grad_()
    expected = (theirs(leaf) * weights).sum()
    expected.backward()
    torch.testing.assert_close(value.sum(), expected, rtol=1e-14, atol=1e-14)
    torch.testing.assert_close(gradient, leaf.grad, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", PAIRS)
def test_the_gradient_of_the_gradient_equals_autograds(name):
    ours, theirs = PAIRS[name]
    x = torch.rand(3, 4, dtype=t.DTYPE) + 0.2
    tape = t.Tape(x.clone())
    out = ours(tape.input)
    gradient = tape.gradient(t.total(t.square(out), dims=tuple(range(out.value.dim()))))
    leaf = x.clone().requires_grad_()
    (once,) = torch.autograd.grad((theirs(leaf) ** 2).sum(), leaf, create_graph=True)
    if not isinstance(gradient, t.Var) or not once.requires_grad:
        return
    ours_twice = tape.gradient(t.total(t.square(gradient), dims=(0, 1)))
    (theirs_twice,) = torch.autograd.grad((once**2).sum(), leaf)
    torch.testing.assert_close(tape.program([ours_twice])(x)[0], theirs_twice, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", PAIRS)
def test_a_program_runs_elsewhere_and_in_a_batch(name):
    ours, theirs = PAIRS[name]
    tape = t.Tape(A.clone())
    program = tape.program([ours(tape.input)])
    others = torch.rand(5, 3, 4, dtype=t.DTYPE) + 0.2
    batch = torch.func.vmap(lambda x: program(x)[0])(others)
    for x, row in zip(others, batch, strict=True):
        torch.testing.assert_close(program(x)[0].reshape(-1), theirs(x).reshape(-1), rtol=1e-14, atol=1e-14)
        torch.testing.assert_close(row, program(x)[0], rtol=1e-13, atol=1e-14)


def test_constants_fold_and_what_no_output_needs_is_left_out():
    tape = t.Tape(A.clone())
    t.exp(tape.input)
    kept = t.mul(tape.input, t.exp(torch.ones(3, 4, dtype=t.DTYPE)))
    assert len(tape.program([kept])) == 1


def test_relu_has_no_slope_at_its_corner():
    tape = t.Tape(torch.zeros(1, dtype=t.DTYPE))
    assert tape.gradient(t.relu(tape.input)).value.item() == 0.0


def test_a_root_is_the_number_nearest_to_it_alone_among_others_and_of_many_samples():
    x = torch.rand(4, 500, generator=torch.Generator().manual_seed(3), dtype=t.DTYPE) * 10
    nearest = torch.tensor([[math.sqrt(v) for v in row] for row in x.tolist()], dtype=t.DTYPE)
    assert torch.equal(t.sqrt(x), nearest)
    assert torch.equal(torch.func.vmap(t.sqrt)(x), nearest)
    assert [t.sqrt(v).item() for v in x[0]] == nearest[0].tolist()
    assert t.sqrt(torch.tensor(2.0, dtype=t.DTYPE)).item() == 1.4142135623730951

"""Each function called from cells, spills included, against native formulas and against torch."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests import oracles
from tests.addin.cells import Cells
from xlcicf import docs
from xlcicf.addin import udfs
from xlcicf.addin.function_calls import FUNCTIONS
from xlcicf.addin.function_process import READING
from xlcicf.formula.address import Area, cell_address, column_letters, parse_cell

draw = np.random.default_rng(4)


def numbers(*shape) -> torch.Tensor:
    return torch.from_numpy(draw.normal(size=shape))


X, y = numbers(4, 3), torch.tensor([[1.0], [0.0], [1.0], [1.0]], dtype=torch.float64)
W1, b1, W2, b2 = numbers(2, 3), numbers(1, 2), numbers(1, 2), numbers(1, 1)
chances = torch.sigmoid(numbers(4, 1))
true, guessed = torch.tensor([[0.0], [2.0], [1.0], [2.0]]), torch.tensor([[0.0], [1.0], [1.0], [2.0]])
image, kernel = numbers(5, 6), numbers(2, 3)

BLOCKS = {
    "A1": X, "E1": W1, "E4": b1, "E6": W2, "E8": b2, "I1": y, "J1": chances, "K1": true, "L1": guessed,
    "A10": image, "H10": kernel,
}  # fmt: skip
BLOCKS = {corner: block.tolist() for corner, block in BLOCKS.items()}

LIN = "MMULT(A1:C4,TRANSPOSE(E1:G2))"
RELUS = f"(({LIN}>0)*{LIN})"
SUM = f"MMULT({RELUS},{{1;1}})"
SLOPES = f"(2/4*MMULT(TRANSPOSE(({SUM}-I1:I4)*({LIN}>0)),A1:C4))"
CORNERS = "ABCDEF"


def sum_of_relus(weights):
    return torch.relu(X @ weights.T).sum(1, keepdim=True)


def slopes(weights, loss=F.mse_loss):
    weights = weights.clone().requires_grad_()
    (found,) = torch.autograd.grad(loss(sum_of_relus(weights), y), weights)
    return found


def descended(steps, lr):
    """The weights after plain gradient descent by torch.optim."""
    weights = W1.clone().requires_grad_()
    optimizer = torch.optim.SGD([weights], lr)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(sum_of_relus(weights), y).backward()
        optimizer.step()
    return weights.detach()


def windows(formula: str, rows: int, columns: int, height: int, width: int, stride: int) -> list[list[str]]:
    """A plain formula for each place of a window over the image; {} is the window's address."""
    return [
        [
            formula.format(f"{CORNERS[j]}{10 + i}:{CORNERS[j + width - 1]}{10 + i + height - 1}")
            for j in range(0, columns * stride, stride)
        ]
        for i in range(0, rows * stride, stride)
    ]


@dataclass(frozen=True)
class Row:
    """A formula with a function of ours, what torch makes of it, and native formulas that say the same: one
    array formula or a table of plain ones; None where common-core formulas cannot."""

    formula: str
    torch: Callable[[], torch.Tensor]
    native: str | list[list[str]] | None


ROWS = [
    Row("=NN_RELU(A1:C4)", lambda: F.relu(X), "=(A1:C4>0)*A1:C4"),
    Row("=NN_SIGMOID(A1:C4)", lambda: torch.sigmoid(X), "=1/(1+EXP(-A1:C4))"),
    Row("=NN_SOFTMAX(A1:C4)", lambda: F.softmax(X, 1), "=EXP(A1:C4)/MMULT(EXP(A1:C4),{1;1;1})"),
    Row("=NN_SOFTMAX({1,2,3})", lambda: F.softmax(torch.tensor([[1.0, 2, 3]]).double(), 1), "=EXP({1,2,3})/SUM(EXP({1,2,3}))"),
    Row("=NN_DENSE(A1:C4,E1:G2)", lambda: F.linear(X, W1), f"={LIN}"),
    Row("=NN_DENSE(A1:C4,E1:G2,E4:F4)", lambda: F.linear(X, W1, b1[0]), f"={LIN}+E4:F4"),
    Row("=NN_PREDICT(A1:C4,E1:G2)", lambda: sum_of_relus(W1), f"={SUM}"),
    Row("=NN_PREDICT(A1:C4,E1:G2,E4:F4)", lambda: F.linear(X, W1, b1[0]), f"={LIN}+E4:F4"),
    Row("=NN_PREDICT(A1:C4,E1:G2,E4:F4,E6:F6,E8)", lambda: F.linear(F.relu(F.linear(X, W1, b1[0])), W2, b2[0]),
        f"=MMULT(({LIN}+E4:F4>0)*({LIN}+E4:F4),TRANSPOSE(E6:F6))+E8"),
    Row("=NN_PREDICT(A1:C4,E1:G2,E6:F6,E8)", lambda: F.linear(F.relu(F.linear(X, W1)), W2, b2[0]),
        f"=MMULT({RELUS},TRANSPOSE(E6:F6))+E8"),
    Row("=NN_CONV2D(A10:F14,H10:J11)", lambda: F.conv2d(image[None, None], kernel[None, None])[0, 0],
        windows("=SUMPRODUCT({},H10:J11)", 4, 4, 2, 3, 1)),
    Row("=NN_CONV2D(A10:F14,H10:J11,2)", lambda: F.conv2d(image[None, None], kernel[None, None], stride=2)[0, 0],
        windows("=SUMPRODUCT({},H10:J11)", 2, 2, 2, 3, 2)),
    Row("=NN_CONV2D(A10:F14,H10:J11,2,1)", lambda: F.conv2d(image[None, None], kernel[None, None], stride=2, padding=1)[0, 0], None),
    Row("=NN_MAXPOOL(A10:F14)", lambda: F.max_pool2d(image[None], 2)[0], windows("=MAX({})", 2, 3, 2, 2, 2)),
    Row("=NN_MAXPOOL(A10:F14,3,1)", lambda: F.max_pool2d(image[None], 3, 1)[0], windows("=MAX({})", 3, 4, 3, 3, 1)),
    Row("=NN_LOSS(J1:J4,I1:I4)", lambda: F.mse_loss(chances, y), "=SUMXMY2(J1:J4,I1:I4)/4"),
    Row('=NN_LOSS(J1:J4,I1:I4,"mae")', lambda: F.l1_loss(chances, y), "=SUM(ABS(J1:J4-I1:I4))/4"),
    Row('=NN_LOSS(J1:J4,I1:I4,"BCE")', lambda: F.binary_cross_entropy(chances, y),
        "=-SUM(I1:I4*LN(J1:J4)+(1-I1:I4)*LN(1-J1:J4))/4"),
    Row('=NN_LOSS(A1:C4,K1:K4,"cross_entropy")', lambda: F.cross_entropy(X, true[:, 0].long()),
        "=-SUM((K1:K4={0,1,2})*LN(EXP(A1:C4)/MMULT(EXP(A1:C4),{1;1;1})))/4"),
    Row("=NN_ACCURACY(J1:J4,I1:I4)", lambda: ((chances > 0.5) == (y > 0)).double().mean(), "=1-SUM(ABS((J1:J4>0.5)-I1:I4))/4"),
    Row("=NN_ACCURACY(J1:J4,I1:I4,0.3)", lambda: ((chances > 0.3) == (y > 0)).double().mean(), "=1-SUM(ABS((J1:J4>0.3)-I1:I4))/4"),
    Row("=NN_CONFUSION(L1:L4,K1:K4)", lambda: torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 1, 1]]),
        [[f"=COUNTIFS(K1:K4,{i},L1:L4,{j})" for j in range(3)] for i in range(3)]),
    Row("=NN_CONFUSION(L1:L4,K1:K4,4)", lambda: F.pad(torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 1, 1]]), (0, 1, 0, 1)),
        [[f"=COUNTIFS(K1:K4,{i},L1:L4,{j})" for j in range(4)] for i in range(4)]),
    Row("=NN_GRAD(A1:C4,I1:I4,E1:G2)", lambda: slopes(W1), f"={SLOPES}"),
    Row('=NN_GRAD(A1:C4,I1:I4,E1:G2,"mae")', lambda: slopes(W1, F.l1_loss),
        f"=MMULT(TRANSPOSE(SIGN({SUM}-I1:I4)*({LIN}>0)),A1:C4)/4"),
    Row("=NN_STEP(A1:C4,I1:I4,E1:G2,0.1)", lambda: W1 - 0.1 * slopes(W1), f"=E1:G2-0.1*{SLOPES}"),
    Row("=NN_TRAIN(A1:C4,I1:I4,E1:G2,1,0.1)", lambda: descended(1, 0.1), f"=E1:G2-0.1*{SLOPES}"),
    Row("=NN_TRAIN(A1:C4,I1:I4,E1:G2,50,0.1)", lambda: descended(50, 0.1), None),
    Row('=NN_LOSS(NN_PREDICT(A1:C4,NN_TRAIN(A1:C4,I1:I4,E1:G2,50,0.1,"sgd","mse")),I1:I4)',
        lambda: F.mse_loss(sum_of_relus(descended(50, 0.1)), y), None),
]  # fmt: skip

NATIVE = [row for row in ROWS if row.native]


def by_row(rows: list[Row]):
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.formula)


@pytest.fixture(scope="module")
def sheet():
    return Cells(BLOCKS)


@by_row(ROWS)
def test_cells_show_what_torch_computes(sheet, row):
    expected = np.atleast_2d(row.torch().numpy())
    shown = sheet.shows(row.formula, *expected.shape)
    assert oracles.difference(expected, shown) <= 1e-12


@by_row(NATIVE)
def test_cells_show_what_native_formulas_show(sheet, row, native):
    expected = native[row.formula]
    assert oracles.difference(expected, sheet.shows(row.formula, *expected.shape)) <= 1e-12


@pytest.fixture(scope="module")
def native():
    """Formula of ours -> what IronCalc makes of the native ones; all rows in one book."""
    inputs = {
        cell_address("S", row, col).removeprefix("S!"): number
        for corner, block in BLOCKS.items()
        for (row, col), number in zip(places(corner, block), np.ravel(block).tolist(), strict=True)
    }
    asked = {row.formula: cases(row, inputs) for row in NATIVE}
    answers = iter(oracles.ironcalc_formulas([case for each in asked.values() for case in each]))
    found = {formula: [next(answers) for _ in each] for formula, each in asked.items()}
    return {row.formula: np.reshape(found[row.formula], size(row)) for row in NATIVE}


def cases(row: Row, inputs: dict) -> list[oracles.Case]:
    if not isinstance(row.native, str):
        return [oracles.Case(formula, inputs) for line in row.native for formula in line]
    rows, columns = size(row)
    return [oracles.Case(row.native, inputs, array=f"Z99:{column_letters(25 + columns)}{98 + rows}")]


def size(row: Row) -> tuple[int, int]:
    return np.atleast_2d(row.torch().numpy()).shape


def places(corner: str, block: list) -> list[tuple[int, int]]:
    top, left = parse_cell(corner)
    return list(Area("S", top, left, top + len(block) - 1, left + len(block[0]) - 1).cells())


def test_every_function_by_value_is_called_from_cells():
    called = {name for name in FUNCTIONS for row in ROWS if f"{name}(" in row.formula}
    assert called == {name for name, f in FUNCTIONS.items() if f.arguments and not f.by_reference}


def test_each_function_stands_in_the_page_on_the_add_in():
    page = docs.page("addin")
    for usage, text in udfs.table():
        assert f"| `={usage}` | {text} |" in page


def test_those_that_read_books_are_the_ones_that_are_handed_cells():
    assert set(READING) == {name for name, function in FUNCTIONS.items() if function.by_reference}

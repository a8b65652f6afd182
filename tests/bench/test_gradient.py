"""The compiled sheet's value and gradient beside the same net written by hand in torch."""

import numpy as np
import pytest
import torch

import xlcicf
from tests import layouts
from tests.bench.timing import interleaved, ratio
from tests.oracles import difference
from xlcicf.learn import titanic

pytestmark = pytest.mark.bench

ROUNDS, REPEAT = 40, 25


class HandWritten:
    """relu(X @ W.T).sum(1) against y by mean squared error, with eager autograd in float64."""

    def __init__(self, data):
        self.X, self.y = torch.from_numpy(data.X), torch.from_numpy(data.y)

    def value_and_gradient(self, v):
        W = torch.from_numpy(v).reshape(2, -1).requires_grad_()
        loss = ((torch.relu(self.X @ W.T).sum(1) - self.y) ** 2).mean()
        loss.backward()
        return loss.item(), W.grad.numpy().ravel()


@pytest.fixture(params=["titanic.xlsx", "712-row layout"])
def sheet_and_hand(request, titanic_book, tmp_path):
    """(the sheet's function, the same by hand, the name)."""
    path, data = titanic_book, titanic.lesson()
    if request.param == "712-row layout":
        path, data = tmp_path / "nnet.xlsx", titanic.fastai_sheet()
        layouts.nnet(path)
    book = xlcicf.open_book(path)
    return xlcicf.differentiate(book, xlcicf.find_problem(book)), HandWritten(data), request.param


def test_value_and_gradient_beside_a_hand_written_net(sheet_and_hand, one_torch_thread, measured):
    sheet, hand, name = sheet_and_hand
    v = np.random.default_rng(2).uniform(-0.5, 0.5, len(sheet.start))
    (loss, gradient), (same_loss, same_gradient) = sheet.value_and_gradient(v), hand.value_and_gradient(v)
    assert difference(loss, same_loss) <= 1e-12
    assert difference(gradient, same_gradient) <= 1e-12
    ours, theirs = interleaved(
        lambda: sheet.value_and_gradient(v), lambda: hand.value_and_gradient(v), rounds=ROUNDS, repeat=REPEAT
    )
    measured(f"value and gradient, {name} / hand-written torch", ratio(ours, theirs))

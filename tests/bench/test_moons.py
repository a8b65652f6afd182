"""The net of 337 weights in micrograd.xlsx: compiled, and trained for 100 steps beside the same net in torch."""

import time
from pathlib import Path

import pytest
import torch

import xlcicf
from tests.bench.timing import interleaved, ratio
from tests.learn import moons_net
from tests.oracles import difference
from xlcicf.learn import moons
from xlcicf.optim import train

pytestmark = pytest.mark.bench

BOOK = Path(__file__).parents[2] / "workbooks" / "micrograd.xlsx"
STEPS = 100


def by_hand() -> float:
    """100 steps of SGD, learning rate 1, on the net as one would write it in torch; the least loss met."""
    X, y = map(torch.tensor, moons.points())
    layers = [torch.tensor(layer, requires_grad=True) for layer in moons.weights("start")]
    optimizer = torch.optim.SGD(layers, lr=1)
    losses = []
    for _ in range(STEPS):
        loss = moons_net.loss(X, y, layers)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return min(losses)


def test_a_hundred_steps_through_the_sheet_beside_the_same_net_in_torch(one_torch_thread, measured):
    book = xlcicf.open_book(BOOK)
    began = time.perf_counter()
    f = xlcicf.differentiate(book, xlcicf.find_problem(book))
    seconds = time.perf_counter() - began
    book.close()

    def through_the_sheet() -> float:
        *_, last = train(
            f, optimizer="sgd", lr=1, steps=STEPS - 1
        )  # the start is the first of the 100 losses
        return last.best_loss

    assert difference(by_hand(), through_the_sheet()) <= 1e-9
    ours, theirs = interleaved(through_the_sheet, by_hand, rounds=15)
    measured("337-weight net compiled (bar: 5 s)", f"{seconds:.2f} s")
    measured("337-weight net, 100 steps / hand-written torch (bar: 3x)", ratio(ours, theirs))

"""Nets of other sizes than the Titanic's: their formulas against torch."""

import numpy as np
import pytest
import torch
from openpyxl import Workbook

from tests.lessons.live import Live
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.sheet.block import Block
from xlcicf.sheet.chain import Chain, write_chain
from xlcicf.sheet.gradient import write_gradients
from xlcicf.sheet.net import Net, write_examples, write_score, write_weights
from xlcicf.sheet.page import put, put_row
from xlcicf.sheet.style import WHOLE, add_styles

SIZES = [(1, 1, 5), (3, 4, 19), (4, 2, 30)]  # units, columns, rows


def book_of(units, columns, rows):
    """(workbook, net, weights, X, y): random numbers on a sheet "Data", the net on "Net"."""
    rng = np.random.default_rng(units)
    X, y = rng.uniform(0, 1, (rows, columns)), rng.integers(0, 2, rows)
    weights = rng.uniform(-1, 1, (units, columns))
    net = Net("Net", tuple(f"x{j}" for j in range(columns)), rows, units=units)
    book = Workbook()
    add_styles(book)
    data, ws, slopes = book.active, book.create_sheet("Net"), book.create_sheet("Gradient")
    data.title = "Data"
    for i in range(rows):
        put_row(data, f"A{net.first + i}", [i + 1, int(y[i]), *X[i].tolist()], "Data")
    write_weights(ws, net, weights.tolist())
    write_score(ws, net)
    letters = [cell.column_letter for cell in next(data.iter_rows(max_row=1, min_col=3, max_col=2 + columns))]
    inputs = [(f"=Data!{letter}{{row}}", WHOLE) for letter in letters]
    write_examples(ws, net, "=Data!$A{row}", "=Data!$B{row}", inputs)
    h, step = Block("h", "Gradient", "D4"), Block("step", "Gradient", "D5")
    put(slopes, h.corner, 1e-4, "Setting")
    put(slopes, step.corner, 0.01, "Setting")
    write_gradients(slopes, net, 8, h, step)
    write_chain(slopes, Chain(net, "M4"), "=INDEX(Data!$A:$A,{row})")
    return book, net, weights, X, y


@pytest.mark.parametrize("units, columns, rows", SIZES)
@pytest.mark.parametrize("measure", ["MSE", "MAE"])
@pytest.mark.parametrize("share", [0, 0.3])
def test_loss_and_derivatives_are_torchs_at_any_size(tmp_path, units, columns, rows, measure, share):
    book, net, weights, X, y = book_of(units, columns, rows)
    save_generated(book, tmp_path / "net.xlsx")
    live = Live(tmp_path / "net.xlsx")
    live[net.measure.ref], live[net.held_out.ref] = measure, share
    training = live.numbers(net.training.ref) == 1
    assert (~training).sum() == np.ceil(share * rows)

    w = torch.tensor(weights, requires_grad=True)
    pred = torch.relu(torch.tensor(X) @ w.T).sum(1)
    errors = (pred - torch.tensor(y)) ** 2 if measure == "MSE" else (pred - torch.tensor(y)).abs()
    loss = errors[training].mean()
    (slope,) = torch.autograd.grad(loss, w)
    assert live[net.loss.ref] == pytest.approx(loss.item(), abs=1e-12)
    n = units * columns
    np.testing.assert_allclose(live.numbers(f"Gradient!D8:D{7 + n}"), slope.flatten(), rtol=0, atol=1e-12)
    smooth = live.numbers(f"Gradient!G8:G{7 + n}") + live.numbers(f"Gradient!H8:H{7 + n}") == 0
    assert smooth.any()
    gaps = live.numbers(f"Gradient!F8:F{7 + n}")
    assert np.abs(gaps[smooth]).max() < 1e-10
    np.testing.assert_allclose(
        live.numbers(f"Gradient!K8:K{7 + n}"), 0.01 * slope.flatten(), rtol=0, atol=1e-14
    )


@pytest.mark.parametrize("units, columns, rows", SIZES)
def test_the_chain_rules_parts_add_up_to_the_derivative(tmp_path, units, columns, rows):
    book, net, *_ = book_of(units, columns, rows)
    save_generated(book, tmp_path / "net.xlsx")
    live = Live(tmp_path / "net.xlsx")
    chain = Chain(net, "M4")
    live[f"Gradient!{chain.unit}"], live[f"Gradient!{chain.column}"] = units, net.columns[-1]
    total = 0
    for number in range(1, rows + 1):
        live[f"Gradient!{chain.number}"] = number
        total += live[f"Gradient!{chain.at(chain.factors + 6, -1)}"]
    assert total == pytest.approx(live[f"Gradient!D{7 + units * columns}"], abs=1e-12)


@pytest.mark.parametrize("rows", [*range(1, 60), 712, 891, 1000])
def test_the_held_out_rule_deals_every_rank_once(rows):
    net = Net("Net", ("x",), rows)
    assert sorted((i + 1) * net.spread % rows for i in range(rows)) == list(range(rows))

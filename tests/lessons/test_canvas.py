"""The sheet *One canvas* of convolutions.xlsx against torch, for digits of the book, with dropout and without."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.lessons.live import agree, table
from xlcicf.learn import vision
from xlcicf.lessons import canvas
from xlcicf.lessons import convolutions as book

BOOK = Path(__file__).parents[2] / "workbooks" / "convolutions.xlsx"
NET = vision.trained("max_pooled").double()


def left_out(share, draw):
    """Which of the 72 numbers (2, 6, 6) dropout leaves out."""
    numbers = np.arange(1, 73)
    return ((numbers * 0.618034 + draw * 0.414214) % 1 < share).reshape(2, 6, 6)


def as_torch_says(reader, share=0.25, draw=1):
    """Every picture of the canvas against torch's for the picture that is looked at; the digit that it says."""
    seen = torch.as_tensor(reader(book.SEEN))[None, None]
    with torch.no_grad():
        halved = NET.shrink(seen)
        sums = NET.conv(halved)
        pooled = NET.pool(torch.relu(sums))
        kept = pooled[0] * torch.as_tensor(~left_out(share, draw)) / (1 - share)
        scores = NET.output(kept.reshape(1, -1))[0]
    agree(halved, reader(canvas.PICTURE.map(0)))
    for m in canvas.MAPS:
        agree(sums[0, m], reader(canvas.SUMS[m].map(0)))
        agree(torch.relu(sums)[0, m], reader(canvas.RELUS[m]))
        agree(pooled[0, m], reader(canvas.POOLS[m]))
        agree(kept[m], reader(canvas.KEPT[m]))
    agree(scores, reader(canvas.SCORES))
    agree(scores.softmax(0), reader(canvas.PROBABILITIES))
    return int(scores.argmax())


def test_every_picture_is_torchs(computed):
    says = as_torch_says(partial(table, computed, empty=0.0))
    assert says == computed[canvas.ANSWER.free] == 5


@pytest.mark.parametrize(("number", "share", "draw"), [(2, 0.0, 1), (3, 0.5, 7), (90, 0.9, 100)])
def test_for_a_digit_of_the_table_and_any_dropout_too(shared, number, share, draw):
    shared[book.LOOK_AT.ref] = "digit No."
    shared[book.PICKED.ref] = number
    shared[canvas.SHARE.ref], shared[canvas.DRAWN.ref] = share, draw
    as_torch_says(shared.read, share, draw)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_dropout_leaves_out_its_share_and_other_numbers_at_each_draw(share):
    drawn = np.array([left_out(share, draw) for draw in range(1, 101)])
    assert drawn.mean(axis=(1, 2, 3)) == pytest.approx(share, abs=0.05)
    assert len(np.unique(drawn.reshape(100, -1), axis=0)) > 30


@pytest.mark.parametrize("m", [1, 2])
@pytest.mark.parametrize(("row", "column"), [(1, 1), (1, 4), (3, 5), (6, 6)])
def test_a_number_is_followed_back_to_nine_pixels(shared, m, row, column):
    shared[book.LOOK_AT.ref] = "my drawing"
    shared[canvas.SHARE.ref], shared[canvas.DRAWN.ref], shared[canvas.DIGIT.ref] = 0.25, 1, 3
    shared[canvas.MAP.ref], shared[canvas.ROW.ref], shared[canvas.COLUMN.ref] = m, row, column
    score, product, weight, kept, pooled, winner, added = shared.numbers(
        f"'{canvas.SHEET}'!{canvas.VALUES}{canvas.PATH_TOP}:{canvas.VALUES}{canvas.PATH_TOP + 6}"
    )
    assert score == shared.read(canvas.SCORES)[3, 0]
    assert weight == NET.output.weight[3, (m - 1) * 36 + (row - 1) * 6 + column - 1].item()
    assert product == pytest.approx(weight * kept, abs=1e-12)
    assert pooled == max(0, winner) == shared.read(canvas.FOUR).max()
    assert added == pytest.approx(winner, abs=1e-12)
    at = int(shared[canvas.AT_ROW.ref]), int(shared[canvas.AT_COLUMN.ref])
    assert winner == shared.read(canvas.SUMS[m - 1].map(0))[at[0] - 1, at[1] - 1]
    agree(
        shared.read(canvas.PICTURE.map(0))[at[0] - 1 : at[0] + 2, at[1] - 1 : at[1] + 2],
        shared.read(canvas.NINE),
    )
    agree(NET.conv.weight[m - 1, 0], shared.read(canvas.TIMES))


def test_each_line_leads_to_where_its_number_stands(book):
    sheet = book.sheets[canvas.SHEET]
    links = [sheet[f"CE{canvas.PATH_TOP + line}"].formula for line in range(7)]
    assert all(link.startswith("=HYPERLINK(\"#'One canvas'!\"&") for link in links)

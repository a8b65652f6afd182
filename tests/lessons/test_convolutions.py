"""convolutions.xlsx against torch, on the shipped book, on painted digits and after everything that it tells a
reader to try."""

import shutil
import time
from functools import partial
from itertools import product
from math import log
from pathlib import Path

import ironcalc
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests import libreoffice, oracles
from tests.lessons.live import agree, table
from tests.lessons.painted import paint
from xlcicf.learn import mnist, vision
from xlcicf.lessons import convolutions as book

BOOK = Path(__file__).parents[2] / "workbooks" / "convolutions.xlsx"
TYPING = Path(__file__).with_name("libreoffice_typing.py")
IMAGES, LABELS = book.shown_digits()
WITH_BATCHNORM = vision.trained("cnn").double()
FOLDED = vision.fold_batchnorm(WITH_BATCHNORM)
LIBREOFFICE = pytest.mark.skipif(
    not shutil.which("soffice"), reason="LibreOffice (soffice) is not on the PATH"
)


def stacked(reader, maps):
    return np.stack([reader(maps.map(channel)) for channel in range(maps.channels)])


def layers_of(net, image):
    """What each convolution, and the ReLU after it, makes of an image (28, 28) of 0..1, in float64."""
    out, found = torch.as_tensor(image, dtype=torch.float64)[None, None], []
    with torch.no_grad():
        for name, layer in net.named_children():
            out = layer(out)
            if name.startswith("relu") or name == "conv5":
                found.append(out[0].numpy())
    return found


def as_torch_says(reader):
    """Every map, score and probability against torch's for the picture that the net now sees."""
    maps = layers_of(WITH_BATCHNORM, reader(book.SEEN))
    for expected, layer in zip(maps, book.MAPS, strict=True):
        agree(expected, stacked(reader, layer))
    scores = torch.as_tensor(maps[-1].ravel())
    agree(scores, reader(book.SCORES))
    agree(scores.softmax(0), reader(book.PROBABILITIES))
    return int(scores.argmax())


def centred(cells, soft=2.0, strong=1.8):
    """A drawing (28, 28) as Centring makes it, written anew: every cell's ink is spread as a tent."""
    result = np.zeros((28, 28))
    lines, columns = np.nonzero(cells)
    scale = 20 / (1 + max(np.ptp(lines), np.ptp(columns)))
    reach = max(soft, scale)
    middle = [np.average(places, weights=cells[lines, columns]) for places in (lines, columns)]
    at = np.arange(28)
    for line, column in zip(lines, columns, strict=True):
        down, across = (
            np.clip(1 - np.abs(at - 14 - scale * (place - centre)) / reach, 0, None) * scale / reach
            for place, centre in zip((line, column), middle, strict=True)
        )
        result += cells[line, column] * np.outer(down, across)
    return np.minimum(1, strong * result)


# ---- truth -----------------------------------------------------------------------------------------------


def test_every_map_score_and_probability_is_torchs_of_the_net_with_batchnorm(computed):
    as_torch_says(partial(table, computed, empty=0.0))
    assert computed["Draw!B6"] == computed["Output!B18"] == 5


def test_the_first_drawing_is_centred_as_written_in_numpy(computed):
    agree(centred(table(computed, book.PAPER, empty=0.0)), table(computed, book.SEEN))


def test_edges_are_torchs_convolutions(computed):
    kernels = torch.tensor(list(book.EDGES.values()), dtype=torch.float64)[:, None]
    expected = F.conv2d(torch.from_numpy(IMAGES[0].astype(float))[None, None], kernels)
    assert tuple(expected.shape) == (1, 4, 26, 26)
    agree(expected[0], stacked(partial(table, computed, empty=0.0), book.EDGE_MAPS))


def test_a_layers_numbers_are_what_torch_counts(computed):
    for number, net in enumerate((FOLDED, vision.trained("cnn_3_7"))):
        convs = [layer for layer in net if isinstance(layer, torch.nn.Conv2d)]
        learned = table(computed, book._layer_column(number, "numbers learned"))
        assert learned.ravel().tolist() == [vision.parameters(conv) for conv in convs]
        sides = table(computed, book._layer_column(number, "side out"))
        assert sides.ravel().tolist() == [14, 7, 4, 2, 1]
        multiplications = [
            conv.weight.numel() * side**2 for conv, side in zip(convs, sides.ravel(), strict=True)
        ]
        assert (
            table(computed, book._layer_column(number, "multiplications")).ravel().tolist() == multiplications
        )
    assert [computed[f"'Stride and padding'!I{row}"] for row in (21, 30)] == [30_282, 6_722]


@pytest.mark.parametrize("number, first", [(0, 5), (1, 3)])
def test_a_cell_sees_as_many_pixels_as_its_slope_reaches(saved, number, first):
    """Without padding's edge: a cell in the middle of the maps of a picture that is large enough."""
    seen = table(saved, book._layer_column(number, "sees pixels")).ravel()
    for depth in range(1, 6):
        image = torch.zeros(1, 1, 256, 256, dtype=torch.float64, requires_grad=True)
        out = image
        for layer in range(depth):
            side = first if layer == 0 else 3
            out = F.conv2d(
                out, torch.ones(1, 1, side, side, dtype=torch.float64), stride=2, padding=side // 2
            )
        middle = out.shape[2] // 2
        (slope,) = torch.autograd.grad(out[0, 0, middle, middle], image)
        assert slope[0, 0].any(0).sum() == seen[depth - 1]


def test_folding_batchnorm_into_the_kernels_changes_nothing(computed):
    assert table(computed, book.NORM_OFF).max() < 1e-12
    place = 6, 6  # row 7, column 7 of the book
    with torch.no_grad():
        image = torch.from_numpy(table(computed, book.SEEN))[None, None]
        sums = WITH_BATCHNORM.conv1(image)
        after = WITH_BATCHNORM.norm1(sums)
    agree(sums[0, :, *place], table(computed, book.NORM_SUM))
    agree(after[0, :, *place], table(computed, book.NORM_AFTER))
    weight, bias = book.trained_layer(1)
    agree(bias, table(computed, book.NORM_FOLDED))
    factor = table(computed, book.NORM_FACTOR)
    agree(weight.reshape(8, 25), table(computed, book.NORM_KERNELS).T * factor)


def test_float32_takes_each_digit_of_the_book_for_the_same_class_as_float64(measured):
    with torch.no_grad():
        single = vision.trained("cnn")(vision.as_maps(IMAGES))
        double = FOLDED(torch.from_numpy(IMAGES / 255)[:, None])
    first, second = single.topk(2).values.T
    clear = first - second > 1e-4
    assert (single.argmax(1) == double.argmax(1))[clear].all() and clear.sum() > 120
    measured(
        "convolutions: float32 against float64, largest score difference",
        f"{(single - double).abs().max():.1e}",
    )


def test_the_net_takes_the_last_three_digits_for_others_and_no_other_digit():
    says = FOLDED(torch.from_numpy(IMAGES / 255)[:, None]).argmax(1).numpy()
    assert (np.flatnonzero(says != LABELS) + 1).tolist() == [122, 123, 124]
    assert len(IMAGES) == book.DIGITS.count == 124


# ---- the figures of fast.ai's chapter and of the lesson ---------------------------------------------------


@pytest.mark.parametrize("row, col, expected", [(5, 7, 762), (8, 18, -29), (1, 1, 0)])
def test_the_top_edge_of_fastais_three_at_three_places(live, row, col, expected):
    live["Edges!B5"], live["Edges!B6"] = row, col
    assert live["Edges!H28"] == live["Edges!H29"] == expected


def test_the_constant_run_stays_near_ln_10_and_the_others_learn(saved, measured):
    constant, one_cycle, batchnorm = table(saved, book.RUN_MEANS).ravel()
    assert abs(constant - log(10)) < 0.02
    assert batchnorm < one_cycle < 0.2
    assert [saved[f"'Training runs'!{x}9"] for x in "BCD"] == ["learns nothing", "learns", "learns"]
    published = (0.1135, 0.9743, 0.9864)
    for x, expected, run in zip("BCD", published, book.RUNS.values(), strict=True):
        got = saved[f"'Training runs'!{x}7"]
        measured(f"convolutions, {run}: of 10,000 right, fast.ai's {expected:.4f}", f"{got:.4f}")
        assert abs(got - expected) < 0.01


def test_the_runs_in_the_book_are_those_of_the_log(saved):
    runs = vision.runs()
    for block, run in zip(book.RUN_LOSS, book.RUNS, strict=True):
        np.testing.assert_allclose(table(saved, block).ravel(), runs[f"{run}.loss"], rtol=1e-6)


def test_a_column_of_a_histogram_counts_every_activation(saved):
    sizes = {book.FIRST_RELU: 512 * 8 * 14 * 14, book.LAST_RELU: 512 * 64 * 2 * 2}
    for layer, run in product(book.WATCHED, range(3)):
        assert (table(saved, book._counts(layer, run)).sum(0) == sizes[layer]).all()


def test_the_share_near_zero_is_at_least_that_of_no_activation_at_all(saved):
    """With a constant rate the last ReLU is dead at the end, with one cycle it is not."""
    shares = table(saved, book.ACTIVITY)[-1, 2::3]
    assert shares[0] > 0.99 and max(shares[1:]) < 0.9


# ---- the painted digits ----------------------------------------------------------------------------------

PAINTINGS = {  # where the box of a digit begins, its size, the brush: all in cells
    "in the middle, two cells wide": ((8, 5), (14, 18), 2.0),
    "top left, one cell wide": ((2, 2), (10, 14), 1.2),
    "bottom right, small": ((15, 14), (8, 11), 1.2),
    "large and thick": ((3, 3), (20, 22), 2.6),
}


@pytest.mark.parametrize("painting", PAINTINGS)
def test_painted_digits_are_centred_and_read_by_formulas_alone(live, painting, measured):
    right = 0
    for digit in range(10):
        cells = paint(digit, *PAINTINGS[painting])
        live["Draw!D6:AE33"] = cells
        agree(centred(cells), live.read(book.SEEN))
        says = as_torch_says(live.read)
        assert live["Draw!B6"] == says
        right += says == digit
    measured(f"digits painted {painting}: right of 10", str(right))
    assert right >= 9


def test_every_painted_digit_differs_from_each_of_mnists_in_ten_cells_or_more():
    digits = mnist.sample()
    known = np.concatenate([digits.train_x, digits.valid_x]) > 127
    for digit, painting in product(range(10), PAINTINGS.values()):
        assert (known != (paint(digit, *painting) > 0)).sum((1, 2)).min() >= 10


@LIBREOFFICE
def test_libreoffice_reads_painted_digits_as_torch_does(tmp_path, measured):
    copy = shutil.copy(BOOK, tmp_path)  # LibreOffice leaves a lock file beside a book that it has open
    drawings = [paint(digit, *PAINTINGS["in the middle, two cells wide"]) for digit in range(10)]
    said = libreoffice.ask(
        TYPING,
        book=Path(copy).as_uri(),
        typed=[["Draw!D6:AE33", drawing.tolist()] for drawing in drawings],
        read=[block.ref.replace("$", "") for block in (book.SEEN, book.SCORES, book.ANSWER)],
    )
    right = 0
    for digit, (seen, scores, answer) in enumerate(said):
        agree(centred(drawings[digit]), np.array(seen))
        agree(layers_of(WITH_BATCHNORM, np.array(seen))[-1], np.array(scores))
        assert answer == [[np.argmax(scores)]]
        right += answer == [[digit]]
    measured("digits painted, read by LibreOffice: right of 10", str(right))
    assert right >= 9


# ---- what to do, done ------------------------------------------------------------------------------------


def test_an_empty_paper_is_no_error(live):
    live["Draw!D6:AE33"] = np.zeros((28, 28))
    assert live["Draw!B6"] == "draw a digit"
    assert not live.read(book.SEEN).any()


@pytest.mark.parametrize("soft, strong", [(1, 1), (3.5, 2.5)])
def test_another_pen_may_be_chosen(live, soft, strong):
    live["Centring!B5"], live["Centring!B6"] = soft, strong
    cells = live.read(book.PAPER)
    agree(centred(np.nan_to_num(cells), soft, strong), live.read(book.SEEN))


def test_a_drawing_may_be_looked_at_as_it_is(live, measured):
    live["Draw!B4"] = book.AS_IT_IS
    right = 0
    for digit in range(10):
        cells = paint(digit, *PAINTINGS["bottom right, small"])
        live["Draw!D6:AE33"] = cells
        agree(cells, live.read(book.SEEN))
        right += as_torch_says(live.read) == digit
    measured("small digits in a corner, not centred: right of 10", str(right))
    assert right < 9


def test_a_window_may_stand_anywhere(live):
    for row, col, kernel in ((8, 18, 1), (26, 26, 4), (12, 9, 2)):
        live["Edges!B5"], live["Edges!B6"], live["Edges!B7"] = row, col, kernel
        pixels = IMAGES[0][row - 1 : row + 2, col - 1 : col + 2].astype(float)
        numbers = np.array(list(book.EDGES.values())[kernel - 1], float)
        agree(pixels * numbers, live.read(book.PRODUCTS))
        assert live["Edges!H28"] == live["Edges!H29"] == (pixels * numbers).sum()


@pytest.mark.parametrize("kernel", [[1] * 9, [0, -1, 0, -1, 4, -1, 0, -1, 0]], ids=["blur", "every edge"])
def test_a_kernel_of_ones_own_makes_a_map(live, kernel):
    live["Edges!B13:D15"] = kernel
    weight = torch.tensor(kernel, dtype=torch.float64).reshape(1, 1, 3, 3)
    expected = F.conv2d(torch.from_numpy(IMAGES[0].astype(float))[None, None], weight)
    agree(expected, live.read(book.EDGE_MAPS.map(0)))


@pytest.mark.parametrize("n, k, s, p", [(7, 3, 2, 1), (8, 5, 1, 0), (5, 5, 3, 2), (1, 3, 1, 0), (8, 1, 1, 2)])
def test_the_side_of_the_output_is_torchs(live, n, k, s, p):
    for row, value in enumerate((n, k, s, p), 4):
        live[f"Stride and padding!B{row}"] = value
    if k > n + 2 * p:
        assert live["Stride and padding!B10"] == 0
        return
    expected = F.conv2d(torch.zeros(1, 1, n, n), torch.zeros(1, 1, k, k), stride=s, padding=p).shape[2]
    assert live["Stride and padding!B10"] == expected
    assert (live.read(book.RESULT) > 0).sum() == expected**2
    padded = live.read(book.PADDED)
    assert (padded > 0).sum() == (n + 2 * p) ** 2 and ((padded == 1) | (padded == 3)).sum() == n**2
    live["Stride and padding!B8"] = live["Stride and padding!B9"] = expected
    assert (live.read(book.PADDED) > 2).sum() == k**2


def test_stride_2_halves_every_even_side(live):
    for n in (2, 4, 6, 8):
        live["Stride and padding!B4"] = n
        assert live["Stride and padding!B10"] == n / 2


@pytest.mark.parametrize("number", [1, 2, 60, 122, 123, 124])
def test_a_digit_of_the_table_goes_through_all_layers(live, number):
    live["Draw!B4"], live["Edges!B4"] = book.FROM_TABLE, number
    agree(IMAGES[number - 1] / 255, live.read(book.SEEN))
    assert live["Draw!B6"] == as_torch_says(live.read)
    assert (live["Draw!B6"] != LABELS[number - 1]) == (number > 121)
    assert live["Draw!A8"].endswith(f"is a {LABELS[number - 1]}")


def test_the_charts_follow_the_chosen_layer(live):
    log_of_first = live.read(book._log_of(book.FIRST_RELU))
    live["Activations!B4"] = book.FIRST_RELU
    assert (live.read(book.ACTIVITY) == log_of_first).all()
    counts = live.read(book._counts(book.FIRST_RELU, 2))
    agree(np.log1p(counts), live.read(book._picture_of_counts(2)))


def test_another_place_of_the_maps_goes_through_batchnorm(live):
    for row, col in ((1, 1), (14, 14), (3, 11)):
        live["Batchnorm!B4"], live["Batchnorm!B5"] = row, col
        assert live.read(book.NORM_OFF).max() < 1e-12


# ---- size and time ---------------------------------------------------------------------------------------


def test_how_heavy_it_is(measured):
    measured("convolutions.xlsx", f"{BOOK.stat().st_size / 1e6:.2f} MB")
    began = time.perf_counter()
    model = ironcalc.load_from_xlsx(str(BOOK), "en", "UTC", "en")
    loaded = time.perf_counter()
    model.evaluate()
    measured(
        "convolutions: IronCalc opens, recalculates",
        f"{loaded - began:.1f} s, {time.perf_counter() - loaded:.1f} s",
    )
    names = [properties["name"] for properties in model.get_worksheets_properties()]
    assert model.get_cell_value(names.index("Draw"), 6, 2) == 5  # it has computed the net's answer


@LIBREOFFICE
def test_how_heavy_it_is_for_libreoffice(tmp_path, measured):
    began = time.perf_counter()
    again = libreoffice.convert(BOOK, "xlsx", tmp_path)
    measured("convolutions: LibreOffice opens, recalculates, saves", f"{time.perf_counter() - began:.1f} s")
    assert oracles.saved_values(again)["Draw!B6"] == 5


def test_training_runs_show_one_image_at_a_time(saved):
    log = vision.one_image_run()
    loss, mean = (table(saved, block)[:, 0] for block in (book.IMAGE_LOSS, book.IMAGE_MEAN))
    assert loss == pytest.approx(log["loss"], abs=1e-7) and mean == pytest.approx(log["mean"], abs=1e-7)
    assert table(saved, book.IMAGE_NUMBER)[[0, -1], 0].tolist() == [1, 55_001]
    (said,) = (text for cell, text in saved.items() if str(text).startswith("afterwards"))
    assert f"afterwards {log['accuracy'][0]:.1%} of the 10,000" in said


def test_what_the_maps_of_layer_4_say_adds_up_to_the_score(computed):
    votes = stacked(partial(table, computed, empty=0.0), book.VOTES)
    said = int(computed["Output!B18"])
    _, bias = book.trained_layer(5)
    assert votes.sum() + bias[said] == pytest.approx(table(computed, book.SCORES)[said, 0], abs=1e-9)

"""Feature maps in cells against torch's conv2d; digits picked from a table."""

import numpy as np
import pytest
import torch

from tests import oracles
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.sheet.block import Block
from xlcicf.sheet.conv import Kernels, Maps, write_maps
from xlcicf.sheet.page import add_page, put, sheets_of
from xlcicf.sheet.pixels import Digits

SIZES = [  # inputs, outputs, image, kernel, stride, padding
    (1, 2, 28, 5, 2, 2),
    (3, 4, 7, 3, 2, 1),
    (2, 3, 6, 3, 1, 0),
    (9, 10, 2, 3, 2, 1),
]


def page(workbook, name):
    return add_page(workbook, name, name, "", widths="A=4", print_area="A1:Z50")


def numbers(values, block):
    """A block's values (rows, cols) out of those of a book."""
    cells = oracles.addresses(block.sheet, block.local.replace("$", ""))
    return np.array([values[cell] for cell in cells]).reshape(block.rows, block.cols)


@pytest.mark.libreoffice
@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("inputs, outputs, image, kernel, stride, padding", SIZES)
def test_maps_are_those_of_torchs_conv2d(tmp_path, inputs, outputs, image, kernel, stride, padding, relu):
    rng = np.random.default_rng(inputs)
    x = rng.uniform(-1, 1, (inputs, image, image))
    weight, bias = rng.normal(size=(outputs, inputs, kernel, kernel)), rng.normal(size=outputs)
    expected = torch.conv2d(torch.tensor(x)[None], torch.tensor(weight), torch.tensor(bias), stride, padding)
    expected = (expected.relu() if relu else expected)[0].numpy()
    source = Maps("source", "A sheet", "D6", inputs, image, across=2, gap=2)
    maps = Maps("maps", "Maps", "D6", outputs, expected.shape[1], across=3)
    kernels = Kernels("conv", "Maps", "C40", outputs, inputs, kernel)

    def images(workbook):
        ws = page(workbook, "A sheet")
        for channel in range(inputs):
            area = source.map(channel).area
            for (i, j), value in np.ndenumerate(x[channel]):
                ws.cell(area.top + i, area.left + j).value = float(value)

    def features(workbook):
        ws = page(workbook, "Maps")
        kernels.write(ws, weight, bias)
        write_maps(ws, source, kernels, maps, stride, padding, relu)

    path = tmp_path / "conv.xlsx"
    save_generated(sheets_of([images, features], []), path)
    for values in (oracles.ironcalc_values(path), oracles.libreoffice_values(path)):
        got = np.stack([numbers(values, maps.map(channel)) for channel in range(outputs)])
        assert oracles.difference(expected, got) < 1e-12


@pytest.mark.libreoffice
@pytest.mark.parametrize("black", [1, 255])
def test_the_digit_whose_number_is_typed_is_shown(tmp_path, black):
    rng = np.random.default_rng(0)
    digits = rng.integers(0, 256, (5, 28, 28)) * (rng.random((5, 28, 28)) < 0.2)
    table, picture = Digits("Digits", 5), Block("picture", "Picture", "C6", 28, 28)

    def show(workbook):
        ws = page(workbook, "Picture")
        put(ws, "A4", 4, "Setting")
        table.write_picked(ws, picture, "$A$4", black)

    path = tmp_path / "digits.xlsx"
    pages = [
        lambda workbook: table.write(workbook, "Five digits", "A digit a row.", digits, [3, 1, 4, 1, 5]),
        show,
    ]
    save_generated(sheets_of(pages, []), path)
    for values in (oracles.ironcalc_values(path), oracles.libreoffice_values(path)):
        np.testing.assert_allclose(numbers(values, picture), digits[3] * black / 255, rtol=1e-14)
        assert [values[f"Digits!B{row}"] for row in range(5, 10)] == [3, 1, 4, 1, 5]


def test_a_window_stays_within_the_padding():
    maps = Maps("maps", "Maps", "D6", 4, 7, across=2)
    assert maps.windows(-1, -1, 3, "Maps") == ["C5:E7", "K5:M7", "C13:E15", "K13:M15"]
    assert maps.windows(5, 5, 3, "Net")[3] == "Maps!Q19:S21"
    assert (maps.area.bottom, maps.area.right) == (20, 18)
    with pytest.raises(AssertionError):
        maps.windows(-2, 0, 3, "Maps")

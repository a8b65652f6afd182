"""A convolution as formulas: feature maps to look at, each cell the sum of the products under a window."""

from copy import copy
from dataclasses import dataclass

import numpy as np
from openpyxl.styles import Border
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import Area, column_letters, quote_sheet
from xlcicf.sheet.block import Block, place
from xlcicf.sheet.page import fill, put
from xlcicf.sheet.pixels import HIDDEN, blue_and_orange, greys, squares
from xlcicf.sheet.style import THREE


@dataclass(frozen=True)
class Maps:
    """Square feature maps of one layer, `across` of them in a line.

    Around each map lie `gap` empty cells, also above and to the left of `corner`: the padding, since a
    formula reads an empty cell as 0. An image is one map.
    """

    name: str
    sheet: str
    corner: str
    channels: int
    size: int
    across: int = 8
    gap: int = 1

    def map(self, channel: int) -> Block:
        """The map of one channel (size, size), counted from 0."""
        assert 0 <= channel < self.channels, channel
        top, left = place(self.corner)
        down, right = divmod(channel, self.across)
        pitch = self.size + self.gap
        corner = f"{column_letters(left + right * pitch)}{top + down * pitch}"
        return Block(f"{self.name}[{channel}]", self.sheet, corner, self.size, self.size)

    @property
    def area(self) -> Area:
        """The rectangle that all maps lie in."""
        last, widest = self.map(self.channels - 1).area, self.map(min(self.across, self.channels) - 1).area
        top, left = place(self.corner)
        return Area(self.sheet, top, left, last.bottom, widest.right)

    def windows(self, row: int, col: int, size: int, caller: str) -> list[str]:
        """The cells under a window in each map, as formulas of the sheet `caller` call them: "A4:E8".

        row, col  the window's first cell counted from the map's; below 0 it lies in the padding
        """
        assert min(row, col) >= -self.gap and max(row, col) + size <= self.size + self.gap, (row, col)
        prefix = "" if caller == self.sheet else f"{quote_sheet(self.sheet)}!"
        found = []
        for channel in range(self.channels):
            area = self.map(channel).area
            top, left = area.top + row, area.left + col
            last = f"{column_letters(left + size - 1)}{top + size - 1}"
            found.append(f"{prefix}{column_letters(left)}{top}:{last}")
        return found


@dataclass(frozen=True)
class Kernels:
    """A convolution's weights, torch's (outputs, inputs, size, size): a line of kernels for each output, one
    for each input, the bias before them. An empty cell lies between kernels."""

    name: str
    sheet: str
    corner: str
    outputs: int
    inputs: int
    size: int

    def bias(self, output: int) -> Block:
        """The bias of one output, one cell."""
        top, left = place(self.corner)
        at = f"{column_letters(left)}{top + output * (self.size + 1)}"
        return Block(f"{self.name}.bias[{output}]", self.sheet, at)

    def kernel(self, output: int, channel: int) -> Block:
        """(size, size): what one output sees in one input."""
        assert 0 <= output < self.outputs and 0 <= channel < self.inputs, (output, channel)
        top, left = place(self.corner)
        pitch = self.size + 1
        corner = f"{column_letters(left + 2 + channel * pitch)}{top + output * pitch}"
        return Block(f"{self.name}.weight[{output},{channel}]", self.sheet, corner, self.size, self.size)

    @property
    def weight(self) -> Block:
        """The rectangle that all kernels lie in, with the empty cells between them."""
        first, last = self.kernel(0, 0), self.kernel(self.outputs - 1, self.inputs - 1).area
        rows, cols = last.bottom - first.area.top + 1, last.right - first.area.left + 1
        return Block(f"{self.name}.weight", self.sheet, first.corner, rows, cols)

    @property
    def biases(self) -> Block:
        """The column that all biases lie in, with the empty cells between them."""
        return Block(f"{self.name}.bias", self.sheet, self.corner, self.weight.rows)

    def write(self, ws: Worksheet, weight: np.ndarray, bias: np.ndarray, width: float = 2.6) -> None:
        """weight (outputs, inputs, size, size) as squares in blue and orange, bias (outputs,).

        width  of a number, as for `squares`
        """
        assert weight.shape == (self.outputs, self.inputs, self.size, self.size), weight.shape
        full = float(np.quantile(np.abs(weight), 0.98))
        for output in range(self.outputs):
            put(ws, self.bias(output).corner, float(bias[output]), "Weight", THREE)
            for channel in range(self.inputs):
                block = self.kernel(output, channel)
                fill(ws, block, weight[output, channel].astype(float).tolist(), "Weight", HIDDEN)
                squares(ws, block, width)
                _unframe(ws, block)
        blue_and_orange(ws, self.weight, full)


def write_maps(
    ws: Worksheet,
    source: Maps,
    kernels: Kernels,
    maps: Maps,
    stride: int = 1,
    padding: int = 0,
    relu: bool = True,
    black: float = 1.0,
    width: float = 2.6,
) -> None:
    """The maps that a convolution makes of those of `source`, as torch's conv2d, then ReLU.

    Each cell is one formula: =MAX(0, bias + SUMPRODUCT(window, kernel) + ...), a term for each input.
    black  the number at which a map's cell is black (with relu), or fully blue or orange (without)
    width  of a map's cell, as for `squares`
    """
    assert (kernels.outputs, kernels.inputs) == (maps.channels, source.channels)
    assert maps.size == (source.size + 2 * padding - kernels.size) // stride + 1, maps
    for output in range(maps.channels):
        block, bias = maps.map(output), _call(kernels.bias(output), ws)
        seen = [_call(kernels.kernel(output, channel), ws) for channel in range(source.channels)]

        def formula(i: int, j: int, bias=bias, seen=seen) -> str:
            windows = source.windows(stride * i - padding, stride * j - padding, kernels.size, ws.title)
            terms = (f"SUMPRODUCT({window},{kernel})" for window, kernel in zip(windows, seen, strict=True))
            total = "+".join([bias, *terms])
            return f"=MAX(0,{total})" if relu else f"={total}"

        fill(
            ws,
            block,
            [[formula(i, j) for j in range(maps.size)] for i in range(maps.size)],
            "Formula",
            HIDDEN,
        )
        squares(ws, block, width)
        (greys if relu else blue_and_orange)(ws, block, black)


def _unframe(ws: Worksheet, block: Block) -> None:
    """A weight's frame would outweigh the colour of so small a square."""
    first = ws[block.corner]
    first.border = Border()
    for row, col in block.area.cells():
        ws.cell(row, col)._style = copy(first._style)


def _call(block: Block, ws: Worksheet) -> str:
    """How a formula on `ws` calls the block."""
    return block.local if block.sheet == ws.title else block.ref

"""A net as a picture of live cells: an example goes in, each weight is a coloured cell on its way.

A layer's inputs run along its rows and its units down its columns, like the wires of a crossbar: where two
cross stands the weight. Below each column is the sum, and below that what the unit makes of it. The next
layer takes those as its columns and sends its sums to the right, and so on in turn. A weight that has nothing
to carry, since its input is 0, stands in grey slanted digits, and so does a unit that is off.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Border, Font, Side
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters
from xlcicf.sheet.block import Block, place
from xlcicf.sheet.page import put
from xlcicf.sheet.style import BLUE, DOT_TWO, GREY, GREY_TINT, LINE, TWO, fill_of, thin_frame, weight_scale

NAME, VALUE, WIRE, TOTAL, UNIT = 22.0, 7.0, 3.0, 9.0, 13.0  # widths of columns in characters
_FINE, _WIRE = Side(style="thin", color=LINE), Side(style="medium", color=BLUE)


def relu(total: str) -> str:
    """The part of a formula that makes a unit's output of its sum."""
    return f"MAX(0,{total})"


def sigmoid(total: str) -> str:
    """Likewise."""
    return f"1/(1+EXP(-{total}))"


@dataclass(frozen=True)
class Layer:
    """A layer of the net.

    units    what each is called
    weights  of each unit, references of its weights in the order of the inputs, a last one for a constant 1
             where there is a bias; empty where the inputs are added up as they are
    makes    of each unit, what it makes of its sum; empty where the sums are the outputs
    called   what that is called
    """

    units: Sequence[str]
    weights: Sequence[Sequence[str]] = ()
    makes: Sequence[Callable[[str], str]] = ()
    called: str = ""


@dataclass(frozen=True)
class Diagram:
    """What the picture shows, and where: `corner` is that of its heads.

    inputs      name and formula of each; that of a bias is 1
    layers      the first takes the inputs
    unit_width  of a column of weights, in characters
    look        number format of weights, sums and outputs
    name_width  of the column of names, likewise
    is_even     whether all columns right of the inputs have that width, since other pictures share them
    """

    corner: str
    inputs: Sequence[tuple[str, str]]
    layers: Sequence[Layer]
    unit_width: float = 7.5
    look: str = TWO
    name_width: float = NAME
    is_even: bool = False


@dataclass(frozen=True)
class Drawn:
    """What was written: the cells of the outputs, and the rectangle of all of it."""

    outputs: tuple[str, ...]
    area: Block


def write_diagram(ws: Worksheet, diagram: Diagram) -> Drawn:
    """Writes the picture, and sets the widths of its columns."""
    pen = _Pen(ws, diagram)
    signals = pen.write_inputs()
    for number, layer in enumerate(diagram.layers):
        signals = pen.write_across(layer, signals) if number % 2 else pen.write_down(layer, signals)
    top, left = place(diagram.corner)
    area = Block("diagram", ws.title, diagram.corner, pen.bottom - top + 1, pen.right - left + 1)
    return Drawn(tuple(signals), area)


@dataclass(frozen=True)
class Pair:
    """A net of two units that are added up, as a picture with the inputs in its middle: one unit at the left,
    the other at the right, the sum below.

    corner   of the heads
    inputs   name and formula of each
    units    what each of the two is called
    weights  of each unit, references of its weights in the order of the inputs
    output   what the sum is called
    """

    corner: str
    inputs: Sequence[tuple[str, str]]
    units: Sequence[str]
    weights: Sequence[Sequence[str]]
    output: str


def write_pair(ws: Worksheet, pair: Pair) -> Drawn:
    """Writes the picture, and sets the widths of its columns."""
    pen = _Pen(ws, Diagram(pair.corner, pair.inputs, ()))
    top, left = place(pair.corner)
    last, middle = top + len(pair.inputs), left + 5
    for j, width in enumerate((UNIT, 2, 8, 8, WIRE, 11, VALUE, WIRE, 8, 8, 2, UNIT)):
        pen.width(left + j, width)
    pen.put(top, middle, "input", "Column header")
    pen.put(top, middle + 1, "x", "Column header")
    for row, (name, formula) in enumerate(pair.inputs, top + 1):
        pen.put(row, middle, name, "Data", None, "left")
        pen.put(row, middle + 1, f"={formula}", "Data", DOT_TWO)
        ws[_at(row, middle)].border = Border(top=_FINE, left=_FINE, bottom=_FINE)
        ws[_at(row, middle + 1)].border = Border(top=_FINE, right=_FINE, bottom=_FINE)
    relus = []
    for unit, way in enumerate((-1, 1)):
        arrow, weight, product, bus, node = (middle + (way > 0) + way * k for k in range(1, 6))
        pen.put(top, weight, "weight", "Column header")
        pen.put(top, product, "x × it", "Column header")
        for row in range(top + 1, last + 1):
            pen.wires([(row, arrow)], "←→"[unit])
            pen.put(row, weight, f"={pair.weights[unit][row - top - 1]}", "Weight", TWO, "center")
            pen.put(row, product, f"={_at(row, middle + 1)}*{_at(row, weight)}", "Formula", DOT_TWO, "center")
            pen.wires([(row, bus)], "─")
            ws[_at(row, bus)].border = Border(left=_WIRE) if way < 0 else Border(right=_WIRE)
        pen.pale(_span(top + 1, weight, last, weight), f"${_at(top + 1, middle + 1)}=0")
        products = _span(top + 1, product, last, product)
        relus.append(_write_unit(pen, pair.units[unit], node, (top + last) // 2 - 1, products))
        _write_way_to_sum(pen, node, middle + (way > 0) + way, (top + last) // 2 + 3, last + 2, way)
    pen.head(last + 2, middle, pair.output, middle + 1)
    pen.node(last + 3, middle, "+".join(relus))
    ws.merge_cells(start_row=last + 3, end_row=last + 3, start_column=middle, end_column=middle + 1)
    area = Block("diagram", ws.title, pair.corner, pen.bottom - top + 1, pen.right - left + 1)
    return Drawn((_at(last + 3, middle),), area)


def _write_unit(pen: "_Pen", name: str, col: int, row: int, products: str) -> str:
    """Its sum, and below that what it makes of it; returns the cell of the latter."""
    pen.put(row, col, "Lin: the sum", "Column header")
    pen.put(row + 1, col, f"=SUM({products})", "Formula", TWO, "center")
    pen.ws[_at(row + 1, col)].border = thin_frame(LINE)
    pen.put(row + 2, col, name, "Column header")
    pen.node(row + 3, col, f"MAX(0,{_at(row + 1, col)})")
    return _at(row + 3, col)


def _write_way_to_sum(pen: "_Pen", col: int, end: int, top: int, bottom: int, way: int) -> None:
    """A line down from a unit and along to the sum."""
    left, right = (_WIRE, None) if way < 0 else (None, _WIRE)
    for row in range(top, bottom + 1):
        bottom_line = _WIRE if row == bottom else None
        pen.ws[_at(row, col)].border = Border(left=left, right=right, bottom=bottom_line)
    for at in range(col - way, end - way, -way):
        pen.ws[_at(bottom, at)].border = Border(bottom=_WIRE)
    pen.wires([(bottom + 1, end)], "→" if way < 0 else "←")


class _Pen:
    """Writes layer after layer and knows how far the picture reaches."""

    def __init__(self, ws: Worksheet, diagram: Diagram):
        self.ws, self.diagram = ws, diagram
        self.bottom, self.right = place(diagram.corner)

    def write_inputs(self) -> list[str]:
        """Name and value of each input below each other."""
        top, left = place(self.diagram.corner)
        self.width(left, self.diagram.name_width)
        self.width(left + 1, VALUE)
        self.put(top, left, "input", "Column header")
        self.put(top, left + 1, "x", "Column header")
        for row, (name, formula) in enumerate(self.diagram.inputs, top + 1):
            self.put(row, left, name, "Label")
            self.put(row, left + 1, f"={formula}", "Data", DOT_TWO)
        return [_at(row, left + 1) for row in range(top + 1, top + 1 + len(self.diagram.inputs))]

    def write_down(self, layer: Layer, signals: list[str]) -> list[str]:
        """A layer whose inputs stand below each other: weights to their right, sums and outputs below."""
        top, left = place(signals[0])
        names = place(self.diagram.corner)[1]
        is_first = left == names + 1
        signals = self._with_constant(layer, signals, 1, 0)
        last, col = place(signals[-1])[0], left + 2
        self.wires(((row, left + 1) for row in range(top, last + 1)), "→")
        self.width(left + 1, WIRE)
        if is_first:
            if len(signals) > len(self.diagram.inputs):
                self.put(last, names, "constant", "Label")
            self.put(last + 1, names, "sum of x × weight", "Label")
            if layer.makes:
                self.put(last + 2, names, layer.called, "Label")
        else:
            self.put(last + 1, left, "sum", "Column header")
            self.put(last + 2, left, layer.called.partition(":")[0], "Column header")
        sums, outputs = [], []
        for unit, (name, weights) in enumerate(zip(layer.units, layer.weights, strict=True)):
            at = col + unit
            self.put(top - 1, at, name, "Column header")
            self.width(at, self.diagram.unit_width)
            for row, weight in zip(range(top, last + 1), weights, strict=True):
                self.put(row, at, f"={weight}", "Weight", self.diagram.look)
            inputs, those = (f"{_at(top, c)}:{_at(last, c)}" for c in (left, at))
            self.put(last + 1, at, f"=SUMPRODUCT({inputs},{those})", "Formula", self.diagram.look)
            sums.append(_at(last + 1, at))
            if layer.makes:
                self.node(last + 2, at, layer.makes[unit](sums[-1]))
                outputs.append(_at(last + 2, at))
        self.pale(_span(top, col, last, col + len(layer.units) - 1), f"${_at(top, left)}=0")
        return outputs or sums

    def write_across(self, layer: Layer, signals: list[str]) -> list[str]:
        """A layer whose inputs stand beside each other: weights below them, sums and outputs to the right."""
        signals = self._with_constant(layer, signals, 0, 1)
        row, left = place(signals[0])
        last = place(signals[-1])[1]
        names = place(self.diagram.corner)[1]
        top, end = row + 2, max(last, self.right)
        self.wires(((row + 1, col) for col in range(left, last + 1)), "↓")
        outputs = []
        for unit, name in enumerate(layer.units):
            at = top + unit
            self.put(at, names, f"to {name}", "Label")
            for col, weight in zip(range(left, last + 1), layer.weights[unit], strict=True):
                self.put(at, col, f"={weight}", "Weight", self.diagram.look)
            self.wires([(at, end + 1)], "→")
            total = f"SUMPRODUCT({_span(row, left, row, last)},{_span(at, left, at, last)})"
            if not layer.makes:
                self.node(at, end + 2, total)
                outputs.append(_at(at, end + 2))
                continue
            self.put(at, end + 2, f"={total}", "Formula", self.diagram.look)
            self.node(at, end + 3, layer.makes[unit](_at(at, end + 2)))
            outputs.append(_at(at, end + 3))
        self.pale(_span(top, left, top + len(layer.units) - 1, last), f"{column_letters(left)}${row}=0")
        for col, text in enumerate(("sum", layer.called.partition(":")[0])[: 1 + bool(layer.makes)], end + 2):
            self.put(top - 1, col, text, "Column header")
            self.width(col, TOTAL)
        self.width(end + 1, WIRE)
        return outputs

    def _with_constant(self, layer: Layer, signals: list[str], down: int, across: int) -> list[str]:
        """The inputs, and after them a constant 1 where the layer has a bias that is no input of the net."""
        if not layer.weights or len(layer.weights[0]) == len(signals):
            return signals
        row, col = place(signals[-1])
        self.put(row + down, col + across, 1, "Data", TWO)
        return [*signals, _at(row + down, col + across)]

    def node(self, row: int, col: int, formula: str) -> None:
        """The output of a unit: green, or grey where it is 0."""
        self.put(row, col, f"={formula}", "Result", self.diagram.look, "center")
        off = FormulaRule(
            formula=[f"{_at(row, col)}=0"], fill=fill_of(GREY_TINT), font=Font(color=GREY, italic=True)
        )
        self.ws.conditional_formatting.add(_at(row, col), off)

    def pale(self, cells: str, condition: str) -> None:
        weight_scale(self.ws, cells)
        self.ws.conditional_formatting.add(
            cells, FormulaRule(formula=[condition], font=Font(color=GREY, italic=True))
        )

    def wires(self, places: Iterable[tuple[int, int]], arrow: str) -> None:
        for row, col in places:
            self.put(row, col, arrow, "Page note", None, "center")

    def head(self, row: int, col: int, text: str, last: int) -> None:
        self.put(row, col, text, "Column header")
        if last > col:
            self.put(row, last, None, "Column header")
            self.ws.merge_cells(start_row=row, end_row=row, start_column=col, end_column=last)

    def width(self, col: int, width: float) -> None:
        if self.diagram.is_even and col > place(self.diagram.corner)[1] + 2:
            width = self.diagram.unit_width
        self.ws.column_dimensions[column_letters(col)].width = width

    def put(self, row: int, col: int, value, style: str, *look: str | None) -> None:
        self.bottom, self.right = max(self.bottom, row), max(self.right, col)
        put(self.ws, _at(row, col), value, style, *look)


def _at(row: int, col: int) -> str:
    return f"{column_letters(col)}{row}"


def _span(top: int, left: int, bottom: int, right: int) -> str:
    return f"{_at(top, left)}:{_at(bottom, right)}"

"""The derivative of a net's loss with respect to each weight, as formulas: exact, and by nudging.

For weight w of input x in unit k (p the prediction, y the target, n the training rows):

    derivative  sum of dError/dp * 1 * (Lin_k > 0) * x, over n          the chain rule, one SUMPRODUCT
    nudge       (loss(w + h) - loss(w - h)) / 2h                         the whole net recomputed, one cell
    slopes      (loss(w) - loss(w - h)) / h and (loss(w + h) - loss(w)) / h

dError/dp is 2(p - y) for MSE and the sign of p - y for MAE. Held-out rows count 0. Squared errors behind a
ReLU are pieces of parabolas, so nudge and derivative agree to rounding wherever no row has a corner within
reach of the nudge: |Lin_k| <= hx for the ReLU's, |p - y| <= hx for the absolute error's.
"""

from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.sheet.block import Block
from xlcicf.sheet.net import Net
from xlcicf.sheet.page import between, put, put_row, put_setting
from xlcicf.sheet.style import BIT, FOUR, SCIENTIFIC, SIX, WHOLE, weight_scale

HEADERS = (
    "set", "weight of", "weight now", "derivative", "nudge", "nudge less derivative", "at a ReLU's corner",
    "at the error's corner", "slope to the left", "slope to the right", "loss changes by",
)  # fmt: skip


def write_gradients(ws: Worksheet, net: Net, row: int, h: Block, step: Block) -> None:
    """A line for each weight from sheet row `row` on, columns A to K, under its header; and two settings.

    h     the cell with the nudge's size
    step  the cell with the change of a weight that the last column answers for
    """
    put(ws, f"A{h.area.top}", "size h of the nudge", "Label")
    put_setting(ws, h.corner, 0.0001, "A small number, such as 0.0001.", between(1e-7, 1))
    put(ws, f"A{step.area.top}", "raise one weight by", "Label")
    hint = "How much a weight is to be raised, such as 0.01."
    put_setting(ws, step.corner, 0.01, hint, between(-10, 10))
    put(ws, f"E{step.area.top}", "… and the loss changes by about what the last column says", "Page note")
    put_row(ws, f"A{row - 1}", HEADERS, "Column header")
    ws.row_dimensions[row - 1].height = 40
    for unit in range(net.units):
        for column, name in enumerate(net.columns):
            _write_line(ws, net, unit, column, name, row, h, step)
            row += 1


def _write_line(ws, net: Net, unit: int, column: int, name: str, row: int, h: Block, step: Block) -> None:
    weight = net.weights.cell(unit, column)
    corners = f"G{row}+H{row}"
    cells = [
        (unit + 1, "Formula", WHOLE, "center"),
        (name, "Label"),
        (f"={weight.ref}", "Weight", FOUR),
        (derivative(net, unit, column), "Result", SIX),
        (nudge(net, unit, column, h), "Formula", SIX),
        (f"=E{row}-D{row}", "Formula", SCIENTIFIC),
        (relu_corners(net, unit, column, h), "Formula", *BIT),
        (error_corners(net, unit, column, h), "Formula", *BIT),
        (f'=IF({corners}=0,"",{left_slope(net, unit, column, h)})', "Formula", SIX),
        (f'=IF({corners}=0,"",{right_slope(net, unit, column, h)})', "Formula", SIX),
        (f"=D{row}*{step.ref}", "Formula", SIX),
    ]
    for letter, (value, *look) in zip("ABCDEFGHIJK", cells, strict=True):
        put(ws, f"{letter}{row}", value, *look)
    weight_scale(ws, f"C{row}")


def derivative(net: Net, unit: int, column: int) -> str:
    """The exact derivative at one weight; at a corner the ReLU and the absolute error count as flat."""
    p, y, x = net.prediction.ref, net.target.ref, net.inputs.col(column).ref
    path = f"({net.lin(unit).ref}>0)*{x}"
    mask = net.training.ref
    return (
        f'=IF({net.measure.ref}="MSE",'
        f"SUMPRODUCT({mask}*2*({p}-{y})*{path}),"
        f"SUMPRODUCT({mask}*SIGN({p}-{y})*{path}))/SUM({mask})"
    )


def nudge(net: Net, unit: int, column: int, h: Block) -> str:
    """The central difference at one weight; h is the cell with the nudge's size."""
    up, down = (_nudged(net, unit, column, sign, h) for sign in "+-")
    return f"={_slope(net, up, down)}/(2*{h.ref})"


def left_slope(net: Net, unit: int, column: int, h: Block) -> str:
    """The loss's mean slope over the last h below the weight."""
    return f"{_slope(net, net.prediction.ref, _nudged(net, unit, column, '-', h))}/{h.ref}"


def right_slope(net: Net, unit: int, column: int, h: Block) -> str:
    """The loss's mean slope over the next h above the weight."""
    return f"{_slope(net, _nudged(net, unit, column, '+', h), net.prediction.ref)}/{h.ref}"


def relu_corners(net: Net, unit: int, column: int, h: Block) -> str:
    """The number of training rows whose Lin crosses or meets 0 within the nudge."""
    x, lin = net.inputs.col(column).ref, net.lin(unit).ref
    return f"=SUMPRODUCT({net.training.ref}*(({h.ref}*{x})^2>={lin}^2)*({x}>0))"


def error_corners(net: Net, unit: int, column: int, h: Block) -> str:
    """Under MAE, the number of training rows whose prediction meets or crosses the target in the nudge."""
    x, off = net.inputs.col(column).ref, f"({net.prediction.ref}-{net.target.ref})"
    near = f"(({h.ref}*{x})^2>={off}^2)*({x}>0)*({net.lin(unit).ref}>0)"
    return f'=IF({net.measure.ref}="MSE",0,SUMPRODUCT({net.training.ref}*{near}))'


def _nudged(net: Net, unit: int, column: int, sign: str, h: Block) -> str:
    """The predictions with one weight moved by h: this unit's ReLU anew, the others as they are."""
    lin = f"({net.lin(unit).ref}{sign}{h.ref}*{net.inputs.col(column).ref})"
    others = "".join(f"+{net.relu(u).ref}" for u in range(net.units) if u != unit)
    return f"({lin}>0)*{lin}{others}"


def _slope(net: Net, up: str, down: str) -> str:
    """The loss at predictions `up` less that at predictions `down`, row by row, so that little cancels."""
    y, mask = net.target.ref, net.training.ref
    return (
        f'IF({net.measure.ref}="MSE",'
        f"SUMPRODUCT({mask}*(({up}-{y})^2-({down}-{y})^2)),"
        f"SUMPRODUCT({mask}*(ABS({up}-{y})-ABS({down}-{y}))))/SUM({mask})"
    )

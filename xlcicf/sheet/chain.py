"""One example's way through a net, step by step, and each factor of the chain rule for one of its weights."""

from dataclasses import dataclass

from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters
from xlcicf.sheet.block import place
from xlcicf.sheet.net import Net
from xlcicf.sheet.page import between, choices, put, put_row, put_setting
from xlcicf.sheet.style import DOT_THREE, FIVE, FOUR, SIX, WHOLE, weight_scale


@dataclass(frozen=True)
class Chain:
    """Where the block lies: what is picked on top, the way below, then the factors; 2 + 2 units columns."""

    net: Net
    corner: str

    def at(self, down: int, right: int) -> str:
        """The cell so many rows and columns from the corner; negative columns count from the right edge."""
        top, left = place(self.corner)
        width = 2 + 2 * self.net.units
        return f"{column_letters(left + right % width)}{top + down}"

    @property
    def number(self) -> str:
        return self.at(0, 2)

    @property
    def unit(self) -> str:
        return self.at(1, 2)

    @property
    def column(self) -> str:
        return self.at(2, 2)

    # rows, counted from the corner
    @property
    def lin(self) -> int:
        return 4 + len(self.net.columns)

    @property
    def factors(self) -> int:
        return self.lin + 6


def write_chain(ws: Worksheet, chain: Chain, caption: str) -> None:
    """Writes the block. `caption` is a formula for the picked example's name; {row} finds its row."""
    _write_choice(ws, chain, caption)
    _write_way(ws, chain)
    _write_outcome(ws, chain)
    _write_factors(ws, chain)


def _row(chain: Chain) -> str:
    """The picked example's place among the examples."""
    return f"MATCH({chain.number},{chain.net.numbers.ref},0)"


def _write_choice(ws: Worksheet, chain: Chain, caption: str) -> None:
    net = chain.net
    put(ws, chain.at(0, 0), "passenger no.", "Label")
    put_setting(ws, chain.number, 1, f"A number from 1 to {net.rows}.", between(1, net.rows, whole=True))
    put(ws, chain.at(0, 3), caption.format(row=_row(chain)), "Label")
    put(ws, chain.at(1, 0), "weight: set", "Label")
    put_setting(ws, chain.unit, net.units, "Which set of weights.", choices(*range(1, net.units + 1)))
    put(ws, chain.at(2, 0), "weight: column", "Label")
    put_setting(ws, chain.column, net.columns[0], "Which column's weight.", choices(*net.columns))


def _write_way(ws: Worksheet, chain: Chain) -> None:
    """Each input times its weights, their sums, the ReLUs."""
    net = chain.net
    sets = [text for unit in range(1, net.units + 1) for text in (f"set {unit}", f"x · set {unit}")]
    put_row(ws, chain.at(3, 0), ["column", "x", *sets], "Column header")
    for j, name in enumerate(net.columns):
        x = chain.at(4 + j, 1)
        put(ws, chain.at(4 + j, 0), name, "Label")
        put(ws, x, f"=INDEX({net.inputs.col(j).ref},{_row(chain)})", "Data", DOT_THREE)
        for unit in range(net.units):
            weight = chain.at(4 + j, 2 + 2 * unit)
            put(ws, weight, f"={net.weights.cell(unit, j).ref}", "Weight", FOUR)
            put(ws, chain.at(4 + j, 3 + 2 * unit), f"={x}*{weight}", "Formula", DOT_THREE)
    for unit in range(net.units):
        weight_scale(ws, f"{chain.at(4, 2 + 2 * unit)}:{chain.at(chain.lin - 1, 2 + 2 * unit)}")
    put(ws, chain.at(chain.lin, 0), "Lin = their sum", "Label")
    put(ws, chain.at(chain.lin + 1, 0), "ReLU = MAX(0, Lin)", "Label")
    for unit in range(net.units):
        right = 3 + 2 * unit
        products = f"{chain.at(4, right)}:{chain.at(chain.lin - 1, right)}"
        put(ws, chain.at(chain.lin, right), f"=SUM({products})", "Formula", FIVE)
        put(ws, chain.at(chain.lin + 1, right), f"=MAX(0,{chain.at(chain.lin, right)})", "Formula", FIVE)


def _write_outcome(ws: Worksheet, chain: Chain) -> None:
    net, row = chain.net, chain.lin + 2
    relus = "+".join(chain.at(chain.lin + 1, 3 + 2 * unit) for unit in range(net.units))
    pred, target = chain.at(row, -1), chain.at(row + 1, -1)
    loss = f'=IF({net.measure.ref}="MSE",({pred}-{target})^2,ABS({pred}-{target}))'
    for i, (label, formula, style, number_format) in enumerate(
        [
            ("prediction = sum of the ReLUs", f"={relus}", "Formula", FIVE),
            ("survived", f"=INDEX({net.target.ref},{_row(chain)})", "Data", WHOLE),
            ("loss of this passenger", loss, "Result", FIVE),
        ]
    ):
        put(ws, chain.at(row + i, 0), label, "Label")
        put(ws, chain.at(row + i, -1), formula, style, number_format)


def _write_factors(ws: Worksheet, chain: Chain) -> None:
    """The factors between one weight and the loss, and their product."""
    net, row = chain.net, chain.factors
    pred, target = chain.at(chain.lin + 2, -1), chain.at(chain.lin + 3, -1)
    lins = ",".join(chain.at(chain.lin, 3 + 2 * unit) for unit in range(net.units))
    inputs = f"{chain.at(4, 1)}:{chain.at(chain.lin - 1, 1)}"
    names = f"{chain.at(4, 0)}:{chain.at(chain.lin - 1, 0)}"
    first, last, product = chain.at(row + 1, -1), chain.at(row + 4, -1), chain.at(row + 5, -1)
    in_training = f"INDEX({net.training.ref},{_row(chain)})"
    put(ws, chain.at(row, 0), "The chain rule: the loss's slope, link by link", "Section")
    for i, (label, formula, style, number_format) in enumerate(
        [
            (
                "loss by prediction: 2(p − y), or ±1 for MAE",
                f'=IF({net.measure.ref}="MSE",2*({pred}-{target}),SIGN({pred}-{target}))',
                "Formula",
                FIVE,
            ),
            ("prediction by ReLU: it is a sum", 1, "Data", WHOLE),
            (
                "ReLU by Lin: 1 if Lin > 0, else 0",
                f"=IF(CHOOSE({chain.unit},{lins})>0,1,0)",
                "Formula",
                WHOLE,
            ),
            (
                "Lin by the weight: x itself",
                f"=INDEX({inputs},MATCH({chain.column},{names},0))",
                "Formula",
                FIVE,
            ),
            ("product: this passenger's slope", f"=PRODUCT({first}:{last})", "Result", SIX),
            (
                "its part in the mean over the training rows",
                f"={product}*{in_training}/SUM({net.training.ref})",
                "Formula",
                SIX,
            ),
        ],
        start=1,
    ):
        put(ws, chain.at(row + i, 0), label, "Label")
        put(ws, chain.at(row + i, -1), formula, style, number_format)

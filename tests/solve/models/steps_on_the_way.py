"""Models with INT, ROUND, IF and VLOOKUP between the changing cell and the objective, as people have them."""

import numpy as np
from scipy.optimize import minimize_scalar

from tests.solve.models.model import Answer, Cells, Model, apart, rows, worst
from xlcicf.solve import Constraint, Problem


def one_cell(
    name: str, *, start, before, formulas, sense="min", between, objective, best, whole=False, arguments=()
) -> Model:
    """A sheet with the changing cell in B3, figures in column B from row 6 on, the objective in B1; `formulas` are
    the rows (label, formula) from 12 on, the last of which the objective repeats. `between` are the bounds of the
    cell, `best` its best value."""
    lowest, highest = between

    def cells() -> Cells:
        return (
            rows("Model!A1", [("Objective", f"=B{11 + len(formulas)}")])
            | rows("Model!A3", [("To choose", start), ("At least", lowest), ("At most", highest)])
            | rows("Model!A6", before)
            | rows("Model!A12", formulas)
        )

    bounds = (Constraint("Model!B3", ">=", "Model!B4"), Constraint("Model!B3", "<=", "Model!B5"))
    return Model(
        name=name,
        cells=cells,
        problem=Problem(
            "Model!B1", "Model!B3", sense, (*bounds, Constraint("Model!B3", "int")) if whole else bounds
        ),
        objective=lambda v: objective(float(v[0])),
        violation=lambda v: worst(lowest - v, v - highest, apart(v) if whole else 0),
        answer=lambda: Answer(objective(best()), np.array([float(best())])),
        arguments=arguments,
        others=tuple([float(v)] for v in np.linspace(lowest, highest, 7).round()),
    )


def pallets() -> Model:
    """Lots that travel on whole pallets of forty."""

    def cost(q: float) -> float:
        return 2600 / q * (35 + 18 * ((q - 1) // 40 + 1)) + q / 2 * 1.9

    return one_cell(
        "whole pallets (INT)",
        start=30,
        before=[("Demand", 2600), ("An order", 35), ("A pallet", 18), ("Holding", 1.9)],
        formulas=[
            ("Pallets", "=INT((B3-1)/40)+1"),
            ("Orders", "=B6/B3"),
            ("Cost", "=B13*(B7+B8*B12)+B3/2*B9"),
        ],
        between=(1, 500),
        objective=cost,
        best=lambda: min(range(1, 501), key=cost),
        whole=True,
    )


def rounded_price() -> Model:
    """A price that stands on the label with one decimal; profit follows the label, in plateaus."""

    def profit(p: float) -> float:
        label = np.floor(p * 10 + 0.5) / 10
        return float((label - 2.15) * (1000 - 80 * label))

    return one_cell(
        "rounded price (ROUND)",
        start=4.02,
        sense="max",
        before=[("Cost a piece", 2.15), ("Market", 1000), ("Lost a unit of price", 80)],
        formulas=[("Label", "=ROUND(B3,1)"), ("Sold", "=B7-B8*B12"), ("Profit", "=(B12-B6)*B13")],
        between=(2, 12),
        objective=profit,
        best=lambda: max(np.arange(20, 121) / 10, key=profit),
    )


def brackets() -> Model:
    """Hours of work when tax rises above an income of 40,000: what a person likes best lies in the upper bracket,
    the start in the lower."""

    def liking(hours: float) -> float:
        income = 55 * hours
        tax = 0.2 * 40000 + 0.45 * (income - 40000) if income > 40000 else 0.2 * income
        return float(1000 * np.log(income - tax) - 0.0004 * hours**2)

    def best() -> float:
        pieces = [(200, 40000 / 55), (40000 / 55, 2500)]
        found = [
            minimize_scalar(lambda h: -liking(h), bounds=p, method="bounded", options={"xatol": 1e-9})
            for p in pieces
        ]
        return min(found, key=lambda run: run.fun).x

    return one_cell(
        "tax brackets (IF)",
        start=400,
        sense="max",
        before=[("An hour", 55), ("Bracket", 40000), ("Tax below", 0.2), ("Tax above", 0.45)],
        formulas=[
            ("Income", "=B6*B3"),
            ("Tax", "=IF(B12>B7,B8*B7+B9*(B12-B7),B8*B12)"),
            ("Liking", "=1000*LN(B12-B13)-0.0004*B3^2"),
        ],
        between=(200, 2500),
        objective=liking,
        best=best,
    )


def price_breaks() -> Model:
    """Lots with prices that fall at 500 and 1,000 pieces: the best lot is the smallest at the lowest price."""
    breaks, prices = np.array([0, 500, 1000]), np.array([10, 9.5, 9.2])

    def cost(q: float) -> float:
        price = prices[np.searchsorted(breaks, q, side="right") - 1]
        return float(5000 * price + 49 * 5000 / q + 0.2 * price * q / 2)

    def best() -> float:
        """In each price's range its own best lot, or the nearer end."""
        lots = np.clip(np.sqrt(2 * 49 * 5000 / (0.2 * prices)), breaks, [499.999, 999.999, 3000])
        return min(lots.tolist(), key=cost)

    return one_cell(
        "price breaks (VLOOKUP)",
        start=200,
        before=[("Demand", 5000, "From", "Price"), ("An order", 49, 0, 10), ("Holding", 0.2, 500, 9.5), ("", None, 1000, 9.2)],
        formulas=[
            ("Price", "=VLOOKUP(B3,C7:D9,2,TRUE)"),
            ("Bought", "=B6*B12"),
            ("Ordered and held", "=B7*B6/B3+B8*B12*B3/2"),
            ("Cost", "=B13+B14"),
        ],
        between=(10, 3000),
        objective=cost,
        best=best,
        arguments=("--restarts", "20"),  # each price has a valley of its own
    )  # fmt: skip


STEPS_ON_THE_WAY = [pallets(), rounded_price(), brackets(), price_breaks()]

"""Models that have no optimum to be found, or a value to come to; and how a run of each must end."""

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from tests.solve.models.model import SIMPLEX, Answer, Model, rows, worst
from xlcicf.solve import Constraint, Problem


def two_cells(
    name, formula, objective, limits, violation, status, named, *, sense="min", simplex=False, **problem
):
    """A sheet with the changing cells in B3 and B4 and the objective in B1; `limits` are (formula, relation, number),
    with the formulas in column D from row 3 on."""
    return Model(
        name=name,
        cells=lambda: (
            rows("One!A1", [("Objective", formula)])
            | rows("One!A3", [("x", 1), ("y", 1)])
            | rows("One!D2", [("Left side", "", "Right side"), *limits])
        ),
        problem=Problem(
            "One!B1",
            "One!B3:B4",
            sense,
            tuple(
                Constraint(f"One!D{3 + i}", relation, f"One!F{3 + i}") for i, (_, relation, _) in enumerate(limits)
            ),
            options={"engine": SIMPLEX} if simplex else {},
            **problem,
        ),
        objective=objective,
        violation=violation,
        statuses=frozenset({status}),
        named=named,
        others=([0.0, 0.0], [2.5, 3.0], [-1.0, 8.0]),
    )  # fmt: skip


def only_limits(name, limits, violation, values) -> Model:
    """Two cells of which constraints alone are asked: the objective is a number that no cell moves."""
    model = two_cells(name, 5, lambda v: 5.0, limits, violation, "found", ())
    return replace(model, answer=lambda: Answer(5.0, np.array(values)))


ONLY_LIMITS = [
    only_limits(
        "three equations, not from any start", [("=B3^2+B4^2", "=", 13), ("=B3*B4", "=", 6), ("=B3-B4", "<=", -1)],
        lambda v: worst(abs(v @ v - 13), abs(v[0] * v[1] - 6), v[0] - v[1] + 1), [2.0, 3.0],
    ),
    only_limits(
        "two equations, one of which bends", [("=B3+2*B4", "=", 7), ("=B3*B4", "=", 3)],
        lambda v: worst(abs(v[0] + 2 * v[1] - 7), abs(v[0] * v[1] - 3)), [1.0, 3.0],
    ),
    only_limits(
        "an equation and an inequality", [("=B3+2*B4", "=", 7), ("=B3-B4", ">=", 1)],
        lambda v: worst(abs(v[0] + 2 * v[1] - 7), 1 - v[0] + v[1]), [5.0, 1.0],
    ),
]  # fmt: skip

UNBOUNDED = [
    two_cells(
        "unbounded, linear", "=3*B3+2*B4", lambda v: float(3 * v[0] + 2 * v[1]),
        [("=B3-B4", "<=", 4)], lambda v: worst(-v, v[0] - v[1] - 4), "unbounded", ("One!B4",),
        sense="max", simplex=True, non_negative=True,
    ),
    two_cells(
        "unbounded, nonlinear", "=(B3-2)^2-B4^2+B3*B4", lambda v: float((v[0] - 2) ** 2 - v[1] ** 2 + v[0] * v[1]),
        [], lambda v: 0.0, "unbounded", ("One!B4",),
    ),
]  # fmt: skip

INFEASIBLE = [
    two_cells(
        "infeasible, linear", "=3*B3+2*B4", lambda v: float(3 * v[0] + 2 * v[1]),
        [("=B3+B4", "<=", 10), ("=B3", ">=", 7), ("=B4", ">=", 6), ("=B3-B4", "<=", 50)],
        lambda v: worst(-v, v.sum() - 10, 7 - v[0], 6 - v[1], v[0] - v[1] - 50), "infeasible",
        ("One!D3", "One!D4", "One!D5"), simplex=True, non_negative=True,
    ),
    two_cells(
        "contradictory equalities", "=B3^2+B4^2", lambda v: float(v @ v),
        [("=B3+B4", "=", 10), ("=2*B3+2*B4", "=", 24)],
        lambda v: worst(abs(v.sum() - 10), abs(2 * v.sum() - 24)), "infeasible", ("One!D3", "One!D4"),
    ),
    two_cells(
        "infeasible, nonlinear", "=(B3-2)^2+EXP(B4)", lambda v: float((v[0] - 2) ** 2 + np.exp(v[1])),
        [("=B3^2+B4^2", "<=", 1), ("=B3+B4", ">=", 3)],
        lambda v: worst(v @ v - 1, 3 - v.sum()), "infeasible", ("One!D3", "One!D4"),
    ),
]  # fmt: skip


# --- a value to come to


def payment(rate: float) -> float:
    """Of a loan of 150,000 over 20 years, a month."""
    monthly = rate / 12
    return 150000 * monthly / (1 - (1 + monthly) ** -240)


def loan() -> Model:
    """At which rate a loan costs 1,000 a month."""
    rate = brentq(lambda r: payment(r) - 1000, 0.01, 0.2, xtol=1e-15)
    return Model(
        name="goal in reach",
        cells=lambda: rows(
            "Loan!A1",
            [("Payment", "=PMT(B3/12,B4*12,-B5)"), (), ("Rate", 0.03), ("Years", 20), ("Loan", 150000)],
        ),
        problem=Problem("Loan!B1", "Loan!B3", 1000.0),
        objective=lambda v: payment(v[0]),
        violation=lambda v: 0.0,
        answer=lambda: Answer(1000.0, np.array([rate])),
    )


def price() -> Model:
    """A profit of 6,000 where the best price gives 5,000."""

    def profit(p: float) -> float:
        return (p - 10) * (240 - 8 * p) + 4200

    return Model(
        name="goal out of reach",
        cells=lambda: rows(
            "Price!A1",
            [("Profit", "=(B3-B4)*(B5-B6*B3)+B7"), (), ("Price", 12), ("Cost", 10), ("Market", 240), ("Lost", 8),
             ("Other profit", 4200)],
        ),
        problem=Problem("Price!B1", "Price!B3", 6000.0),
        objective=lambda v: profit(v[0]),
        violation=lambda v: 0.0,
        statuses=frozenset({"target"}),
        named=("5000",),
        others=([20.0], [31.0], [-4.0]),
    )  # fmt: skip


NO_ANSWER = [*UNBOUNDED, *INFEASIBLE, price()]
GOAL = loan()

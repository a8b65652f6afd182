"""NIST's nonlinear regressions (Statistical Reference Datasets), each laid out as a person would lay it out.

The .dat files beside this stand as NIST published them: https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml
(a work of the US government, in the public domain).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from tests.solve.models.model import Answer, Cells, Model, rows
from xlcicf.solve import Constraint, Problem

FOLDER = Path(__file__).with_name("nist")
FIRST = 15  # the row of the first observation; parameters begin in row 4


def _wave(sizes: np.ndarray, period: float, x: np.ndarray) -> np.ndarray:
    turned = 2 * np.pi * x / period
    return sizes[0] * np.cos(turned) + sizes[1] * np.sin(turned)


# name -> (the model as a formula, the same in numpy, the response as a formula, the same in numpy); {x} and {z}
# are a row's predictors, {y} its response, b the parameters.
Form = tuple[str, Callable, str, Callable]
SAME: tuple[str, Callable] = "={y}", lambda y: y

FORMS: dict[str, Form] = {
    "Bennett5": ("={b1}*({b2}+{x})^(-1/{b3})", lambda b, x, _: b[0] * (b[1] + x) ** (-1 / b[2]), *SAME),
    "BoxBOD": ("={b1}*(1-EXP(-{b2}*{x}))", lambda b, x, _: b[0] * -np.expm1(-b[1] * x), *SAME),
    "Chwirut2": (
        "=EXP(-{b1}*{x})/({b2}+{b3}*{x})",
        lambda b, x, _: np.exp(-b[0] * x) / (b[1] + b[2] * x),
        *SAME,
    ),
    "ENSO": (
        "={b1}+{b2}*COS(2*PI()*{x}/12)+{b3}*SIN(2*PI()*{x}/12)"
        "+{b5}*COS(2*PI()*{x}/{b4})+{b6}*SIN(2*PI()*{x}/{b4})"
        "+{b8}*COS(2*PI()*{x}/{b7})+{b9}*SIN(2*PI()*{x}/{b7})",
        lambda b, x, _: b[0] + _wave(b[1:3], 12, x) + _wave(b[4:6], b[3], x) + _wave(b[7:9], b[6], x),
        *SAME,
    ),
    "Eckerle4": (
        "={b1}/{b2}*EXP(-0.5*(({x}-{b3})/{b2})^2)",
        lambda b, x, _: b[0] / b[1] * np.exp(-(((x - b[2]) / b[1]) ** 2) / 2),
        *SAME,
    ),
    "DanWood": ("={b1}*{x}^{b2}", lambda b, x, _: b[0] * x ** b[1], *SAME),
    "Gauss1": (
        "={b1}*EXP(-{b2}*{x})+{b3}*EXP(-(({x}-{b4})^2)/{b5}^2)+{b6}*EXP(-(({x}-{b7})^2)/{b8}^2)",
        lambda b, x, _: (
            b[0] * np.exp(-b[1] * x)
            + b[2] * np.exp(-(((x - b[3]) / b[4]) ** 2))
            + b[5] * np.exp(-(((x - b[6]) / b[7]) ** 2))
        ),
        *SAME,
    ),
    "Hahn1": (
        "=({b1}+{b2}*{x}+{b3}*{x}^2+{b4}*{x}^3)/(1+{b5}*{x}+{b6}*{x}^2+{b7}*{x}^3)",
        lambda b, x, _: np.polyval(b[3::-1], x) / np.polyval([*b[:3:-1], 1], x),
        *SAME,
    ),
    "Kirby2": (
        "=({b1}+{b2}*{x}+{b3}*{x}^2)/(1+{b4}*{x}+{b5}*{x}^2)",
        lambda b, x, _: np.polyval(b[2::-1], x) / np.polyval([*b[:2:-1], 1], x),
        *SAME,
    ),
    "Lanczos3": (
        "={b1}*EXP(-{b2}*{x})+{b3}*EXP(-{b4}*{x})+{b5}*EXP(-{b6}*{x})",
        lambda b, x, _: np.exp(-np.outer(x, b[1::2])) @ b[::2],
        *SAME,
    ),
    "MGH10": ("={b1}*EXP({b2}/({x}+{b3}))", lambda b, x, _: b[0] * np.exp(b[1] / (x + b[2])), *SAME),
    "MGH09": (
        "={b1}*({x}^2+{x}*{b2})/({x}^2+{x}*{b3}+{b4})",
        lambda b, x, _: b[0] * x * (x + b[1]) / (x * (x + b[2]) + b[3]),
        *SAME,
    ),
    "MGH17": (
        "={b1}+{b2}*EXP(-{x}*{b4})+{b3}*EXP(-{x}*{b5})",
        lambda b, x, _: b[0] + np.exp(-np.outer(x, b[3:])) @ b[1:3],
        *SAME,
    ),
    "Misra1a": ("={b1}*(1-EXP(-{b2}*{x}))", lambda b, x, _: b[0] * -np.expm1(-b[1] * x), *SAME),
    "Misra1b": (
        "={b1}*(1-1/(1+{b2}*{x}/2)^2)",
        lambda b, x, _: b[0] * (1 - (1 + b[1] * x / 2) ** -2.0),
        *SAME,
    ),
    "Misra1c": (
        "={b1}*(1-1/SQRT(1+2*{b2}*{x}))",
        lambda b, x, _: b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5),
        *SAME,
    ),
    "Misra1d": ("={b1}*{b2}*{x}/(1+{b2}*{x})", lambda b, x, _: b[0] * (1 - 1 / (1 + b[1] * x)), *SAME),
    "Nelson": (
        "={b1}-{b2}*{x}*EXP(-{b3}*{z})",
        lambda b, x, z: b[0] - b[1] * x * np.exp(-b[2] * z),
        "=LN({y})",
        np.log,
    ),
    "Rat42": ("={b1}/(1+EXP({b2}-{b3}*{x}))", lambda b, x, _: b[0] / (1 + np.exp(b[1] - b[2] * x)), *SAME),
    "Rat43": (
        "={b1}/(1+EXP({b2}-{b3}*{x}))^(1/{b4})",
        lambda b, x, _: b[0] * (1 + np.exp(b[1] - b[2] * x)) ** (-1 / b[3]),
        *SAME,
    ),
    "Roszman1": (
        "={b1}-{b2}*{x}-ATAN({b3}/({x}-{b4}))/PI()",
        lambda b, x, _: b[0] - b[1] * x - np.arctan(b[2] / (x - b[3])) / np.pi,
        *SAME,
    ),
}
ALIKE = {
    "Chwirut1": "Chwirut2", "Gauss2": "Gauss1", "Gauss3": "Gauss1", "Lanczos1": "Lanczos3",
    "Lanczos2": "Lanczos3", "Thurber": "Hahn1",
}  # fmt: skip
FORMS |= {name: FORMS[like] for name, like in ALIKE.items()}

# Its observations are the model's own values, to 14 digits: the sum of squares, 1.4e-25, and the deviations with it
# are made of rounding.
MADE_OF_ROUNDING = "Lanczos1"

SUMS = ("=SUMSQ(F{first}:F{last})", "=SUMXMY2(D{first}:D{last},E{first}:E{last})")
"""Two ways in which people add up squares; the one is used for every other data set."""


@dataclass(frozen=True)
class Certified:
    """A .dat file: parameters (p,) of each start and as certified with their standard deviations, the residual
    sum of squares, and the observations (n, 1 response and 1 or 2 predictors)."""

    starts: np.ndarray
    parameters: np.ndarray
    deviations: np.ndarray
    residual_sum: float
    observations: np.ndarray

    @property
    def predictors(self) -> tuple[np.ndarray, np.ndarray | None]:
        return self.observations[:, 1], self.observations[:, 2] if self.observations.shape[1] > 2 else None


@cache
def certified(name: str) -> Certified:
    lines = (FOLDER / f"{name}.dat").read_text(encoding="ascii").splitlines()
    table = np.array([_numbers(line.partition("=")[2]) for line in lines if re.match(r" *b\d+ =", line)])
    (total,) = (line for line in lines if line.startswith("Residual Sum of Squares"))
    headers = [place for place, line in enumerate(lines) if line.startswith("Data:")]
    observations = [_numbers(line) for line in lines[headers[-1] + 1 :] if line.strip()]
    first, second, parameters, deviations = table.T
    return Certified(
        np.array([first, second]),
        parameters,
        deviations,
        float(total.rpartition(":")[2]),
        np.array(observations),
    )


def _numbers(line: str) -> list[float]:
    return [float(word) for word in line.split()]


def regression(name: str, start: int) -> Model:
    """A data set from its start 1 or 2: x, y, the response, the model and the residual a row; their squares' sum
    in B2; parameters in B4 and below."""
    known = certified(name)
    formula, model, response_formula, response = FORMS[name]
    y, (x, z) = known.observations[:, 0], known.predictors
    last = FIRST + len(y) - 1

    def cells() -> Cells:
        names = {f"b{i}": f"$B${4 + i - 1}" for i in range(1, len(known.parameters) + 1)}
        total = SUMS[list(FORMS).index(name) % 2].format(first=FIRST, last=last)
        table = zip(known.starts[start - 1], *known.starts, known.parameters, known.deviations, strict=True)
        labelled = [(f"b{i}", *map(float, row)) for i, row in enumerate(table, 1)]
        return (
            rows("Fit!A1", [(f"{name}: nonlinear regression",), ("Sum of squared residuals", total)])
            | rows(
                "Fit!A3", [("Parameter", "Value", "Start 1", "Start 2", "Certified", "Deviation"), *labelled]
            )
            | rows(f"Fit!A{FIRST - 1}", [("x", "x2", "y", "Response", "Model", "Residual")])
            | rows(f"Fit!A{FIRST}", (observed(row, names) for row in range(len(y))))
        )

    def observed(i: int, names: dict[str, str]) -> tuple:
        row = FIRST + i
        here = {"x": f"A{row}", "z": f"B{row}", "y": f"C{row}"}
        second = None if z is None else float(z[i])
        return (
            float(x[i]), second, float(y[i]), response_formula.format(**here), formula.format(**here, **names),
            f"=D{row}-E{row}",
        )  # fmt: skip

    def residual_sum(b: np.ndarray) -> float:
        return float(np.sum((response(y) - model(b, x, z)) ** 2))

    return Model(
        name=f"{name} from start {start}",
        cells=cells,
        problem=Problem("Fit!B2", f"Fit!B4:B{3 + len(known.parameters)}"),
        objective=residual_sum,
        violation=lambda b: 0.0,
        answer=lambda: Answer(known.residual_sum, known.parameters, known.deviations),
        tolerance=1e-9,
    )


# Objectives that are best where the sum of squares is least -> formula, sense, and the same in numpy, of the sum
# and the response
OTHERWISE: dict[str, tuple[str, str, Callable[[float, np.ndarray], float]]] = {
    "root mean square": ("=SQRT(SUMSQ({f})/COUNT({f}))", "min", lambda s, y: np.sqrt(s / len(y))),
    "mean square": ("=SUMPRODUCT({f},{f})/COUNT({f})", "min", lambda s, y: s / len(y)),
    "R squared": ("=1-SUMSQ({f})/DEVSQ({d})", "max", lambda s, y: 1 - s / np.sum((y - y.mean()) ** 2)),
}


def otherwise(name: str, start: int, how: str) -> Model:
    """The same with another objective that is best at the same parameters."""
    model, known = regression(name, start), certified(name)
    y = FORMS[name][3](known.observations[:, 0])
    (f, d), (formula, sense, of) = (
        [f"{column}{FIRST}:{column}{FIRST + len(y) - 1}" for column in "FD"],
        OTHERWISE[how],
    )
    return replace(
        model,
        name=f"{how} of {model.name}",
        cells=lambda: model.cells() | {"Fit!B2": formula.format(f=f, d=d)},
        problem=replace(model.problem, sense=sense),
        objective=lambda b: of(model.objective(b), y),
        answer=lambda: Answer(of(known.residual_sum, y), known.parameters, known.deviations),
    )


def passing_over_errors(name: str, start: int) -> Model:
    """The same with each row's model in IFERROR."""
    model = regression(name, start)

    def cells() -> Cells:
        return {
            place: f"=IFERROR({content[1:]},0)"
            if re.fullmatch(r"Fit!E\d+", place) and str(content)[0] == "="
            else content
            for place, content in model.cells().items()
        }

    return replace(model, name=f"{model.name}, in IFERROR", cells=cells)


REGRESSIONS = [regression(name, start) for name in FORMS for start in (1, 2)]
POSITIVE = [
    regression(name, start).with_the_tick()
    for name in FORMS
    for start in (1, 2)
    if (certified(name).parameters > 0).all()
]
# data sets whose model may be an error, by EXP, a root, a quotient
MAY_FAIL = ("MGH10", "Rat43", "Hahn1", "Misra1c")
WRITTEN_OTHERWISE = [
    *(otherwise(name, 1, how) for name in MAY_FAIL for how in OTHERWISE),
    *(passing_over_errors(name, 1) for name in MAY_FAIL),
]


def beside_a_constraint(name: str, start: int) -> Model:
    """The same with a constraint on a formula that holds wherever anybody would look."""
    model = regression(name, start)
    limit = Constraint(f"Fit!E{FIRST}", ">=", -1e12)
    return replace(
        model,
        name=f"{model.name}, constrained",
        problem=replace(model.problem, constraints=(*model.problem.constraints, limit)),
    )


# those that sequential quadratic programming does not find
CONSTRAINED = [beside_a_constraint(name, 1) for name in ("Bennett5", "Eckerle4", "MGH10", "MGH17")]

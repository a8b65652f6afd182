"""A formula filled down over rows of arguments, <A>, <B>, ... in columns: its values and its derivatives."""

import numpy as np

from tests.formula.sheets import area, function, snapshot
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.rings import compute
from xlcicf.formula.runs import RunGraph


def cells_of(formula: str, columns: tuple) -> tuple[dict, list[str], int]:
    """Arguments in columns A, B, C, ... and the formula, in which these letters stand for them, beside."""
    rows = len(columns[0])
    letters = "ABCDE"[: len(columns)]
    cells = {
        f"{a}{i + 1}": float(x)
        for a, column in zip(letters, columns, strict=True)
        for i, x in enumerate(column)
    }
    cells |= {f"Z{i + 1}": "=" + _in_row(formula, letters, i + 1) for i in range(rows)}
    return cells, [f"{a}1:{a}{rows}" for a in letters], rows


def _in_row(formula: str, letters: str, row: int) -> str:
    for a in letters:
        formula = formula.replace(f"<{a}>", f"{a}{row}")
    return formula


def values(formula: str, *columns) -> np.ndarray:
    cells, _, rows = cells_of(formula, columns)
    graph = RunGraph(snapshot(cells))
    evaluator = Evaluator(graph)
    for unit in graph.in_order(list(graph.runs("S")), stopped):
        for _ in compute(evaluator, unit):
            pass
    return evaluator.values(area(f"Z1:Z{rows}")).scalars().ravel().astype(float)


def stopped(run, error: Exception) -> None:
    raise error


def gradients(formula: str, *columns, by: str) -> np.ndarray:
    """The derivatives of each row's formula by the columns named."""
    cells, areas, rows = cells_of(formula, columns)
    f = function(cells | {"Y1": f"=SUM(Z1:Z{rows})"}, "Y1", *(areas["ABCDE".index(a)] for a in by))
    return f.gradient(f.start).reshape(len(by), rows)

"""Values that must all be different, where each has a cost of its own: a program of 0 and 1 for which cell
gets which number.

That holds for groups that overlap, as the rows, columns and blocks of a Sudoku do, and what it finds is the
best there is."""

from dataclasses import dataclass

import numpy as np
import torch

from xlcicf.optim.highs import Program
from xlcicf.optim.linear_limits import row_bounds
from xlcicf.optim.objective import Objective

MOST = 20_000  # pairs of a cell and a number that it may get
AT_ONCE = 512  # of them computed together
TRIES = 16  # drawn values, at which sums over single cells must be what the sheet comes to
NEAR = 1e-9  # of such a sum


@dataclass(frozen=True)
class Placing:
    """The program, and of each of its variables the cell (k,) and the number (k,) that it stands for. Where
    the objective should come to a number, a last variable is by how much it does not."""

    program: Program
    cells: np.ndarray
    numbers: np.ndarray

    def values(self, f: Objective, z: np.ndarray) -> np.ndarray:
        """What the cells hold (n,) at the program's values."""
        values = np.clip(f.start, f.lower, f.upper)
        chosen = z[: len(self.cells)] > 0.5
        values[self.cells[chosen]] = self.numbers[chosen]
        return values


def placing(f: Objective, seed: int) -> Placing | None:
    """None where what is optimised or demanded is no sum over single cells, or asks for too much."""
    from scipy import sparse

    ordered = np.unique(np.concatenate(f.orders))
    counts = (f.upper - f.lower + 1)[ordered].astype(int)
    if counts.sum() > MOST:
        return None
    cells = np.repeat(ordered, counts)
    ends = zip(f.lower[ordered].tolist(), f.upper[ordered].tolist(), strict=True)
    numbers = np.concatenate([np.arange(least, most + 1) for least, most in ends])
    base = np.clip(f.start, f.lower, f.upper)
    base[ordered] = f.lower[ordered]
    V = np.repeat(base[None], len(cells) + 1, axis=0)
    V[np.arange(len(cells)), cells] = numbers
    found = _sums(f, V)
    if not np.isfinite(found).all():
        return None
    costs, constant = found[:-1] - found[-1], found[-1]  # by pairs, (k, 1 + m) and (1 + m,)
    if not _are_sums(f, base, ordered, cells, numbers, costs, constant, seed):
        return None
    one_each = sparse.csr_array(
        (np.ones(len(cells)), (np.searchsorted(ordered, cells), np.arange(len(cells))))
    )
    once = [_once(order, cells, numbers) for order in f.orders]
    least, most = row_bounds([constraint.relation for constraint in f.constraints], constant[1:])
    exactly = np.ones(len(ordered) + sum(map(len, f.orders)))
    sign = -1.0 if f.sense == "max" else 1.0
    program = Program(
        slope=sign * costs[:, 0],
        constant=sign * float(constant[0]),
        curvature=None,
        matrix=sparse.csr_array(sparse.vstack([sparse.csr_array(costs[:, 1:].T), one_each, *once])),
        row_lower=np.concatenate([least, exactly]),
        row_upper=np.concatenate([most, exactly]),
        lower=np.zeros(len(cells)),
        upper=np.ones(len(cells)),
        whole=np.ones(len(cells), dtype=bool),
        rows=len(f.constraints),
    )
    return Placing(program if isinstance(f.sense, str) else _nearest(program, f.sense), cells, numbers)


def _nearest(program: Program, aim: float) -> Program:
    """By how much the program's objective is off a number, at least: one more variable, above both sides."""
    from scipy import sparse

    costs, off = sparse.csr_array(program.slope[None]), sparse.csr_array(np.ones((1, 1)))
    nothing = sparse.csr_array((program.matrix.shape[0], 1))
    return Program(
        slope=np.append(np.zeros(len(program.slope)), 1.0),
        constant=0.0,
        curvature=None,
        matrix=sparse.csr_array(sparse.block_array([[program.matrix, nothing], [costs, -off], [costs, off]])),
        row_lower=np.concatenate([program.row_lower, [-np.inf, aim - program.constant]]),
        row_upper=np.concatenate([program.row_upper, [aim - program.constant, np.inf]]),
        lower=np.append(program.lower, 0.0),
        upper=np.append(program.upper, np.inf),
        whole=np.append(program.whole, False),
        rows=program.rows,
    )


def _once(order: np.ndarray, cells: np.ndarray, numbers: np.ndarray):
    """Rows by which each of 1, 2, 3, ... stands in one cell of a group."""
    from scipy import sparse

    of_group = np.flatnonzero(np.isin(cells, order))
    return sparse.csr_array(
        (np.ones(len(of_group)), (numbers[of_group].astype(int) - 1, of_group)),
        shape=(len(order), len(cells)),
    )


def _sums(f: Objective, V: np.ndarray) -> np.ndarray:
    """Objective and each constraint's left minus right side (k, 1 + m)."""
    found = []
    for part in np.array_split(V, -(-len(V) // AT_ONCE)):
        tensor = torch.from_numpy(np.ascontiguousarray(part))
        left, right = f.all_sides(tensor) if len(f.constraints) else (np.zeros((len(part), 0)),) * 2
        found.append(np.column_stack([f.values(tensor).numpy(), left - right]))
    return np.concatenate(found)


def _are_sums(
    f: Objective,
    base: np.ndarray,
    ordered: np.ndarray,
    cells: np.ndarray,
    numbers: np.ndarray,
    costs: np.ndarray,
    constant: np.ndarray,
    seed: int,
) -> bool:
    """Whether at drawn values all comes to the sums of what each cell costs alone."""
    draw = np.random.default_rng(seed)
    first = np.searchsorted(cells, ordered)
    last = np.searchsorted(cells, ordered, side="right")
    V, told = np.repeat(base[None], TRIES, axis=0), []
    for values in V:
        at = draw.integers(first, last)
        values[ordered] = numbers[at]
        told.append(constant + costs[at].sum(axis=0))
    sizes = 1.0 + np.abs(constant) + np.abs(costs).max(axis=0) * len(ordered)
    return bool((np.abs(_sums(f, V) - np.array(told)) <= NEAR * sizes).all())

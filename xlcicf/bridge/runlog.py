"""Where a book made by xlcicf writes a run down: the blocks behind its names parity.*, runs.* and steps.*.

The book decides where they lie and which columns its log has; this finds them by name and by header.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from xlcicf.bridge.optimise import OWN_WEIGHTS, cells_of
from xlcicf.bridge.problem import Problem, changing_areas, objective_area, resolve
from xlcicf.bridge.snapshot import outline
from xlcicf.formula.address import Area

_OBJECTIVE = "net.loss"
_WRITTEN = ("parity.weights", "parity.loss", "parity.prediction", "parity.settings",
            "runs.log", "runs.weights", "steps.log")  # fmt: skip
_READ = ("net.accuracy", "net.prediction", "net.settings")


@dataclass(frozen=True)
class RunLog:
    """The named blocks of one open book."""

    book: object  # an xlwings Book
    areas: dict[str, Area]

    @classmethod
    def of(cls, book, problem: Problem) -> "RunLog | None":
        """The blocks, where the book is xlcicf's own and `problem` the one it was made for; else None."""
        snapshot = outline(book)
        wanted = (OWN_WEIGHTS, _OBJECTIVE, *_WRITTEN, *_READ)
        if any((name, None) not in snapshot.names for name in wanted):
            return None
        areas = {name: resolve(snapshot, name, "the block")[0] for name in wanted}
        its_own = areas[_OBJECTIVE] == objective_area(snapshot, problem) and [
            areas[OWN_WEIGHTS]
        ] == changing_areas(snapshot, problem)
        return cls(book, areas) if its_own else None

    @property
    def written(self) -> list[Area]:
        """All cells that `write` may write to."""
        return [self.areas[name] for name in _WRITTEN]

    def accuracy(self) -> float | None:
        """What the accuracy cell shows now."""
        value = self._cells("net.accuracy").value
        return value if isinstance(value, float) else None

    def write(self, weights: np.ndarray, start: np.ndarray, loss: float, pred: np.ndarray,
              losses: list[float], row: dict[str, object]) -> None:  # fmt: skip
        """Writes a run down; the weights stand in their cells already.

        weights, start  the weights (n,) after and before the run
        loss, pred      torch's loss, and its predictions (rows, 1), nan where a row has no formula of its own
        losses          the best loss after each step
        row             header -> what the log's line says there
        """
        shown = _numbers(self._cells("net.prediction").options(ndim=2).value)
        self._cells("parity.weights").value = weights.reshape(self.areas["parity.weights"].shape).tolist()
        self._cells("parity.loss").value = loss
        self._cells("parity.prediction").value = _largest(np.abs(shown - pred))
        self._cells("parity.settings").value = self._cells("net.settings").value
        self._append_run(row, start)
        self._cells("steps.log")[1:, :].value = _thinned(losses, self.areas["steps.log"].shape[0] - 1)

    def _append_run(self, row: dict[str, object], start: np.ndarray) -> None:
        """One more line in the log; when it is full, the oldest line makes room."""
        log, before = self._cells("runs.log"), self._cells("runs.weights")
        headers = log[0, :].options(ndim=1).value
        lines = [line for line in log[1:, :].options(ndim=2).value if any(cell is not None for cell in line)]
        weights = before.options(ndim=2).value[: len(lines)]
        numbers = [int(line[0]) for line in lines if isinstance(line[0], float)]
        lines.append([{"Run": 1 + max(numbers, default=0), **row}.get(header) for header in headers])
        weights.append(start.tolist())
        room = before.shape[0]
        if len(lines) <= room:
            at = len(lines) - 1
            log[at + 1, :].value, before[at, :].value = lines[-1], weights[-1]
        else:
            log[1:, :].value, before.value = lines[-room:], weights[-room:]

    def _cells(self, name: str):
        return cells_of(self.book, self.areas[name])


def _numbers(rows: list[list]) -> np.ndarray:
    """What cells show (rows, columns), nan where that is no number."""
    return np.array([[x if isinstance(x, float) else np.nan for x in row] for row in rows])


def _largest(gaps: np.ndarray) -> float | None:
    """The largest number, None where there is none: a person may have emptied the formulas."""
    return float(np.nanmax(gaps)) if np.isfinite(gaps).any() else None


def _thinned(losses: list[float], rows: int) -> list[list[float | None]]:
    """(step, loss) lines for `rows` rows: all steps, or as many evenly chosen ones, the last among them."""
    at = range(len(losses)) if len(losses) <= rows else _evenly(len(losses), rows)
    lines: list[list[float | None]] = [[i + 1, losses[i]] for i in at]
    return lines + [[None, None]] * (rows - len(lines))


def _evenly(count: int, rows: int) -> Iterator[int]:
    return (round(i * (count - 1) / (rows - 1)) for i in range(rows))

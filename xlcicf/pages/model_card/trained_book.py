"""What is known of a trained book: its last run, the data it was trained on, its results by group.

The run comes from the history beside the book, or where that is missing from the log on the book's own
Training sheet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xlcicf import words
from xlcicf.errors import TrainingError
from xlcicf.formula.address import Area
from xlcicf.formula.references import resolve
from xlcicf.formula.snapshot import Snapshot
from xlcicf.host import cells_of, host_of, outline, read_snapshot
from xlcicf.host.exact_cells import read_rows, values_of
from xlcicf.solve.book_problem import find_problem
from xlcicf.solve.fingerprints import Fingerprint, constants, differing, digest, fingerprint, hashes
from xlcicf.solve.history import History
from xlcicf.solve.placed import place
from xlcicf.solve.problem import goal_of
from xlcicf.solve.training_log import TrainingLog

NEAR = 1e-9  # formulas and torch agree far better
GROUPS = "Groups"  # the sheet with a table whose headers are "group" and, further right, "accuracy"


@dataclass(frozen=True)
class Groups:
    """A table of results by group: its headers, the cells below them, and what these show now."""

    headers: tuple[str, ...]
    cells: Area
    values: tuple[tuple, ...]


@dataclass(frozen=True)
class TrainedBook:
    """What is known of a book and its last run.

    run      objective, changing, variables, sense, optimizer, steps, restarts, seed, lr, before, after,
             seconds, reason, when, accuracy, hardware, software, as far as they were noted
    data     address -> SHA-256 of each area of constants that the objective reads, as they are now
    changed  what is no longer as it was when the run ended: addresses, of data and of changing cells
    prints   each area of data as one number, and `weight_prints` each area of changing cells
    groups   results by group, where the book has such a table
    shown    defined name -> what its cell shows: net.measure, net.held_out, net.valid_accuracy, ...
    has_history  whether the run, and so the data it was trained on, comes from the history
    """

    name: str
    run: Mapping[str, Any]
    data: Mapping[str, str]
    changed: tuple[str, ...]
    prints: tuple[Fingerprint, ...]
    weight_prints: tuple[Fingerprint, ...]
    groups: Groups | None
    shown: Mapping[str, object]
    has_history: bool

    @property
    def data_hash(self) -> str:
        """One SHA-256 for all the data."""
        return digest(dict(self.data))


def trained_book(book, history: History) -> TrainedBook:
    """What is known of an open book. Raises TrainingError where no run is recorded, and what a book without
    a problem raises."""
    noted = history.facts(book)
    run = noted or _logged_run(book)
    if run is None:
        raise TrainingError(
            f"no training run is recorded for {book.name}; train it (xlcicf train {book.name}), and keep the "
            "file .xlcicf.json beside it"
        )
    snapshot = read_snapshot(book)
    (objective,) = resolve(snapshot, str(run["objective"]), "the objective")
    changing = resolve(snapshot, str(run["changing"]), "the changing cells")
    areas = constants(snapshot, objective, changing)
    data = hashes(snapshot, areas)
    weights = hashes(snapshot, changing)
    if noted:
        changed = differing(noted["data"], data) + differing(noted["weights"], weights)
    else:
        changed = _moved_objective(snapshot, objective, run["after"])
    return TrainedBook(
        book.name,
        run,
        data,
        tuple(changed),
        tuple(fingerprint(snapshot, area) for area in areas),
        tuple(fingerprint(snapshot, area) for area in changing),
        _groups(book, snapshot),
        _shown(book, snapshot),
        bool(noted),
    )


# ---- the run, where no history lies beside the book ------------------------------------------------------


def _logged_run(book) -> dict[str, object] | None:
    """The last line of the log on the book's Training sheet; None where there is no log or no line."""
    snapshot = outline(book)
    if (words.RUNS_LOG, None) not in snapshot.names:
        return None
    problem = place(snapshot, find_problem(book))
    if TrainingLog.of(book, problem) is None:
        return None
    (area,) = resolve(snapshot, words.RUNS_LOG, "the log of runs")
    headers, *lines = values_of(read_rows(book, [area])[area])
    lines = [line for line in lines if any(cell is not None for cell in line)]
    if not lines:
        return None
    line = {
        words.LOGGED[h]: _plain(v)
        for h, v in zip(map(_text, headers), lines[-1], strict=True)
        if h in words.LOGGED
    }
    return {
        "objective": problem.objective.address,
        "changing": problem.changing_address,
        "variables": problem.variables,
        "sense": goal_of(problem.sense),
        **{key: value for key, value in line.items() if value is not None},
    }


def _text(header: object) -> str:
    return str(header).removeprefix("'")


def _plain(value):
    """A cell's content as the history would note it."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else value


def _moved_objective(snapshot: Snapshot, objective: Area, after: object) -> list[str]:
    """The objective's address, where it no longer shows what the run came to."""
    now = snapshot.sheets[objective.sheet].values.get((objective.top, objective.left))
    near = (
        isinstance(now, float)
        and isinstance(after, float | int)
        and abs(now - after) <= NEAR * max(1, abs(now))
    )
    return [] if near else [objective.address]


# ---- results ---------------------------------------------------------------------------------------------

_SHOWN = (
    words.NET_MEASURE,
    words.NET_HELD_OUT,
    words.NET_LOSS,
    words.NET_ACCURACY,
    words.NET_VALID_LOSS,
    words.NET_VALID_ACCURACY,
)


def _shown(book, snapshot: Snapshot) -> dict[str, object]:
    found = {}
    for name in _SHOWN:
        if (name, None) in snapshot.names:
            (area,) = resolve(snapshot, name, "the cell")
            found[name] = cells_of(book, area).options(err_to_str=True).value
    if (words.NET_PREDICTION, None) in snapshot.names:
        found["rows"] = resolve(snapshot, words.NET_PREDICTION, "the predictions")[0].shape[0]
    return found


def _groups(book, snapshot: Snapshot) -> Groups | None:
    """The table on the sheet Groups, from the header "group" to the header "accuracy"."""
    if GROUPS not in snapshot.sheets:
        return None
    first = book.sheets[GROUPS].used_range
    (area,) = host_of(book).areas(first)
    rows = values_of(read_rows(book, [area])[area])
    for i, row in enumerate(rows):
        heads = [_text(cell) for cell in row]
        if "group" in heads and "accuracy" in heads[heads.index("group") :]:
            left, right = heads.index("group"), heads.index("accuracy")
            below = [j for j in range(i + 1, len(rows)) if rows[j][left] is None]
            last = below[0] if below else len(rows)
            cells = Area(
                GROUPS, first.row + i + 1, first.column + left, first.row + last - 1, first.column + right
            )
            shown = cells_of(book, cells).options(ndim=2, err_to_str=True).value
            return Groups(tuple(heads[left : right + 1]), cells, tuple(map(tuple, shown)))
    return None

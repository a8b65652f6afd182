"""Where a workbook lives: packages and edits, the headless engine, snapshots, Solver's settings, undo."""

from xlcicf.bridge.engine import open_book
from xlcicf.bridge.generated import save_generated
from xlcicf.bridge.optimise import (
    differentiate,
    find_problem,
    save_changing,
    save_objective,
    save_problem,
    training_settings,
    write_back,
)
from xlcicf.bridge.problem import Constraint, Problem
from xlcicf.bridge.snapshot import read_snapshot
from xlcicf.bridge.undo import History

__all__ = [
    "Constraint",
    "History",
    "Problem",
    "differentiate",
    "find_problem",
    "open_book",
    "read_snapshot",
    "save_changing",
    "save_generated",
    "save_objective",
    "save_problem",
    "training_settings",
    "write_back",
]

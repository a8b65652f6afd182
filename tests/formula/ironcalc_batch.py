"""What IronCalc makes of a sheet of formulas, in processes that may crash or hang: they give the values as JSON."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

CRASHES = "#CRASH"
SECONDS = 1  # of the processor, for a batch; it takes a tenth of one
MEMORY = 4 << 30  # bytes of addresses
MOST = 300  # seconds for a batch of some hundred, however many of them crash


def asked(formulas: list[str], row: int | None = None) -> list:
    """Each formula's value by IronCalc; CRASHES for one that takes the process with it, or all its time.
    They stand below each other from `row` on."""
    from tests.formula.drawn_formulas import (
        COLUMN,
        FIRST,
        as_book,
    )  # and torch, which the other process needs not

    row = FIRST if row is None else row
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "batch.xlsx")
        as_book(formulas, row).save(path)
        command = [sys.executable, "-m", "tests.formula.ironcalc_batch", path, COLUMN, str(row)]
        done = subprocess.run([*command, str(row + len(formulas) - 1)], capture_output=True, timeout=MOST)
    if done.returncode == 0:
        return json.loads(done.stdout)
    if len(formulas) == 1:  # the book cannot be read for it
        return [CRASHES]
    half = len(formulas) // 2
    return asked(formulas[:half], row) + asked(formulas[half:], row + half)


def main(path: str, column: str, first: str, last: str) -> None:
    import ironcalc
    from openpyxl.utils import column_index_from_string

    import tests.oracles  # noqa: F401  # once for all forks

    said, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # it prints
    os.dup2(nowhere, 2)
    model = ironcalc.load_from_xlsx(path, "en", "UTC", "en")
    shown = _values(model, column_index_from_string(column), range(int(first), int(last) + 1))
    with os.fdopen(said, "wb") as out:
        out.write(json.dumps(shown).encode())


def _values(model, column: int, rows: range) -> list:
    """The values of the formulas in these rows; where one of them crashes, halves are asked."""
    shown = _in_a_fork(lambda: _evaluated(model, column, rows))
    if shown is not None:
        return shown
    if len(rows) == 1:
        return [CRASHES]
    half = len(rows) // 2
    return _values(model, column, rows[:half]) + _values(model, column, rows[half:])


def _evaluated(model, column: int, rows: range) -> list:
    from tests.oracles import values_in
    from xlcicf.formula.address import cell_address

    for sheet, row, col in model.get_all_cells():
        if (sheet, col) == (0, column) and row not in rows:
            model.clear_cell_contents(sheet, row, col)
    model.evaluate()
    values = values_in(model)
    return [values.get(cell_address("S", row, column)) for row in rows]


def _in_a_fork(compute) -> list | None:
    """What `compute` returns in a process of its own with limits; None where that process comes to no end."""
    import resource

    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            with os.fdopen(theirs, "wb") as out:
                out.write(json.dumps(compute()).encode())
            os._exit(0)
        os._exit(1)
    os.close(theirs)
    with os.fdopen(ours, "rb") as into:
        said = into.read()
    _, status = os.waitpid(pid, 0)
    return json.loads(said) if status == 0 else None


if __name__ == "__main__":
    main(*sys.argv[1:])

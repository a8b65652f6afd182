"""What IronCalc makes of a sheet of formulas, in a process that may crash or hang: it prints the values as JSON."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS = 4  # most of them go into starting
CRASHES = "#CRASH"


def asked(formulas: list[str], row: int | None = None) -> list:
    """Each formula's value by IronCalc; CRASHES for one that takes the process with it, or all its time.
    They stand below each other from `row` on."""
    from tests.formula.drawn_formulas import (
        COLUMN,
        FIRST,
        as_book,
    )  # and torch, which the other process needs not

    row = FIRST if row is None else row
    where = (f"S!{COLUMN}", str(row), str(row + len(formulas) - 1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "batch.xlsx")
        as_book(formulas, row).save(path)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "tests.formula.ironcalc_batch", path, *where],
                capture_output=True,
                timeout=SECONDS,
            )
            return json.loads(done.stdout.splitlines()[-1])
        except (subprocess.TimeoutExpired, json.JSONDecodeError, IndexError):
            pass
    if len(formulas) == 1:
        return [CRASHES]
    half = len(formulas) // 2
    return asked(formulas[:half], row) + asked(formulas[half:], row + half)


def main(path: str, column: str, first: str, last: str) -> None:
    import ironcalc

    from tests.oracles import values_in

    said, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # it prints
    model = ironcalc.load_from_xlsx(path, "en", "UTC", "en")
    model.evaluate()
    values = values_in(model)
    shown = [values.get(f"{column}{row}") for row in range(int(first), int(last) + 1)]
    os.write(said, json.dumps(shown).encode() + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

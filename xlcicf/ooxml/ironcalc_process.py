"""IronCalc in a process of its own, which reads requests and writes answers, a line of JSON each.

Run as a file with a workbook's path, the bytes of memory and the seconds of processor that it may take. It
imports nothing of this package, so that it starts at once. IronCalc prints on odd cells, panics and crashes:
what it prints goes nowhere, and whoever started this process sees it end.

    {"read": "all"}                      -> {"cells": [[sheet, row, column, value, whether an error], ...]}
    {"write": [[sheet, row, column, number], ...], "read": [sheet, row, column]}  -> {"value": value or null}

Sheets count from 0. The first answer, before any request, is {"sheets": [name, ...]}; {"error": why} is the
last.
"""

import json
import math
import os
import sys


def main() -> None:
    path, memory, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    limit(memory, seconds)
    try:
        model = Model(path)
        print(json.dumps({"sheets": model.sheets}), file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(model.answer(json.loads(line))), file=answers, flush=True)
    except BaseException as error:  # a panic of IronCalc's is no Exception
        print(json.dumps({"error": f"it cannot compute the book ({error})"}), file=answers, flush=True)


def limit(memory: int, seconds: int) -> None:
    """What this process may take, where the system has such limits; and no dump when it crashes."""
    try:
        import resource
    except ImportError:
        return
    limits = {"RLIMIT_AS": memory, "RLIMIT_CPU": seconds, "RLIMIT_CORE": 0}
    for name, most in limits.items():
        hard = resource.getrlimit(getattr(resource, name))[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(getattr(resource, name), (most, hard))
        except (OSError, ValueError):  # a Mac has RLIMIT_AS, and no way to set it
            continue


class Model:
    """The workbook, computed."""

    def __init__(self, path: str):
        import ironcalc

        self._error = ironcalc.CellType.ErrorValue
        self._model = ironcalc.load_from_xlsx(path, "en", "UTC", "en")
        self.sheets = [properties.get("name", "") for properties in self._model.get_worksheets_properties()]
        self._model.evaluate()

    def answer(self, request: dict) -> dict:
        if request["read"] == "all":
            return {"cells": [[*at, *self._shown(at)] for at in self._model.get_all_cells()]}
        for sheet, row, col, number in request["write"]:
            self._model.update_cell_with_number(sheet, row, col, number)
        self._model.evaluate()
        value, is_error = self._shown(request["read"])
        return {"value": None if is_error else value}

    def _shown(self, at) -> tuple[object, bool]:
        value = self._model.get_cell_value(*at)
        if isinstance(value, float) and not math.isfinite(value):
            return "#NUM!", True
        return value, isinstance(value, str) and self._model.get_cell_type(*at) == self._error


if __name__ == "__main__":
    main()

"""What IronCalc makes of a book's formulas: a second opinion, for `check` and for tests.

Nothing that it says is trained on or written. It runs in a process of its own with limits of memory and time;
where it crashes, hangs or cannot load the book there is no second opinion, and a reason.
"""

import json
import math
import os
import posixpath
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from xlcicf.formula.address import Area
from xlcicf.formula.runs import VOLATILE
from xlcicf.formula.snapshot import ExcelError, Scalar
from xlcicf.ooxml.cells import Cell, SheetCells
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.package import Package
from xlcicf.ooxml.splice import Patch, splice
from xlcicf.ooxml.xml import (
    OFFICE_RELATIONS,
    PACKAGE_RELATIONS,
    escape,
    relations,
    relations_part,
    transitional,
)

MEMORY = 2 * 2**30  # bytes; a lesson book takes 140 MB
SECONDS = 6  # of the processor, and one more for each MB of a package; a lesson book takes 5 in all

# What IronCalc answers where it cannot compute: no opinion.
NOT_COMPUTED = frozenset({"#ERROR!", "#N/IMPL!", "#CIRC!", "#NAME?"})

_PROCESS = Path(__file__).with_name("ironcalc_process.py")


class NoOpinion(Exception):
    """There is no second opinion on this book; `str` says why, in a few words."""


class IronCalc:
    """A book in IronCalc, while its process runs: a context manager. Each call may raise NoOpinion.

    sheets  the cells; of their values only those count that IronCalc cannot read in the file
    """

    def __init__(self, inventory: Inventory, sheets: Mapping[str, SheetCells]):
        self._package = _readable(inventory, sheets)
        self._seconds = SECONDS + sum(map(len, self._package.values())) // 2**20

    def __enter__(self) -> "IronCalc":
        with _in_file(self._package) as path:
            command = [sys.executable, str(_PROCESS), path, str(MEMORY), str(self._seconds)]
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    encoding="utf-8",
                )
            except OSError as error:
                raise NoOpinion(f"no process can be started ({error.strerror})") from error
            try:
                self._sheets: list[str] = self._answer()["sheets"]
            except NoOpinion:
                self.close()
                raise
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def results(self) -> dict[str, dict[Cell, Scalar]]:
        """What each cell shows, without those that IronCalc cannot compute."""
        found: dict[str, dict[Cell, Scalar]] = {name: {} for name in self._sheets}
        for sheet, row, col, value, is_error in self._asked({"read": "all"})["cells"]:
            if not (is_error and value in NOT_COMPUTED):
                found[self._sheets[sheet]][row, col] = ExcelError(value) if is_error else value
        return found

    def value(self, changing: Sequence[Area], numbers: Sequence[float], objective: Area) -> float:
        """What the objective's cell shows with these numbers in the changing cells; nan for no number."""
        places = [(self._sheets.index(area.sheet), *cell) for area in changing for cell in area.cells()]
        written = [[*place, number] for place, number in zip(places, numbers, strict=True)]
        at = self._sheets.index(objective.sheet), objective.top, objective.left
        shown = self._asked({"write": written, "read": at})["value"]
        return shown if isinstance(shown, float) else math.nan

    def _asked(self, request: Mapping) -> dict:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it has ended: the answer says so
        return self._answer()

    def _answer(self) -> dict:
        assert self._process.stdout
        late = threading.Timer(2.0 * self._seconds, self._process.kill)
        late.start()
        try:
            line = self._process.stdout.readline()
        finally:
            late.cancel()
        answer = json.loads(line) if line else {"error": self._end()}
        if "error" in answer:
            raise NoOpinion(answer["error"])
        return answer

    def _end(self) -> str:
        if self._process.wait() in (-signal.SIGKILL, -getattr(signal, "SIGXCPU", 0)):
            return f"it took more than {self._seconds} s"
        return f"it crashed, or would take more than {MEMORY >> 20:,} MB"


@contextmanager
def _in_file(package: Package) -> Iterator[str]:
    """The package as a file, which is the only thing that IronCalc reads."""
    try:
        descriptor, path = tempfile.mkstemp(suffix=".xlsx")
    except OSError as error:
        raise NoOpinion(f"no temporary file can be written ({error.strerror})") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(package.to_bytes())
        yield path
    except OSError as error:
        raise NoOpinion(f"no temporary file can be written ({error.strerror})") from error
    finally:
        os.unlink(path)


def _readable(inventory: Inventory, sheets: Mapping[str, SheetCells]) -> Package:
    """The package with that put otherwise which IronCalc cannot read or reads wrongly: empty cells called
    numbers (it takes them for 0), dates written out, data tables, volatile formulas (it would draw others),
    parts that it looks for in the wrong place, such as comments, and the namespaces of strict files."""
    package, parts = inventory.package, {}
    for name, sheet in sheets.items():
        part = inventory.sheets[name].part
        tables = [(area.top, area.left) for area in sheet.data_tables]
        drawn = [cell for cell, formula in sheet.formulas.items() if VOLATILE.search(formula)]
        patches = dict.fromkeys(sheet.typed_blanks, Patch(None))
        patches |= {cell: Patch(sheet.values.get(cell)) for cell in (*sheet.iso_dates, *tables, *drawn)}
        if patches:
            parts[part] = splice(package[part], part, patches)
        parts[relations_part(part)] = _tables_and_links(package, part)
    package = package.replace(parts)
    if inventory.is_strict:
        package = Package({name: transitional(data) for name, data in package.items()})
    return package


def _tables_and_links(package: Package, part: str) -> bytes:
    """A sheet's relations, those only that mean something to IronCalc."""
    lines = []
    for relation in relations(package, part).values():
        if relation.kind in ("table", "hyperlink"):
            mode = ' TargetMode="External"' if relation.external else ""
            target = (
                relation.target
                if relation.external
                else posixpath.relpath(relation.target, posixpath.dirname(part))
            )
            lines.append(
                f'<Relationship Id="{escape(relation.id)}" Type="{OFFICE_RELATIONS}/{relation.kind}" '
                f'Target="{escape(target)}"{mode}/>'
            )
    return f'<Relationships xmlns="{PACKAGE_RELATIONS}">{"".join(lines)}</Relationships>'.encode()

"""Sheets that do not fuse into a few runs: recurrences, grids, thousands of formulas each a little different.

Bars are those of issue 12; times of one process stand side by side, and memory is what a process grew by.
"""

import io
import random
import re
import resource
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import ironcalc
import numpy as np
import pytest
from openpyxl.formula.tokenizer import Tokenizer
from scipy.signal import lfilter

from tests import strangers
from tests.bench.timing import on_the_processor, ratio
from tests.formula.sheets import area
from xlcicf.formula import differentiate
from xlcicf.formula.address import column_letters
from xlcicf.formula.snapshot import Sheet, Snapshot
from xlcicf.ooxml.cells import SheetCells, read_sheet
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.package import package_from_bytes

pytestmark = [pytest.mark.bench, pytest.mark.usefixtures("one_torch_thread")]

WEIGHTS = ["A1:B1"]


def sheet_of(cells: dict[tuple[int, int], object]) -> Snapshot:
    """A sheet S; each formula is saved with a 0."""
    book = Snapshot({"S": Sheet("S")})
    sheet = book.sheets["S"]
    for at, content in cells.items():
        is_formula = isinstance(content, str)
        sheet.values[at] = 0.0 if is_formula else content
        if is_formula:
            sheet.formulas[at] = content
    return book


def data(rows: range) -> dict:
    return {(r, 1): r % 7 / 7 for r in rows} | {(r, 2): r % 5 / 5 for r in rows}


def recurrence(n: int) -> Snapshot:
    """Each row takes 0.9 of the one above."""
    cells = {(1, 1): 0.3, (1, 2): 0.2, (1, 3): f"=SUM(C2:C{n})", (2, 3): "=A2*$A$1+B2*$B$1"}
    rows = {(r, 3): f"=0.9*C{r - 1}+A{r}*$A$1+TANH(B{r}*$B$1)" for r in range(3, n + 1)}
    return sheet_of(cells | data(range(2, n + 1)) | rows)


def filled_down(n: int) -> Snapshot:
    cells = {(1, 1): 0.3, (1, 2): 0.2, (1, 3): f"=SUM(C2:C{n})"}
    rows = {(r, 3): f"=0.9*B{r}+A{r}*$A$1+TANH(B{r}*$B$1)" for r in range(2, n + 1)}
    return sheet_of(cells | data(range(2, n + 1)) | rows)


def expanding(n: int) -> Snapshot:
    """Each row adds up all that changes above it."""
    cells = {(1, 1): 0.3, (1, 3): f"=SUMSQ(D2:D{n + 1})"} | {(r, 2): r % 7 / 7 - 0.4 for r in range(2, n + 2)}
    return sheet_of(cells | {(r, 4): f"=SUM(B$2:B{r})" for r in range(2, n + 2)})


def of_expanding(book: Snapshot, n: int):
    return differentiate(book, area("C1"), [area(f"B2:B{n + 1}")])


def expanding_by_hand(v: np.ndarray) -> tuple[float, np.ndarray]:
    sums = np.cumsum(v)
    return (sums * sums).sum(), np.cumsum((2 * sums)[::-1])[::-1]


def distinct(n: int) -> Snapshot:
    """Formulas with numbers, functions and cells of their own."""
    rng = random.Random(0)
    cells = {(1, 1): 0.3, (1, 2): 0.2, (1, 3): f"=SUM(C2:C{n + 1})"} | data(range(2, n + 2))
    for r in range(2, n + 2):
        name, read = rng.choice(["SIN", "EXP", "TANH", "COS", "SQRT", "ABS"]), rng.randrange(2, n + 2)
        cells[r, 3] = (
            f"=A{r}*$A$1*{rng.random():.5f}+{name}(B{read}*$B$1+{rng.random():.4f})*{rng.random():.3f}"
        )
    return sheet_of(cells)


def grid(n: int) -> Snapshot:
    """Each cell reads its neighbours above and to the left."""
    cells: dict = {(1, 1): 0.3, (1, 2): 0.2, (1, 3): f"={column_letters(n + 1)}{n + 2}"}
    cells |= {(2, c): (c - 2) / n for c in range(2, n + 2)} | {(r, 1): (r - 2) / n for r in range(3, n + 3)}
    for r in range(3, n + 3):
        for c in range(2, n + 2):
            left, here = f"{column_letters(c - 1)}{r}", column_letters(c)
            cells[r, c] = f"=0.5*({left}+{here}{r - 1})+$A$1*TANH({left}*$B$1)"
    return sheet_of(cells)


def function(book: Snapshot):
    return differentiate(book, area("C1"), [area(a) for a in WEIGHTS])


def by_hand(n: int, v: np.ndarray) -> tuple[float, np.ndarray]:
    """The recurrence's value and gradient in numpy, with scipy's filter forwards and backwards."""
    r = np.arange(2, n + 1)
    a, b = r % 7 / 7, r % 5 / 5
    x = a * v[0] + np.tanh(b * v[1])
    x[0] = a[0] * v[0] + b[0] * v[1]
    shown = lfilter([1.0], [1.0, -0.9], x)
    weights = lfilter([1.0], [1.0, -0.9], np.ones(n - 1))[::-1]
    by_b = b * (1 - np.tanh(b * v[1]) ** 2)
    by_b[0] = b[0]
    return shown.sum(), np.array([weights @ a, weights @ by_b])


def in_ironcalc(book: Snapshot) -> "ironcalc.Model":
    model = ironcalc.create("bench", "en", "UTC", "en")
    model.rename_sheet(0, "S")
    sheet = book.sheets["S"]
    for (row, col), value in sheet.values.items():
        model.set_user_input(0, row, col, sheet.formulas.get((row, col), repr(value)))
    return model


def test_a_recurrence_beside_numpy_by_hand(measured):
    f = function(recurrence(10_000))
    value, gradient = by_hand(10_000, f.start)
    np.testing.assert_allclose(f.value(f.start), value, rtol=1e-12)
    np.testing.assert_allclose(f.gradient(f.start), gradient, rtol=1e-12)
    ours, theirs = on_the_processor(
        lambda: f.gradient(f.start), lambda: by_hand(10_000, f.start), rounds=5, repeat=200
    )
    measured("gradient of 10,000 rows of a recurrence / numpy by hand (bar 12x)", ratio(ours, theirs))


def test_differentiating_a_recurrence_beside_formulas_filled_down(measured):
    ring, filled = recurrence(10_000), filled_down(10_000)
    ours, theirs = on_the_processor(lambda: function(ring), lambda: function(filled), rounds=5)
    measured("differentiate 10,000 rows of a recurrence / filled down (bar 10x)", ratio(ours, theirs))


def test_expanding_ranges_beside_numpy_by_hand(measured):
    f = of_expanding(expanding(10_000), 10_000)
    value, gradient = expanding_by_hand(f.start)
    ours, slope = f.value_and_gradient(f.start)
    np.testing.assert_allclose(ours, value, rtol=1e-12)
    np.testing.assert_allclose(slope, gradient, rtol=1e-12, atol=1e-12 * np.abs(gradient).max())
    both, alone, theirs = on_the_processor(
        lambda: f.value_and_gradient(f.start),
        lambda: f.value(f.start),
        lambda: expanding_by_hand(f.start),
        rounds=5,
        repeat=200,
    )
    measured("gradient of 10,000 rows of expanding ranges / numpy by hand (bar 12x)", ratio(both, theirs))
    measured("gradient / value, 10,000 rows of expanding ranges (bar 4x)", ratio(both, alone))


def grown_by(n: int) -> float:
    """Megabytes that this process grows by for the book, its function and a gradient of n expanding ranges."""
    of_expanding(expanding(100), 100)
    before = most_memory()
    f = of_expanding(expanding(n), n)
    f.gradient(f.start)
    return most_memory() - before


def most_memory() -> float:
    """Megabytes that this process has held at most; getrusage counts what its parent held too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def test_expanding_ranges_of_twice_the_rows(measured):
    code = "from tests.bench.test_scale import grown_by; print(grown_by({}))"
    once, twice = (
        float(subprocess.run([sys.executable, "-c", code.format(n)], capture_output=True, check=True).stdout)
        for n in (50_000, 100_000)
    )
    measured(
        "memory of 100,000 rows of expanding ranges / 50,000 (bar 2.2x)",
        f"{twice / once:.2f}x  ({twice:.1f} MB against {once:.1f} MB)",
    )
    books = {n: expanding(n) for n in (50_000, 100_000)}
    one, two = on_the_processor(
        *(lambda n=n: of_expanding(books[n], n) for n in books),
        rounds=3,
    )
    measured("differentiate 100,000 rows of expanding ranges / 50,000", ratio(two, one))


def test_the_value_of_a_recurrence_beside_ironcalc(measured):
    n = 100_000
    book = recurrence(n)
    f, model = function(book), in_ironcalc(book)
    ours, theirs = on_the_processor(lambda: f.value(f.start), model.evaluate, rounds=3)
    assert model.get_cell_value(0, 1, 3) == pytest.approx(f.value(f.start), rel=1e-12)
    measured("value of 100,000 rows of a recurrence / IronCalc's evaluate (bar 0.5x)", ratio(ours, theirs))


def test_distinct_formulas_beside_the_tokenizer(measured):
    book = distinct(5_000)
    texts = book.sheets["S"].formulas.values()
    ours, theirs = on_the_processor(
        lambda: function(book), lambda: [Tokenizer(text) for text in texts], rounds=3
    )
    measured("differentiate 5,000 distinct formulas / openpyxl's Tokenizer (bar 6x)", ratio(ours, theirs))


@pytest.mark.parametrize(
    "name, book", [("5,000 distinct formulas", distinct(5_000)), ("a grid of 100 x 100", grid(100))]
)
def test_a_gradient_beside_its_value(name, book, measured):
    f = function(book)
    slopes = [(f.value(f.start + e) - f.value(f.start - e)) / 2e-6 for e in 1e-6 * np.eye(2)]
    np.testing.assert_allclose(f.gradient(f.start), slopes, rtol=1e-5)
    ours, theirs = on_the_processor(
        lambda: f.gradient(f.start), lambda: f.value(f.start), rounds=5, repeat=30
    )
    measured(f"gradient / value, {name} (bar 4x)", ratio(ours, theirs))


def sheet_part(book: Snapshot) -> str:
    sheet, lines = book.sheets["S"], defaultdict(list)
    for (row, col), value in sorted(sheet.values.items()):
        text = sheet.formulas.get((row, col), "")[1:]
        f = f"<f>{text}</f>" if text else ""
        lines[row].append(f'<c r="{column_letters(col)}{row}">{f}<v>{value!r}</v></c>')
    rows = "".join(f'<row r="{row}">{"".join(cells)}</row>' for row, cells in lines.items())
    return f'{strangers.HEAD}<worksheet xmlns="{strangers.MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def shared(part: str) -> str:
    """The part with one formula of `filled_down` spelled, and all that are alike with its number."""
    first = part.replace("<f>0.9", '<f t="shared" si="0">0.9', 1)
    return re.sub("<f>0.9[^<]*</f>", '<f t="shared" si="0"/>', first)


def read(file: bytes) -> SheetCells:
    inventory = Inventory(package_from_bytes(file))
    return read_sheet(inventory, inventory.sheets["Model"])


@pytest.mark.parametrize("form", [str, shared])
def test_reading_formulas_and_values_beside_calamines_values(form, measured):
    calamine = pytest.importorskip("python_calamine", reason="python-calamine is not installed")
    book = filled_down(100_001)
    part = form(sheet_part(book)).encode()
    file = strangers.plain().replace({strangers.SHEET: part}).to_bytes()

    def theirs() -> list[list]:
        opened = calamine.CalamineWorkbook.from_filelike(io.BytesIO(file))
        return opened.get_sheet_by_name("Model").to_python()

    sheet = book.sheets["S"]
    assert (read(file).formulas, read(file).values) == (sheet.formulas, sheet.values)
    assert theirs()[99][:2] == [sheet.values[100, 1], sheet.values[100, 2]]
    our_seconds, their_seconds = on_the_processor(lambda: read(file), theirs, rounds=5)
    name = "shared" if form is shared else "spelled"
    measured(
        f"reading 100,000 formulas, {name} / the values alone by calamine (bar 5x)",
        ratio(our_seconds, their_seconds),
    )


@pytest.mark.full
@pytest.mark.parametrize("make", [recurrence, filled_down])
def test_a_million_rows(make, measured):
    """Seconds of the processor, and what the process grew by."""
    book = make(1_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    f = function(book)
    compiled = time.process_time()
    f.gradient(f.start)
    done = time.process_time()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    measured(
        f"1,000,000 rows, {make.__name__}",
        f"differentiate {compiled - began:.1f} s, a gradient {done - compiled:.2f} s, {grown:.0f} MB",
    )

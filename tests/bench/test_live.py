"""What a large sheet costs in a running LibreOffice, beside the same work on the file."""

import itertools
import shutil

import numpy as np
import openpyxl
import pytest

import xlcicf
from tests.addin.libreoffice.office import running, until
from tests.addin.libreoffice.test_live_commands import BOOKS, Scene
from tests.bench.timing import interleaved, ratio
from tests.host.remote.live import live_office
from xlcicf.addin import commands
from xlcicf.host import read_snapshot

pytestmark = [pytest.mark.bench, pytest.mark.libreoffice]

ROWS = 5_500  # with ten formulas each


@pytest.fixture
def path(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([0.5, -1.0])
    for row in range(2, ROWS + 2):
        sheet.append([row / ROWS, *(f"={chr(65 + col)}{row}*$A$1+$B$1" for col in range(10))])
    book.save(tmp_path / "large.xlsx")
    return tmp_path / "large.xlsx"


def test_a_snapshot_and_a_write_of_55_000_cells(path, measured):
    """Over the bridge to another process, which LibreOffice's own Python does not need."""
    numbers = np.random.default_rng(0).normal(size=(ROWS, 10))
    saved, edits = xlcicf.open_book(path), itertools.count(1.0)

    def read(book):
        book.sheets[0]["A1"].value = next(edits)  # on which every formula depends
        return read_snapshot(book)

    with live_office().opened(path) as live:
        assert read(live).sheets.keys() == read(saved).sheets.keys()
        seconds = interleaved(lambda: read(live), lambda: read(saved), rounds=3)
        measured("an edit and a snapshot of 55,000 formulas, live / of the file", ratio(*seconds))

        def write(book):
            book.sheets[0]["M2"].value = numbers

        seconds = interleaved(lambda: write(live), lambda: write(saved), rounds=3)
        measured("write of 55,000 numbers, live / into the file", ratio(*seconds))
        assert np.array_equal(live.sheets[0]["M2"].expand().options(np.array).value, numbers)


@pytest.mark.full
def test_a_press_of_step(tmp_path, measured):
    scene = Scene(running(), tmp_path, "titanic")
    until(scene.is_idle)
    copy = xlcicf.open_book(shutil.copy(BOOKS / "titanic.xlsx", tmp_path / "other.xlsx"))

    def live():
        made = len(scene.history().runs)
        scene.press("step")
        until(lambda: len(scene.history().runs) > made and scene.history().was is None)

    def headless():
        assert "->" in commands.run(copy, "step")

    live(), headless()
    measured("Step on titanic, live / on the file", ratio(*interleaved(live, headless, rounds=3)))
    scene.office.close(scene.path)

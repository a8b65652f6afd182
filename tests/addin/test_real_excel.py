"""In a real Excel: the same commands on the same books, beside what they do without Excel. `pytest -m excel`."""

import shutil
import sys

import numpy as np
import pytest

import xlcicf
from xlcicf.addin import host_side
from xlcicf.formula.address import Area
from xlcicf.host import host_of, read_snapshot
from xlcicf.solve import History, find_problem, save_objective
from xlcicf.solve.bench import recalculation
from xlcicf.solve.training import Settings

pytestmark = pytest.mark.excel


@pytest.fixture(scope="module")
def excel():
    import xlwings

    app = xlwings.App(visible=True, add_book=False)
    yield app
    app.quit()


@pytest.fixture
def path(titanic_book, tmp_path):
    target = tmp_path / "titanic.xlsx"
    shutil.copy(titanic_book, target)
    return target


@pytest.fixture
def live(excel, path):
    book = excel.books.open(str(path))
    yield book
    book.close()


def test_excel_and_the_file_give_the_same_snapshot(live, titanic_book):
    here, there = read_snapshot(xlcicf.open_book(titanic_book)), read_snapshot(live)
    assert here.names == there.names and here.tables == there.tables
    for name, sheet in here.sheets.items():
        assert there.sheets[name].formulas == sheet.formulas
        assert there.sheets[name].arrays == sheet.arrays
        assert there.sheets[name].values.keys() == sheet.values.keys()


def test_excel_computes_what_torch_computes(live):
    problem = find_problem(live)
    f = xlcicf.differentiate(live, problem)
    for seed in range(3):
        values = np.random.default_rng(seed).uniform(-0.5, 0.5, len(f.start))
        xlcicf.write_back(live, problem, values)
        live.app.calculate()
        assert live.sheets["Net"]["P5"].value == pytest.approx(f.value(values), rel=1e-12)


def test_excel_recalculates_for_others_and_is_left_as_it_was(live):
    problem = find_problem(live)
    f, before = xlcicf.differentiate(live, problem), read_snapshot(live)
    value = recalculation(live, problem)
    assert value(f.start * 1.01) == pytest.approx(f.value(f.start * 1.01), rel=1e-12)
    assert read_snapshot(live) == before


def test_another_process_would_find_the_open_book(live):
    host = host_of(live)
    assert host.name == "Excel" and host.attach(host.handle(live)).fullname == live.fullname


def test_a_run_writes_and_undo_restores_exactly(live, path):
    before = live.sheets["Net"]["C5:M6"].value
    ending = host_side.train(live, find_problem(live), Settings(restarts=3))
    assert ending.outcome is not None and ending.outcome.parity.agrees
    after = live.sheets["Net"]["C5:M6"].value
    assert after != before
    history = History.beside(path)
    history.undo(live)
    assert live.sheets["Net"]["C5:M6"].value == before
    history.redo(live)
    assert live.sheets["Net"]["C5:M6"].value == after


def test_set_objective_is_what_solvers_dialog_reads(live):
    save_objective(live, Area("Net", 6, 16, 6, 16))
    name = next(name for name in live.sheets["Net"].names if name.name.endswith("solver_opt"))
    assert name.refers_to == "=Net!$P$6"


@pytest.mark.skipif(sys.platform != "win32", reason="functions in cells are for Windows")
def test_a_function_in_a_cell(live):
    """With the add-in installed: xlcicf addin install."""
    sheet = live.sheets.add("Try")
    sheet["A1"].formula2 = "=NN_RELU({-1,2})"
    live.app.calculate()
    assert sheet["A1:B1"].value == [0, 2]

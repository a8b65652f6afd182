"""The boundary: what each host answers, and that the ways through xlwings and past it give the same."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import openpyxl
import pytest
import xlwings

import xlcicf
from tests import strangers
from tests.layouts import MODELS
from tests.small import save_small
from xlcicf.errors import AddressError
from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import Calculation, ExcelError
from xlcicf.host import host_of, open_book, outline, read_snapshot, through_xlwings
from xlcicf.host.boundary import Host
from xlcicf.host.excel import EXCEL
from xlcicf.host.headless.host import HEADLESS, Headless, document_of, pretend
from xlcicf.host.hosts import HOSTS, host_named
from xlcicf.solve import place


class Plain(Headless):
    """A host that reads and computes as Host does for a program that it knows nothing more of."""

    snapshot, outline = Host.snapshot, Host.outline
    recomputed, recalculation = Host.recomputed, Host.recalculation


@pytest.fixture
def book(tmp_path):
    return open_book(save_small(tmp_path / "small.xlsx"))


def test_each_host_has_a_name_of_its_own():
    assert len({host.name for host in HOSTS}) == len(HOSTS)
    assert [host_named(host.name) for host in HOSTS] == list(HOSTS)


def test_the_host_of_a_book_and_of_its_cells_is_known_without_a_call(book):
    cells = book.sheets["Net"]["A1"]
    book.close()
    assert host_of(book) is host_of(cells) is HEADLESS


def test_a_book_that_says_nothing_of_a_host_is_excels():
    assert host_of(xlwings.Book(impl=object())) is EXCEL


def test_a_headless_book_plays_one_in_another_program(book):
    playing = Plain()
    pretend(book, playing)
    assert host_of(book) is host_of(book.sheets["Net"]["A1"]) is playing
    assert host_of(open_book(book.fullname)) is HEADLESS


@pytest.mark.parametrize("kind", [kind for kind in strangers.STRANGERS if kind != "data_tables"])
def test_a_snapshot_through_xlwings_is_the_documents(kind, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.STRANGERS[kind]().to_bytes())
    book = open_book(path)
    book.sheets["Model"]["C1:C3"].value = [["x"], [True], ["#N/A"]]
    book.sheets["Model"]["D6"].value = "=A1&B1"
    straight = dataclasses.replace(
        read_snapshot(book), calculation=Calculation(), fused={}
    )  # the file's alone
    pretend(book, Plain())
    for sheet in straight.sheets.values():
        sheet.hidden, sheet.filtered = type(sheet.hidden)(), type(sheet.filtered)()
    assert dataclasses.asdict(read_snapshot(book)) == dataclasses.asdict(straight)


def test_two_arrays_side_by_side_are_told_apart(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.plain().to_bytes())
    book = open_book(path)
    sheet = book.sheets["Model"]
    sheet["D1:D3"].formula_array = "=A1:A3*2"
    sheet["E1:E2"].formula_array = "=A1:A2*3"
    sheet["F1"].formula_array = "=SUM(A1:A3*A1:A3)"
    straight = read_snapshot(book).sheets["Model"].arrays
    pretend(book, Plain())
    assert read_snapshot(book).sheets["Model"].arrays == straight


def test_an_outline_has_everything_but_cells(book):
    whole, bare = read_snapshot(book), outline(book)
    assert (bare.names, bare.tables, list(bare.sheets)) == (whole.names, whole.tables, list(whole.sheets))
    assert not any(sheet.values or sheet.formulas for sheet in bare.sheets.values())


def test_cells_come_as_rows_whatever_their_shape(book):
    net, host = book.sheets["Net"], host_of(book)
    net["C1"].value = "#N/A"
    assert host.values(net["B1"]) == [[4.0]] and host.formulas(net["B1"]) == [("4",)]
    assert host.values(net["B1:B2"]) == [[4.0], [4.0]]
    assert list(map(list, host.formulas(net["B2:B3"]))) == [["4"], ["=(B1-1)^2+(B2+2)^2"]]
    assert host.values(net["B1:C1"]) == [[4.0, "#N/A"]]
    assert isinstance(host.values(net["C1"])[0][0], ExcelError)


def test_a_date_is_a_number_where_numbers_are_asked_for(book):
    cell, day = book.sheets["Net"]["C1"], np.datetime64("2024-02-29T12:00")
    cell.value = day
    assert host_of(book).values(cell) == [[day.astype(object)]]
    assert host_of(book).values(cell, serials=True) == [[45351.5]]


def selected_in_excel(**api) -> xlwings.Range:
    """A selection on sheet Net as xlwings has it there: what Excel itself answers is behind `api`."""
    return SimpleNamespace(sheet=SimpleNamespace(name="Net"), api=SimpleNamespace(**api))  # type: ignore


def test_excel_lists_the_areas_of_a_selection_and_on_a_mac_its_address_does():
    parts = ["$B$2:$B$5", "$D$2", "$F:$F"]
    wanted = [Area("Net", 2, 2, 5, 2), Area("Net", 2, 4, 2, 4), Area("Net", 1, 6, 1_048_576, 6)]
    windows = selected_in_excel(Areas=[SimpleNamespace(Address=part) for part in parts])
    mac = selected_in_excel(get_address=lambda: ",".join(parts))
    assert EXCEL.areas(windows) == EXCEL.areas(mac) == wanted


def test_an_address_on_a_mac_that_may_be_cut_off_is_refused():
    mac = {
        count: selected_in_excel(get_address=lambda n=count: ",".join(["$B$100"] * n)) for count in (32, 33)
    }
    assert len(EXCEL.areas(mac[32])) == 32
    with pytest.raises(AddressError, match="33 areas or more are selected; select fewer at a time"):
        EXCEL.areas(mac[33])


def test_a_hidden_name_is_out_of_sight(book):
    name = book.names.add("solver_opt", "=Net!$B$3")
    assert name.api.Visible
    host_of(book).hide(name)
    assert not name.api.Visible


def test_a_locked_cell_is_refused_before_a_write(book, tmp_path):
    workbook = openpyxl.load_workbook(book.fullname)
    workbook["Net"].protection.enable()
    workbook.save(tmp_path / "locked.xlsx")
    locked = open_book(tmp_path / "locked.xlsx")
    areas = place(outline(locked), xlcicf.Problem("Net!B3", "Net!B1:B2")).changing
    host_of(book).require_writable(book, areas)
    with pytest.raises(AddressError, match="Net!B1 is locked"):
        host_of(locked).require_writable(locked, areas)


MODEL = next(model for model in MODELS if model.name == "collab")


@pytest.mark.parametrize("host", [HEADLESS, Plain()], ids=lambda host: type(host).__name__)
def test_a_recalculation_is_what_torch_computes_and_leaves_the_book_as_it_was(host, tmp_path):
    MODEL.build(tmp_path / "book.xlsx")
    book = open_book(tmp_path / "book.xlsx")
    problem = xlcicf.find_problem(book)
    f, before = xlcicf.differentiate(book, problem), read_snapshot(book)
    pretend(book, host)
    placed = place(before, problem)
    value = host_of(book).recalculation(book, placed.objective, placed.changing)
    for seed in range(3):
        v = f.start * (1 + np.random.default_rng(seed).uniform(-0.01, 0.01, len(f.start)))
        assert value(v) == pytest.approx(f.value(v), rel=1e-12)
    pretend(book, HEADLESS)
    assert read_snapshot(book) == before


def test_a_recalculation_of_an_objective_without_a_number_is_nan(book):
    net = book.sheets["Net"]
    net["B3"].formula = '=IF(B1>0,"text",B1)'
    snapshot, problem = outline(book), xlcicf.Problem("Net!B3", "Net!B1:B2")
    placed = place(snapshot, problem)
    objective, areas = placed.objective, placed.changing
    value = through_xlwings.recalculation(book, objective, areas)
    assert np.isnan(value(np.array([1.0, 2.0]))) and value(np.array([-1.0, 2.0])) == -1


def test_a_second_opinion_does_not_take_the_files_word(tmp_path):
    path = tmp_path / "book.xlsx"
    wrong = strangers.in_sheet(
        strangers.plain(), "</sheetData>", '<row r="9"><c r="A9"><f>1+1</f><v>3</v></c></row>'
    )
    path.write_bytes(strangers.by_excel(wrong).to_bytes())
    book = open_book(path)
    assert read_snapshot(book).sheets["Model"].values[9, 1] == 3
    assert host_of(book).recomputed(book).book.sheets["Model"].values[9, 1] == 2
    assert not document_of(book).edits

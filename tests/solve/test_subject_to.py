"""Constraints as one line: read, typed, and saved as Solver saves them."""

import openpyxl
import pytest

import xlcicf
from tests.small import save_small
from tests.solve.models.planning import knapsack, product_mix
from xlcicf.errors import AddressError, ProblemError
from xlcicf.formula.address import Area
from xlcicf.host.headless.host import HEADLESS, Headless, document_of, pretend
from xlcicf.solve import Constraint, Problem, save_constraints, save_objective, save_problem
from xlcicf.solve.book_problem import constraints_of

B4 = [Area("Mix", 4, 2, 4, 2)]
B4_F4 = [Area("Mix", 4, 2, 4, 6)]
G7_G10 = [Area("Mix", 7, 7, 10, 7)]
STOCK = Constraint("Mix!G7:G10", "<=", "Mix!I7:I10")


@pytest.fixture
def mix(tmp_path):
    """An open copy of five products from four resources, with Solver's constraint on the stock."""
    return xlcicf.open_book(product_mix().save(tmp_path / "mix.xlsx"))


def constraints(book) -> tuple[Constraint, ...]:
    return xlcicf.find_problem(book).constraints


# line -> what is saved of B4
TYPED = {
    "<= 40": [Constraint("Mix!B4", "<=", 40.0)],
    " =<40 ": [Constraint("Mix!B4", "<=", 40.0)],
    "= 0,25": [Constraint("Mix!B4", "=", 0.25)],
    ">= 1e-7": [Constraint("Mix!B4", ">=", 1e-7)],
    "= $I$7": [Constraint("Mix!B4", "=", "Mix!I7")],
    ">= Mix!I7": [Constraint("Mix!B4", ">=", "Mix!I7")],
    ">= SUM(I7:I8)*2": [Constraint("Mix!B4", ">=", "SUM(Mix!$I$7:$I$8)*2")],
    "<= MAX({1;2},'Mix'!I7)": [Constraint("Mix!B4", "<=", "MAX({1;2},'Mix'!$I$7)")],
    "int": [Constraint("Mix!B4", "int")],
    "Binary": [Constraint("Mix!B4", "bin")],
    ">= 3; <= 7 ;int": [
        Constraint("Mix!B4", ">=", 3.0),
        Constraint("Mix!B4", "<=", 7.0),
        Constraint("Mix!B4", "int"),
    ],
    "<= 40;; <= 40": [Constraint("Mix!B4", "<=", 40.0)],
}


@pytest.mark.parametrize("line", TYPED)
def test_a_line_is_saved_as_solver_saves_it_and_shown_again(line, mix, tmp_path):
    save_constraints(mix, B4, line)
    mix.save(tmp_path / "saved.xlsx")
    saved = xlcicf.open_book(tmp_path / "saved.xlsx")
    assert constraints(saved) == (STOCK, *TYPED[line])
    shown = constraints_of(saved, B4)
    assert save_constraints(saved, B4, shown).new == []
    assert constraints(saved) == (STOCK, *TYPED[line]) and document_of(saved).edits == []


def test_a_formula_on_the_right_is_saved_with_its_cells_held_fast(mix):
    """What a name refers to moves with the cell that reads it, unless a $ stands before row and column."""
    save_constraints(mix, B4, "<= I7+I8")
    assert mix.sheets["Mix"].names["solver_rhs2"].refers_to == "=Mix!$I$7+Mix!$I$8"
    save_problem(mix, Problem("Mix!B1", "Mix!B4:F4", "max", (Constraint("Mix!B4", "<=", "I7*2"),)))
    assert mix.sheets["Mix"].names["solver_rhs1"].refers_to == "=Mix!$I$7*2"


def test_what_stands_in_the_line_is_what_holds_of_these_cells(mix):
    save_constraints(mix, B4, "<= 40; int")
    save_constraints(mix, B4_F4, ">= 1")
    change = save_constraints(mix, B4, ">= 2; <= 30")
    assert constraints(mix) == (
        STOCK,
        Constraint("Mix!B4", ">=", 2.0),
        Constraint("Mix!B4", "<=", 30.0),
        Constraint("Mix!B4:F4", ">=", 1.0),
    )
    assert change.sentence == (
        "Mix!B4 >= 2; Mix!B4 <= 30; no longer Mix!B4 <= 40; no longer Mix!B4 int; 4 constraints in all"
    )


def test_what_is_typed_again_as_it_is_stays_as_it_was(mix):
    """Cells and bounds belong together one by one, whatever the order of a later selection."""
    both = [Area("Mix", 4, 2, 4, 3), Area("Mix", 4, 5, 4, 5)]
    save_constraints(mix, both, "<= I7:I9")
    save_constraints(mix, B4, "<= 40")
    before = constraints(mix)
    assert save_constraints(mix, both[::-1], "<= Mix!I7:I9").new == []
    assert constraints(mix) == before
    assert [str(c) for c in save_constraints(mix, both[::-1], "int; <= I7:I9").new] == [
        "Mix!E4,Mix!B4:C4 int"
    ]
    assert constraints(mix)[: len(before)] == before


def test_a_left_side_of_its_own_leaves_the_selected_cells_alone(mix):
    save_constraints(mix, B4, "<= 40")
    save_constraints(mix, B4, "C4 <= 3; Mix!C4 >= 1")
    assert save_constraints(mix, B4, "C4 <= 5").sentence == (
        "Mix!C4 <= 5; no longer Mix!C4 <= 3; 4 constraints in all"
    )
    assert constraints_of(mix, B4) == "<= 40"
    assert constraints_of(mix, [Area("Mix", 4, 3, 4, 3)]) == "<= 5; >= 1"


@pytest.mark.parametrize("line", ["", "  ", ";"])
def test_an_empty_line_deletes_the_constraints_of_exactly_these_cells(line, mix):
    save_constraints(mix, B4, "<= 40; int")
    assert save_constraints(mix, [Area("Mix", 7, 7, 9, 7)], line).sentence == (
        "nothing was changed; 3 constraints in all"
    )
    save_constraints(mix, G7_G10, line)
    assert constraints(mix) == (Constraint("Mix!B4", "<=", 40.0), Constraint("Mix!B4", "int"))
    assert save_constraints(mix, B4, line).sentence.endswith("no constraint is left")


def test_names_beyond_those_that_solver_counts_stay_and_mean_nothing(mix, tmp_path):
    save_constraints(mix, B4, "<= 40; int")
    mix.save(tmp_path / "saved.xlsx")
    saved = xlcicf.open_book(tmp_path / "saved.xlsx")
    save_constraints(saved, G7_G10, "")
    saved.save()
    names = openpyxl.load_workbook(tmp_path / "saved.xlsx")["Mix"].defined_names
    assert (names["solver_num"].attr_text, names["solver_lhs3"].attr_text) == ("2", "Mix!$B$4")
    assert constraints(xlcicf.open_book(tmp_path / "saved.xlsx")) == (
        Constraint("Mix!B4", "<=", 40.0),
        Constraint("Mix!B4", "int"),
    )


def test_areas_are_the_same_cells_in_whatever_order_they_are_selected(mix):
    both = [Area("Mix", 4, 2, 4, 3), Area("Mix", 4, 5, 4, 5)]
    save_constraints(mix, both, "<= 9")
    assert constraints(mix)[-1].cells == "Mix!B4:C4,Mix!E4"
    assert constraints_of(mix, both[::-1]) == "<= 9"
    assert constraints_of(mix, both[:1]) == ""
    save_constraints(mix, both[::-1], "")
    assert constraints(mix) == (STOCK,)


# line -> what is said of it with B4 selected
REFUSED = {
    "40": "'40' is no constraint; write <= 40, = Mix!C7",
    "<= 4; at most 3": "'at most 3' is no constraint",
    "< 40": "< is not among Solver's; write <=",
    "<=": "has no right side",
    "<= 1,000": "the constraint Mix!B4 <= 1,000",
    "<= limit": "there is no name 'limit'",
    "<= Plan!A1": "there is no sheet 'Plan'",
    "<= inf": "is no number that a cell can hold",
    '<= INDIRECT("I7")': "these are no cells",
    "<= I7:I8": "has 1 cells on its left side and 2 on its right",
    "B4:F4 <= I7:I8": "has 5 cells on its left side and 2 on its right",
    "G7 int": "Mix!G7, which is not among the changing cells",
    "B4:G4 bin": "Mix!G4, which is not among the changing cells",
    "nowhere <= 3": "there is no name 'nowhere'",
    "B:B <= 3": "1,048,576 cells; name or select at most 100,000",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_meant_is_refused_with_its_cell_and_changes_nothing(line, mix):
    with pytest.raises((ProblemError, AddressError)) as refused:
        save_constraints(mix, B4, line)
    assert REFUSED[line] in str(refused.value)
    assert document_of(mix).edits == []


def test_a_problem_comes_before_its_constraints(tmp_path):
    book = xlcicf.open_book(save_small(tmp_path / "small.xlsx"))
    cells = [Area("Net", 1, 2, 2, 2)]
    with pytest.raises(ProblemError, match="press Set Objective"):
        save_constraints(book, cells, "<= 3")
    save_objective(book, Area("Net", 3, 2, 3, 2))
    with pytest.raises(ProblemError, match="press By Changing Variable Cells"):
        save_constraints(book, cells, "<= 3")


def test_cells_on_another_sheet_belong_to_the_only_problem(tmp_path):
    book = xlcicf.open_book(save_small(tmp_path / "small.xlsx"))
    save_problem(book, Problem("Net!B3", "Net!B1:B2"))
    log = [Area("The log", 1, 2, 1, 2)]
    with pytest.raises(ProblemError, match="write <= 40, = 'The log'!C7"):
        save_constraints(book, log, "small")
    save_constraints(book, log, "<= B2")
    assert constraints(book) == (Constraint("'The log'!B1", "<=", "'The log'!B2"),)


def test_a_constraint_saved_whole_over_all_of_its_cells_is_shown(tmp_path):
    book = xlcicf.open_book(knapsack().save(tmp_path / "van.xlsx"))
    assert constraints_of(book, [Area("Van", 5, 4, 34, 4)]) == "bin"
    assert constraints_of(book, [Area("Van", 2, 2, 2, 2)]) == "<= Van!D2"
    assert constraints_of(book, [Area("Van", 5, 4, 5, 4)]) == ""


def test_more_areas_than_a_program_takes_are_refused_before_any_name_is_changed(mix):
    class Short(Headless):
        longest_name = 255

    areas = [Area("Mix", 100 + 2 * i, 2, 100 + 2 * i, 2) for i in range(30)]
    pretend(mix, Short())
    with pytest.raises(AddressError, match="takes fewer than 255 letters for solver_lhs2"):
        save_constraints(mix, areas, "<= 3")
    assert document_of(mix).edits == []
    pretend(mix, HEADLESS)
    save_constraints(mix, areas, "<= 3")
    assert constraints_of(mix, areas) == "<= 3"

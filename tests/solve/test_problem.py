"""What a problem's references, bounds and Solver's saved settings mean, on snapshots without a file."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcicf.errors import AddressError, DataError, ProblemError
from xlcicf.formula.address import Area, quote_sheet
from xlcicf.formula.references import resolve
from xlcicf.formula.snapshot import Sheet, Snapshot, Table
from xlcicf.solve.constraints import RIGHT_SIDES, NoCells, PlacedConstraint
from xlcicf.solve.placed import MAX_CHANGING, place
from xlcicf.solve.problem import OPTIONS, Constraint, Problem
from xlcicf.solve.solver_names import OPTION_KEYS, RELATIONS, saved_problem, solver_names


def book(*names, **values):
    """Sheets Net and My sheet. `names` as "Net!solver_opt=Net!$B$2" or "w=Net!$D$4"; values go onto Net."""
    cells = {(int(cell[1:]), ord(cell[0]) - 64): value for cell, value in values.items()}
    formulas = {cell: value for cell, value in cells.items() if str(value).startswith("=")}
    net = Sheet("Net", formulas, {**cells, **dict.fromkeys(formulas, 2.0)})
    found = Snapshot({"Net": net, "My sheet": Sheet("My sheet")})
    for text in names:
        name, _, target = text.partition("=")
        scope, _, bare = name.rpartition("!")
        found.names[bare.lower(), scope or None] = target
    found.tables["data"] = Table("Data", Area("Net", 10, 1, 12, 2), ("x", "w"))
    return found


def problem(**fields):
    return Problem(**{"objective": "Net!A1", "changing": "Net!D4:E5", **fields})


# --- references


@pytest.mark.parametrize(
    ("text", "host", "areas"),
    [
        ("Net!B2", None, [Area("Net", 2, 2, 2, 2)]),
        ("=net!$D$4:$E$5", None, [Area("Net", 4, 4, 5, 5)]),
        ("Net!E5:D4", None, [Area("Net", 4, 4, 5, 5)]),
        ("'My sheet'!A1, Net!B2:B3", None, [Area("My sheet", 1, 1, 1, 1), Area("Net", 2, 2, 3, 2)]),
        ("hidden.weight", None, [Area("Net", 4, 4, 5, 5)]),
        ("Hidden.Weight,Net!A1", None, [Area("Net", 4, 4, 5, 5), Area("Net", 1, 1, 1, 1)]),
        ("Data[w]", None, [Area("Net", 11, 2, 12, 2)]),
        ("B2", "My sheet", [Area("My sheet", 2, 2, 2, 2)]),
    ],
)
def test_a_reference_means_its_areas(text, host, areas):
    assert resolve(book("hidden.weight=Net!$D$4:$E$5"), text, "the cells", host) == areas


def test_a_name_may_mean_several_areas():
    layers = book("hidden.weight=Net!$D$4:$E$5,Net!$G$4:$G$5")
    assert resolve(layers, "hidden.weight", "the weights") == [
        Area("Net", 4, 4, 5, 5),
        Area("Net", 4, 7, 5, 7),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the cells are missing; write them as Sheet!A1"),
        (" = ", "the cells are missing"),
        ("Nett!B2", "the cells 'Nett!B2': there is no sheet 'Nett' in this workbook"),
        ("hidden.weihgt", "the cells 'hidden.weihgt': there is no name 'hidden.weihgt' in this workbook"),
        ("B2", "the cells 'B2': the book has several sheets; write it with one, as Sheet!A1"),
        ("Net!B2+1", "these are no cells"),
        ("Net!#REF!", "these are no cells"),
        ("7", "these are no cells"),
        ("Net!B2:", "the cells 'Net!B2:': "),
        ("[other.xlsx]Net!B2", "refers to another workbook"),
        ("broken", "these are no cells"),
    ],
)
def test_a_reference_without_cells_is_refused_with_its_text(text, message):
    with pytest.raises(AddressError) as refused:
        resolve(book("broken=#REF!"), text, "the cells")
    assert message in str(refused.value)
    assert "Net!A1:" not in str(refused.value), "no cell holds this text: the parser's host must not show"


def test_an_address_without_a_sheet_lies_on_the_only_sheet_or_on_the_objectives():
    one = Snapshot({"Only": Sheet("Only")})
    assert place(one, problem(objective="B2", changing="B1")).objective == Area("Only", 2, 2, 2, 2)
    (area,) = place(book(), problem(objective="'My sheet'!A1", changing="D4")).changing
    assert area.sheet == "My sheet"


@pytest.mark.parametrize("objective", ["Net!A1:A2", "Net!A1,Net!B1"])
def test_an_objective_of_several_cells_is_refused(objective):
    with pytest.raises(ProblemError, match="is not one cell; name the one cell to optimise"):
        place(book(), problem(objective=objective))


def test_a_whole_column_is_too_many_changing_cells():
    with pytest.raises(ProblemError, match="are 1,048,576 changing cells; name only those"):
        place(book(), problem(changing="Net!B:B"))
    assert place(book(), problem(changing=f"Net!B1:B{MAX_CHANGING}")).variables == MAX_CHANGING


@pytest.mark.parametrize("sense", ["minimum", "", None, True, math.nan, math.inf])
def test_a_sense_is_min_max_or_a_number(sense):
    with pytest.raises(ProblemError, match="the sense must be min, max or a number to reach"):
        problem(sense=sense)


# --- in its place

E4 = Area("Net", 4, 5, 4, 5)
SQUARE = Area("Net", 4, 4, 5, 5)
PLACED = {
    "a number": (Constraint("Net!E4", "=", 3.0), 3.0),
    "cells": (Constraint("Net!E4", "<=", "G1:G2,'My sheet'!A1"),
              (Area("Net", 1, 7, 2, 7), Area("My sheet", 1, 1, 1, 1))),
    "a name": (Constraint("E4", ">=", "w"), (Area("Net", 4, 4, 4, 4),)),
    "nothing": (Constraint("Net!E4", "int"), None),
}  # fmt: skip


@pytest.mark.parametrize(("constraint", "right"), PLACED.values(), ids=PLACED)
def test_both_sides_of_a_constraint_are_placed(constraint, right):
    (found,) = place(book("w=Net!$D$4"), problem(constraints=(constraint,))).constraints
    assert found == PlacedConstraint(str(constraint), (E4,), constraint.relation, right)


def test_a_right_side_that_is_a_formula_stands_in_a_cell_of_its_own_and_keeps_its_text():
    asked = problem(constraints=(Constraint("Net!E4", "<=", "Net!$G$1*2"), Constraint("E4", ">=", "=G1-1")))
    placed = place(book(), asked)
    first, second = placed.constraints
    assert [first.right, second.right] == [(Area(RIGHT_SIDES, row, 1, row, 1),) for row in (1, 2)]
    assert [first.formula, second.formula] == ["Net!$G$1*2", "=G1-1"]
    assert placed.book.sheets[RIGHT_SIDES].formulas == {(1, 1): "=Net!$G$1*2", (2, 1): "=Net!G1-1"}


@pytest.mark.parametrize("text", ["the_limit", "Net!#REF!", "[other.xlsx]Net!A1", "two words", '"text"'])
def test_a_right_side_that_is_neither_cells_nor_formula_is_refused_by_who_needs_it(text):
    (found,) = place(book(), problem(constraints=(Constraint("Net!E4", "<=", text),))).constraints
    assert isinstance(found.right, NoCells) and found.right.text == text
    with pytest.raises(AddressError, match=f"the constraint Net!E4 <= {re.escape(text)}: "):
        found.number_or_cells()


def test_a_left_side_that_means_no_cells_is_refused_at_once():
    with pytest.raises(AddressError, match="the constraint Nett!E4 <= 1.0: 'Nett!E4': there is no sheet"):
        place(book(), problem(constraints=(Constraint("Nett!E4", "<=", 1.0),)))


def test_what_the_changing_cells_hold_is_the_start_and_only_who_asks_meets_a_cell_that_holds_none():
    placed = place(book(D4=1.5, E4=-2.0, E5="much"), problem())
    assert placed.variables == 4 and placed.changing == (SQUARE,)
    with pytest.raises(DataError, match="Net!E5 holds 'much'"):
        _ = placed.start
    assert place(book(D4=1.5, E4=-2.0), problem()).start.tolist() == [1.5, -2, 0, 0]


def test_a_placed_problem_asked_otherwise_has_no_limits():
    limits = Constraint("Net!E5", "<=", 1.0), Constraint("Net!A1", ">=", 2.0), Constraint("Net!D4", "int")
    placed = place(book(A1="=D4+E5", D4=1.0), problem(non_negative=True, constraints=limits))
    asked = placed.asking(changing=(Area("Net", 1, 7, 2, 7),))
    assert (asked.objective, asked.changing_address) == (placed.objective, "Net!G1:G2")
    allowed = asked.feasible
    assert np.array_equal([allowed.lower, allowed.upper], [[-math.inf] * 2, [math.inf] * 2])
    assert not allowed.whole.any() and allowed.limits == allowed.orders == ()


# --- Solver's names

# What fast.ai's titanic.xlsx has on its sheet nnet.
NNET = [
    "Net!solver_adj=Net!$R$4:$AA$5", "Net!solver_cvg=0.0001", "Net!solver_drv=1", "Net!solver_eng=1",
    "Net!solver_est=1", "Net!solver_itr=2147483647", "Net!solver_mip=2147483647", "Net!solver_mni=30",
    "Net!solver_mrt=0.075", "Net!solver_msl=2", "Net!solver_neg=2", "Net!solver_nod=2147483647",
    "Net!solver_num=0", "Net!solver_nwt=1", "Net!solver_opt=Net!$AH$1", "Net!solver_pre=0.000001",
    "Net!solver_rbv=1", "Net!solver_rlx=2", "Net!solver_rsd=0", "Net!solver_scl=1", "Net!solver_sho=2",
    "Net!solver_ssz=100", "Net!solver_tim=2147483647", "Net!solver_tol=0.01", "Net!solver_typ=2",
    "Net!solver_val=0", "Net!solver_ver=3",
]  # fmt: skip


def test_the_tutorials_problem_is_read_and_written_as_solver_saves_it():
    found = saved_problem(book(*NNET))
    assert found == Problem("Net!AH1", "Net!R4:AA5")
    assert [f"Net!{name}={text}" for name, text in solver_names(place(book(), found)).items()] == NNET


def test_changing_cells_in_names_of_their_own_are_changing_cells_too():
    further = {"adj1": "Net!$B$7", "adj2": "Net!$B$2:$B$3", "adj3": '" "', "adj4": "Net!$A$9"}
    assert saved_problem(with_settings(**further)).changing == "Net!D4:E5,Net!B7,Net!B2:B3"


def with_settings(**changed):
    """A book with Solver's settings on Net, some of them changed; None leaves one out."""
    settings = dict(adj="Net!$D$4:$E$5", opt="Net!$A$1", typ="2", num="0") | changed
    return book(*(f"Net!solver_{key}={text}" for key, text in settings.items() if text is not None))


SAVED = {
    "maximise": (dict(typ="1"), dict(sense="max")),
    "value of": (dict(typ="3", val="-1.5"), dict(sense=-1.5)),
    "negatives allowed": (dict(neg="2"), dict(non_negative=False)),
    "non-negative": (dict(neg="1"), dict(non_negative=True)),
    "two areas": (dict(adj="Net!$H$19:$V$23,Net!$B$25:$F$39"), dict(changing="Net!H19:V23,Net!B25:F39")),
    "another sheet": (dict(adj="'My sheet'!$A$1:$A$3"), dict(changing="'My sheet'!A1:A3")),
    "with an equals sign": (dict(adj="=Net!$D$4", opt="=Net!$A$1"), dict(changing="Net!D4")),
    "bounds": (
        dict(num="2", lhs1="Net!$D$4", rel1="1", rhs1="0.5", lhs2="Net!$E$4", rel2="3", rhs2="Net!$G$1"),
        dict(constraints=(Constraint("Net!D4", "<=", 0.5), Constraint("Net!E4", ">=", "Net!G1"))),
    ),
    "integer": (
        dict(num="1", lhs1="Net!$D$4", rel1="4", rhs1='"integer"'),
        dict(constraints=(Constraint("Net!D4", "int"),)),
    ),
    "a formula as bound": (
        dict(num="1", lhs1="Net!$D$4", rel1="2", rhs1="Net!$G$1*2"),
        dict(constraints=(Constraint("Net!D4", "=", "Net!$G$1*2"),)),
    ),
    "a blank bound": (
        dict(num="1", lhs1="Net!$A$1", rel1="3", rhs1=""),
        dict(constraints=(Constraint("Net!A1", ">=", 0.0),)),
    ),
    "a row deleted from the list": (
        dict(num="0", lhs1="Net!$D$4", rel1="4", rhs1="integer"),
        dict(constraints=()),
    ),
}


@pytest.mark.parametrize(("settings", "fields"), SAVED.values(), ids=SAVED)
def test_solvers_settings_are_read(settings, fields):
    found = saved_problem(with_settings(**settings))
    assert {name: getattr(found, name) for name in fields} == fields


def test_solvers_options_are_kept_where_they_are_not_its_first():
    found = saved_problem(with_settings(pre="1e-08", tim="100", itr="2147483647", eng="2", cvg="often"))
    assert found.options == {"precision": 1e-8, "seconds": 100, "engine": 2}
    placed = place(book(), found)
    assert placed.options == OPTIONS | found.options
    names = solver_names(placed)
    assert [names[f"solver_{key}"] for key in ("pre", "tim", "itr", "eng", "cvg")] == [
        "0.00000001",
        "100",
        "2147483647",
        "2",
        "0.0001",
    ]


def test_every_option_has_one_name():
    assert sorted(OPTION_KEYS.values()) == sorted(OPTIONS)


def test_non_negative_is_solvers_default():
    assert saved_problem(with_settings()).non_negative


INCOMPLETE = {
    "no sense": (dict(typ=None), ProblemError, r"Net are incomplete \(solver_typ\)"),
    "an unknown sense": (dict(typ="7"), ProblemError, r"incomplete \(solver_typ\)"),
    "no value to reach": (dict(typ="3"), ProblemError, r"incomplete \(solver_val\)"),
    "a constraint without relation": (
        dict(num="1", lhs1="Net!$D$4", rhs1="1"),
        ProblemError,
        r"incomplete \(solver_rel1\)",
    ),
    "no right side": (dict(num="1", rel1="1", lhs1="Net!$D$4"), ProblemError, r"incomplete \(solver_rhs1\)"),
    "no number of constraints": (dict(num="nan"), ProblemError, r"incomplete \(solver_num\)"),
    "endlessly many constraints": (dict(num="1e400"), ProblemError, r"incomplete \(solver_num\)"),
    "an infinite value to reach": (dict(typ="3", val="inf"), ProblemError, r"incomplete \(solver_val\)"),
    "deleted cells": (dict(adj="Net!#REF!"), AddressError, r"\(solver_adj\) name cells that were deleted"),
}


@pytest.mark.parametrize(("settings", "error", "message"), INCOMPLETE.values(), ids=INCOMPLETE)
def test_incomplete_settings_are_refused_by_their_name(settings, error, message):
    with pytest.raises(error, match=message):
        saved_problem(with_settings(**settings))


TWO = [*NNET, "My sheet!solver_adj='My sheet'!$A$1", "My sheet!solver_opt='My sheet'!$B$1"]
TWO += ["My sheet!solver_typ=1"]


def test_a_sheet_chooses_among_several_problems():
    assert saved_problem(book(*TWO), "my SHEET").objective == "'My sheet'!B1"
    with pytest.raises(
        ProblemError, match="several sheets have a problem: Net, My sheet; choose one with --s"
    ):
        saved_problem(book(*TWO))


@pytest.mark.parametrize(
    ("names", "sheet", "error", "message"),
    [
        ([], None, ProblemError, "this book has no problem saved by Solver; name the cells with --objective"),
        (NNET, "My sheet", ProblemError, "sheet My sheet has no problem saved by Solver"),
        (NNET, "Nett", AddressError, "there is no sheet 'Nett' in this book; it has Net, My sheet"),
        (["Net!solver_opt=Net!$B$1"], None, ProblemError, "this book has no problem"),
        (["solver_opt=Net!$B$1", "solver_adj=Net!$B$2"], None, ProblemError, "this book has no problem"),
        (
            ["Net!solver_adj=Net!$B$2"],
            None,
            ProblemError,
            "saved on sheet Net has no objective; set one there",
        ),
    ],
)
def test_no_problem_is_said_with_the_way_out(names, sheet, error, message):
    with pytest.raises(error) as refused:
        saved_problem(book(*names), sheet)
    assert message in str(refused.value)


def _is_no_default(number: float) -> bool:
    return number not in OPTIONS.values()


CELLS = st.sampled_from(["Net!D4", "Net!D4:E5", "'My sheet'!A1:B2", "Net!D4,Net!F6:G7"])
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
# as it is typed -> as it comes back: a relative address in a name would move with the cell in front
FORMULAS = {
    "Net!$G$1*2": "Net!$G$1*2",
    "SUM(Net!$A$1:$A$9)/Net!B2": "SUM(Net!$A$1:$A$9)/Net!$B$2",
    "MAX(1,'My sheet'!A1)": "MAX(1,'My sheet'!$A$1)",
    "1+2": "1+2",
    "$G$1+G2": "{host}!$G$1+{host}!$G$2",
}
CONSTRAINTS = st.one_of(
    st.builds(
        Constraint,
        CELLS,
        st.sampled_from(["<=", "=", ">="]),
        st.one_of(NUMBERS, CELLS, st.sampled_from(list(FORMULAS))),
    ),
    st.builds(Constraint, CELLS, st.sampled_from(["int", "bin", "dif"])),
)


@given(
    st.builds(
        Problem,
        objective=st.sampled_from(["Net!A1", "'My sheet'!C3"]),
        changing=CELLS,
        sense=st.one_of(st.sampled_from(["min", "max"]), NUMBERS),
        constraints=st.lists(CONSTRAINTS, max_size=3).map(tuple),
        non_negative=st.booleans(),
        options=st.dictionaries(st.sampled_from(sorted(OPTIONS)), st.floats(0, 1e9).filter(_is_no_default)),
    )
)
def test_any_problem_comes_back_from_solvers_names(asked):
    names = solver_names(place(book(), asked))
    host = "My sheet" if asked.objective.startswith("'My") else "Net"
    again = Snapshot(book().sheets, {(name, host): text for name, text in names.items()})

    def held_fast(constraint):
        formula = FORMULAS.get(constraint.bound) if isinstance(constraint.bound, str) else None
        return replace(constraint, bound=formula.format(host=quote_sheet(host))) if formula else constraint

    assert saved_problem(again) == replace(asked, constraints=tuple(map(held_fast, asked.constraints)))


def test_every_relation_of_solver_is_known():
    assert sorted(RELATIONS) == [1, 2, 3, 4, 5, 6]

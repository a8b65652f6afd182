"""Formulas drawn over the whole function table: each gives a value or an error of Excel's, soon; and what they found."""

import functools
import itertools
import math
import re
import signal
from collections import Counter
from collections.abc import Callable

import pytest

from tests.formula import ironcalc_batch, libreoffice_batch
from tests.formula.drawn_formulas import FIRST, drawn, ours_of
from tests.formula.examples import unmarked
from tests.formula.explained_kinds import Differing, calls_in, explained, is_error
from tests.formula.ironcalc_batch import CRASHES
from tests.formula.sheets import computed, function
from xlcicf.errors import FormulaError, Unforeseen, XlcicfError
from xlcicf.formula.functions import FUNCTIONS
from xlcicf.formula.snapshot import ExcelError

NUM, VALUE, DIV0, REF, NA = (ExcelError(code) for code in ("#NUM!", "#VALUE!", "#DIV/0!", "#REF!", "#N/A"))
SECONDS = 60  # for one formula, on a machine with much else to do


def defect_of(formula: str) -> str | None:
    """What is wrong with what a formula comes to, whatever its value."""
    try:
        with _limited(SECONDS):
            value = ours_of(formula)
    except Unforeseen as error:
        return str(error)
    except XlcicfError:
        return None  # refused by name
    except Exception as error:
        return repr(error)
    return f"shows {value}" if isinstance(value, float) and not math.isfinite(value) else None


class _limited:
    """TimeoutError where the body takes more seconds, on systems that have such an alarm."""

    def __init__(self, seconds: int):
        self._seconds = seconds if hasattr(signal, "SIGALRM") else 0

    def __enter__(self):
        if self._seconds:
            self._before = signal.signal(signal.SIGALRM, self._ring)
            signal.alarm(self._seconds)

    def __exit__(self, *_):
        if self._seconds:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, self._before)

    @staticmethod
    def _ring(*_):
        raise TimeoutError("takes too long")


PARTS = [
    pytest.param(1, 4_000),
    *(pytest.param(seed, 20_000, marks=pytest.mark.full) for seed in range(2, 8)),
]


@pytest.mark.parametrize(("seed", "count"), PARTS)
def test_every_drawn_formula_gives_a_value_an_error_or_a_sentence(seed, count):
    formulas = (formula for _, formula in itertools.islice(drawn(seed), count))
    found = {formula: defect for formula in formulas if (defect := defect_of(formula))}
    assert found == {}


# What drawn formulas have shown to be wrong: (formula, what Excel's documentation has)
CELLS = {"A1": 1.0, "A2": 2.0, "A3": 3.0, "B1": 4.0, "B2": 5.0}
FOUND = [
    ("QUARTILE.INC(7,12)", NUM), ("PERCENTILE(7,1.5)", NUM), ("PERCENTILE(A1:A2,1.01)", NUM), ("PERCENTILE(A1:A2,-0.01)", NUM),
    ("QUARTILE.EXC(5,3)", NUM), ("PERCENTILE.EXC(A1:A3,0.75)", 3.0), ("PERCENTILE.EXC(A1:A3,0.76)", NUM),
    ("SUM(SORTBY({3;1;2},{1,2,3}))", VALUE), ("INDEX(SORTBY({3;1;2},{3;2;1}),1)", 2.0), ("PERMUTATIONA(0,3)", 0.0), ("PERMUTATIONA(0,0)", 1.0), ("ROWS(1/0)", DIV0), ("COLUMNS(#REF!)", REF), ("ROWS({1;2})", 2.0),
    ("LARGE((A1:A2,B1:B2),1)", 5.0), ("PERCENTILE((A1:A2,B1:B2),0)", 1.0), ("RANK(2,(A1:A2,B1:B2))", 3.0),
    ("SUM(FREQUENCY((A1:A2,B1:B2),{2}))", 4.0), ("VLOOKUP(2,(A1:A3,B1:B2),1,0)", VALUE), ("SUMIFS((A1:A2,B1:B2),A1:A2,1)", VALUE),
    ("SUMX2MY2((A1:A2,B1:B2),A1:A2)", VALUE), ("COUNTA((A1:A2,B1:B2))", 4.0), ("AND((A1:A2,B1:B2))", True),
    ("SUM(MIRR({-120,39,30,91},0.1,{0.12;0.12}))-2*MIRR({-120,39,30,91},0.1,0.12)", 0.0), ("MIRR(1,0.1,{1,2})", DIV0),
    ("GROWTH(3,{1;2})", 3.0), ("SUM(LINEST(5,{1;2}))", 5.0), ("PERCENTRANK.INC({1,2,4},3,400)", 0.75),
    ("WRAPROWS({1,2,3},1E+300,0)", NUM), ("EXPAND({1,2,3},1E+300)", NUM), ("AMORDEGRC(2400,39679,39813,300,1E+300,0.15,1)", 0.0),
    # an error handed over is the outcome, whatever else is wrong
    ("SUM(CHOOSECOLS({1,2,3;4,5,6},#REF!,-3))", REF), ("LOOKUP(2.5,1/0,B1:B3)", DIV0), ("XMATCH(1,#REF!,2)", REF), ("INDEX(1/0,5,2)", DIV0),
    ("HLOOKUP({1,2},1/0,5)", DIV0), ("DSUM(A1:B3,2,#REF!)", REF), ("DGET(NA(),2,A1:A2)", NA), ("DMAX(OFFSET(A1,1,1/0),2,A1:A3)", DIV0),
    ("SUM(FILTER(#REF!,{1;0;1}))", REF), ("XNPV(0.09,#REF!,{39448,39508})", REF), ("SUM(MMULT({1,2;3,4},1/0))", DIV0), ("CELL(#NUM!,A1)", NUM),
    ("TEXTBEFORE(\"TRUE\",#REF!,-0,-1)", REF), ("ARRAYTOTEXT(1,NA())", NA), ("ARRAYTOTEXT({1,#N/A},1)", "{1,#N/A}"), ("SUM(SORT(1/0,5))", DIV0),
    ("FILTER({1;2},{0;1},NA())", 2.0), ("XLOOKUP(2,A1:A3,B1:B3,NA())", 5.0), ("SUM(MAKEARRAY(1/0,2,LAMBDA(r,c,1)))", DIV0),
    # criteria look in ranges alone
    ("COUNTIF({1,2},1)", VALUE), ("COUNTIF(1/0,1)", DIV0), ("COUNTIFS(A1:A3,1,{1;2;3},1)", VALUE), ("SUMIF(A1:A3*1,1)", VALUE), ("SUMIF(#REF!,1)", REF),
    ("AVERAGEIF(NA(),0.5)", NA), ("MAXIFS(7,A1,1)", VALUE), ("COUNTBLANK({\"\"})", VALUE), ("DSUM({1;2},1,A1:A3)", VALUE),
    ("COUNTIF(IF(A1>0,A1:A3,B1:B2),\">1\")", 2.0), ("SUMIF(OFFSET(A1,0,0,3,1),\">1\")", 5.0), ("COUNTIF(INDEX(A1:B3,0,2),5)", 1.0), ("AVERAGEIF(IFERROR(LN(2.5),3),)", VALUE),
    ("BYCOL({1,2,3},NA())", NA), ("REDUCE(0,{1,2},1/0)", DIV0), ("MAP({1;2},5)", VALUE), ("NPER(0.1,,-12,)", NUM), ("NPER(0.1,-5,3,-50)", NUM),
    ("ROUNDDOWN(1E+300,-309)", 0.0), ("ROUND(1E+300,-400)", 0.0), ("TRUNC(-1E+300,-400)", 0.0), ("ROUNDUP(1E+300,-400)", NUM), ("ROUNDDOWN(1E+300,-299)", 1e300),
    ("COLUMNS(INDEX(A1:B3,0,#REF!))", REF), ("ROWS(INDEX(A1:B3,9,0))", REF),
    # MATCH looks in one row or column, and goes down as far as the cells do
    ("MATCH(2,A1:B3,0)", NA), ("MATCH(2.5,{1,2;3,4},1)", NA), ("MATCH(2,A:B,0)", NA), ("MATCH(2,{1,2,3},0)", 2.0), ("MATCH(5,B:B,0)", 2.0),
    ("MATCH(40,{25;38;40;41},-1)", NA), ("MATCH(2.5,{1,2,3},-1)", NA), ("MATCH(2,{3,2,2,1},-1)", 3.0), ("MATCH(2.5,{3,2,1},-1)", 1.0), ("ROMAN(-0.5)", VALUE),
    # what is beyond all numbers on the way is no number in the end
    ("KURT(-1E+300,1,2,3)", NUM), ("SKEW(1E+300,1,2)", NUM), ("SLOPE({1,2,3},{1,2,1E+200})", NUM), ("CORREL({1,2,1E+200},{1,2,3})", NUM),
    ("STEYX({1,2,3},{1,2,1E+200})", NUM), ("SUM(LINEST({1,2,3},{1,2,1E+200}))", NUM), ("T.TEST({1,2,1E+200},{1,2,3},2,2)", NUM),
    ("F.TEST({1,2,1E+200},{1,2,3})", NUM), ("Z.TEST({1,2,1E+200},3)", NUM), ("CHISQ.TEST({1E+200,1},{1,2})", NUM), ("PERMUT(1E+300,12)", NUM),
    ('TEXT(1234.5,"0E+x")', VALUE), ("TEXT(1234.5,ERFC(10))", VALUE),
    ("AGGREGATE(14,6,1/0,1)", NUM), ("AGGREGATE(17,2,{#N/A},2)", NUM), ("AGGREGATE(14,6,7,1)", 7.0), ("AGGREGATE(14,6,,1)", 0.0),
    ('AND({"FALSE",TRUE})', True), ('OR({"TRUE",FALSE})', False), ('AND({"x"})', VALUE), ("TYPE({1})", 64.0), ("TYPE(LN({0})/0)", 64.0), ('TYPE(TEXTSPLIT(#REF!,","))', 16.0),
    ("ADDRESS(2,0,4,FALSE)", "R[2]C"), ("ADDRESS(0,-1,4,FALSE)", "RC[-1]"),
    ('TEXTSPLIT(1,NA(),0,{"a","b"})', NA),
    # an array for which there is none is one error
    ("SUM(IFERROR(MINVERSE({1,2;2,4}),1))", 1.0), ('SUM(IFERROR(MMULT({1,"x";2,3},{1,2;3,4}),1))', 1.0),
    ('SUM(IFERROR(LINEST({1;9;5},{0;4;2},"x",TRUE),1))', 1.0), ("SUM(IFERROR(TREND({1;2;3},,{1;2},1/0),1))", 1.0),
    ("ROWS(MMULT({1;2;3},{1,2}))", 3.0), ("SUM(IFERROR(LINEST({1;9;5;6},{0;4;2;1},TRUE,TRUE)*0,1))", 0.0),

    ("SUM(SORTBY({3;1;2},#NUM!))", NUM), ("SUM(SORTBY({3;1;2},{#NUM!;1;2}))", 6.0),
    ("SUM(BYROW({TRUE;5},LAMBDA(r,MAX(r))))", 5.0), ('SUBSTITUTE("aa","a","b",)', VALUE),
    ("YIELD(39493,42689,1E+300,105,100,4)", NUM), ("BESSELY(2^53,1E+9)", NUM), ("PERMUT(1E+300,1)", 1e300), ("PERMUT(170,170)/PERMUT(169,169)", 170.0), ("AMORLINC(2400,39679,39813,300,1,3,1)", 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "value"), FOUND)
def test_what_drawn_formulas_have_found_is_mended(formula, value):
    shown = computed(CELLS | {"Z9": f"={formula}"}, "Z9")
    assert str(shown) == str(value) if isinstance(value, str) else shown == pytest.approx(value, abs=1e-14)


@pytest.mark.parametrize("formula", ["VLOOKUP(C1,{1,2;2,3},1/0,0)", "HLOOKUP(C1,{1,2;2,3},#N/A,0)"])
def test_an_error_is_no_number_of_a_column_where_the_key_changes(formula):
    f = function({"C1": 1.0, "Z1": f"=IFERROR({formula},7)*C1"}, "Z1", "C1")
    assert f.value(f.start) == 7.0


def test_a_spread_beyond_all_numbers_is_seen_where_it_changes():
    f = function({"C1": 5.0, "C2": 3.0, "C3": 4.0, "Z1": "=T.TEST(C1:C3,{1;2;4},2,2)"}, "Z1", "C1")
    assert 0 < f.value(f.start) < 1
    assert math.isnan(f.value([1e200]))


def test_what_map_makes_of_a_single_value_beside_an_array_is_not_guessed():
    with pytest.raises(FormulaError, match="MAP takes arrays of one size"):
        computed(CELLS | {"Z9": "=SUM(MAP(A1:A3,12,LAMBDA(a,b,a*b)))"}, "Z9")


def test_rows_are_looked_up_by_one_way_of_looking():
    with pytest.raises(FormulaError, match="several rows or columns at once"):
        computed(CELLS | {"Z9": "=SUM(XLOOKUP(1,{1},A1:A3,0,{0,1;0,1}))"}, "Z9")


def test_the_areas_of_a_number_are_asked_for_in_vain():
    with pytest.raises(FormulaError, match="areas of what is no range"):
        computed(CELLS | {"Z9": "=AREAS((1,A1))"}, "Z9")


def test_a_function_is_no_cell_that_has_its_name():
    """RATE(...) in a book that names a cell "rate"."""
    cells = {"A1": 0.5, "A2": "=RATE(48,-200,8000)+0*rate"}
    assert computed(cells, "A2", names={"rate": "S!$A$1"}) == pytest.approx(0.0077014724882)


# --- other engines --------------------------------------------------------------------------------------

LACKING = ("#NAME?", "#N/IMPL!", "#ERROR!", CRASHES)
LACKED = object()  # in the place of a value that an engine does not compute
BATCH = 500
COMPARED = [
    pytest.param(11, 2_000),
    *(pytest.param(seed, 20_000, marks=pytest.mark.full) for seed in range(12, 17)),
]
_ARRAY = re.compile(r"\{([^,;}]*)[^}]*\}")
_ALONE = re.compile(r"(?<=[(,])(-?\d+(?:\.\d+)?(?:E[+-]\d+)?|TRUE|FALSE)(?=[,)])")
_COLUMN_COMPUTED = re.compile(r"(?<=[-+*/^&=<>])(?:A:A|E:E)\b|(?<![\w!])(?:A:A|E:E)(?=[-+*/^&=<>])")


def _asked_of_libreoffice(column: list[str]) -> list:
    return list(libreoffice_batch.asked(dict(enumerate(column, FIRST))).values())


ASKED = {"IronCalc": ironcalc_batch.asked, "LibreOffice": _asked_of_libreoffice}


@functools.cache
def lacked(engine: str) -> frozenset[str]:
    """The functions of the table that an engine does not have: it knows no name in an example of theirs, and in
    none that it has a value for are they called. What it makes of a formula with one of them says nothing, be it
    that ISERROR is TRUE of it or that an error comes first."""
    examples = {name: unmarked(entry.examples[0]) for name, entry in FUNCTIONS.items()}
    theirs = dict(zip(examples, ASKED[engine](list(examples.values())), strict=True))
    without = {name for name, value in theirs.items() if value in LACKING[:-1]}
    known = {called for name in examples.keys() - without for called in calls_in(examples[name])}
    return frozenset(without - known)


def by_ironcalc(formulas: dict[int, str]) -> dict[int, object]:
    column = [formulas.get(row, "1") for row in range(FIRST, max(formulas) + 1)]
    values = dict(enumerate(ironcalc_batch.asked(column), FIRST))
    return {
        row: LACKED if values[row] in LACKING or "#N/IMPL" in str(values[row]) else _plain(values[row])
        for row in formulas
    }


def by_libreoffice(formulas: dict[int, str]) -> dict[int, object]:
    values = libreoffice_batch.asked(formulas)
    return {
        row: LACKED if value == libreoffice_batch.LACKS else _plain(value) for row, value in values.items()
    }


def had(engine: str, ask: Callable) -> Callable[[dict[int, str]], dict[int, object]]:
    """What an engine is asked, without the formulas that call functions which it lacks."""

    def asked(formulas: dict[int, str]) -> dict[int, object]:
        had = {
            row: formula for row, formula in formulas.items() if lacked(engine).isdisjoint(calls_in(formula))
        }
        return dict.fromkeys(formulas, LACKED) | (ask(had) if had else {})

    return asked


def of_first_elements(formula: str) -> str:
    """The formula with the first element of each array, which is what a plain cell shows an outcome of."""
    return _ARRAY.sub(r"\1", formula)


def of_own_cells(formula: str) -> str:
    """The formula with a blank cell for each whole column beside an operator, of which a plain cell takes the
    one in its own row."""
    return _COLUMN_COMPUTED.sub("C1", formula)


ENGINES = {
    engine: had(engine, ask) for engine, ask in (("IronCalc", by_ironcalc), ("LibreOffice", by_libreoffice))
}


def of_arrays(formula: str) -> str:
    """The formula with an array of one element for each single value, which functions of arrays take for one."""
    return _ALONE.sub(r"{\1}", formula)


def of_what_index_takes(formula: str) -> str:
    """What INDEX is handed, where that is one value."""
    inside = re.fullmatch(r"INDEX\((.*),1,1\)", formula)
    return inside[1] if inside else formula


# What is asked of a formula where an engine has no value for it as it stands, none in a cell's place.
FORMS = {
    " of the first element": of_first_elements,
    " of the cell in its row": of_own_cells,
    " of arrays of one element": of_arrays,
    " of what INDEX takes": of_what_index_takes,
}


def outcomes(formulas: dict[int, str]) -> dict[int, str]:
    """Row -> how ours and the other engines' values of its formula stand to each other; "unexplained ..." where
    neither has it as we do and nothing says why.

    Excel shows of an array in a plain cell the outcome of its first element, which an engine may be asked for
    alone where it has none for the array; of a whole column that of the cell in its row. A function of arrays
    takes a single value for one."""
    ours = {row: _ours(formula, row) for row, formula in formulas.items()}
    found = {row: "refused by name" for row, value in ours.items() if value is LACKED}
    answers: dict[int, list] = {row: [] for row in formulas}
    for engine, ask in ENGINES.items():
        left = {row: formula for row, formula in formulas.items() if row not in found}
        for row, theirs in (ask(left) if left else {}).items():
            answers[row].append(theirs)
            if theirs is not LACKED and alike(ours[row], theirs):
                found[row] = f"as {engine} has it"
    for form, formed in FORMS.items():
        for at, (engine, ask) in enumerate(ENGINES.items()):
            left = {row: formed(formula) for row, formula in formulas.items() if row not in found}
            left = {row: asked for row, asked in left.items() if asked != formulas[row]}
            if form != " of the cell in its row":
                left = {row: asked for row, asked in left.items() if not _gave(answers[row][at])}
            if at and form != " of the first element":
                continue  # LibreOffice knows a single value for an array of one element
            for row, theirs in (ask(left) if left else {}).items():
                if theirs is not LACKED and alike(ours[row], theirs):
                    found[row] = f"as {engine} has it{form}"
    for row, formula in formulas.items():
        if row not in found:
            found[row] = _judged(formula, ours[row], answers[row])
    return found


def _gave(value: object) -> bool:
    return value is not LACKED and not is_error(value)


def _judged(formula: str, ours: object, theirs: list) -> str:
    given = [value for value in theirs if value is not LACKED]
    if not given:
        return "no other engine has it"
    both = len(given) == 2 and alike(*given)
    case = Differing(formula, ours, given[0], both, theirs[0] is not LACKED)
    reason = explained(case)
    if reason:
        return f"explained: {reason}"
    return f"unexplained: {formula} is {ours!r}, by the others {theirs!r}"


def _ours(formula: str, row: int) -> object:
    try:
        with _limited(SECONDS):
            return _plain(ours_of(formula, row))
    except XlcicfError:
        return LACKED


def alike(a: object, b: object) -> bool:
    return a == b or isinstance(a, float) and isinstance(b, float) and _near(a, b)


def _near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def _plain(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return value
    return float(value) if isinstance(value, int | float) else str(value) or None


@pytest.mark.libreoffice
@pytest.mark.parametrize(("seed", "count"), COMPARED)
def test_what_other_engines_show_otherwise_is_explained(seed, count, told):
    cases = list(itertools.islice(drawn(seed), count))
    tally: Counter[str] = Counter()
    unexplained: dict[str, list[str]] = {}
    for start in range(0, count, BATCH):
        batch = dict(enumerate(cases[start : start + BATCH], FIRST))
        for row, found in outcomes({row: formula for row, (_, formula) in batch.items()}).items():
            tally[found.partition(":")[0] if found.startswith("unexplained") else found] += 1
            if found.startswith("unexplained"):
                unexplained.setdefault(batch[row][0], []).append(found)
    for kind, number in tally.most_common():
        told("drawn formulas beside other engines", kind, str(number))
    assert unexplained == {}

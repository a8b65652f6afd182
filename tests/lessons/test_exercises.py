"""Exercise copies: nothing of the answers is in them, and answers are judged by every program alike."""

import functools
import itertools
import re
import sys
import zipfile
from html import escape, unescape
from pathlib import Path
from types import SimpleNamespace

import ironcalc
import openpyxl
import pytest

from tests import libreoffice, oracles
from tests.lessons.answers import ANSWERS, judgements
from tests.saved_cells import saved_cells, sheet_parts
from xlcicf import lessons
from xlcicf.cli import main
from xlcicf.errors import BookError
from xlcicf.formula.address import MAX_COL, MAX_ROW, Area, cell_address, column_letters, parse_cell
from xlcicf.formula.recalculation import Recalculation
from xlcicf.host import open_book, read_snapshot
from xlcicf.sheet import exercise
from xlcicf.sheet.block import Block

WITH_EXERCISES = [name for name, lesson in lessons.LESSONS.items() if lesson.exercises]

TRAINED = ["titanic", "how_a_net_works", "gradient_descent", "micrograd"]

# lesson -> inputs that a person changes, all at once
CHANGES = {
    "titanic": {
        "Net!P7": "MAE", "Net!P8": 0.2, "Net!C5": 0.75, "Net!G6": -0.5, "Passengers!F12": 90, "Net!G8": "male",
    },
    "how_a_net_works": {
        "Quadratic!F5": "MSE", "Quadratic!B5": -0.5, "Quadratic!F9": 0.05, "Quadratic!F10": "added up",
        "Quadratic!A20": 1.75, "Quadratic!B10": 0.01, "ReLU!B5": -2, "ReLU!E6": 0.5, "ReLU!F5": 3,
        "Sum of ReLUs!F6": 1.25, "Sum of ReLUs!H7": -0.75, "Sum of ReLUs!P5": 5, "Sum of ReLUs!P4": "bell",
    },
    "gradient_descent": {
        "Line!D6": -1.5, "Line!B6": 3, "Line!B11": 40, "Line!B12": 7, "One row at a time!E5": 4,
        "One row at a time!E6": 0.00015, "One row at a time!E7": 0.5, "One row at a time!E8": "before the last row",
        "Optimisers!C4": "one row", "Optimisers!C10": 0.8, "Optimisers!C6": -2,
    },
    "basic_neural_network": {
        "Net!R7": "MSE", "Net!R8": "2026: 712", "Net!C5": 0.75, "Net!O6": -0.5, "Passengers!F12": 90,
        "One step!D4": "sum of absolute errors", "One step!D5": 0.002, "Broadcasting!B6": 0.45, "Broadcasting!C7": 1,
        "Unit trap!B6": 1.5, "Unit trap!B3": "fish",
    },
    "micrograd": {
        "Nodes!E26": -1.5, "Nodes!E28": 3, "One neuron chain!B3": -0.7, "One neuron chain!C7": 0.9,
        "One neuron chain!F3": 0.5, "Two by two!B8": -0.4, "Two by two!C11": 2, "Two by two!B15": 0.5,
        "Moons!AM5": 0.75, "Moons!F6": -1.5, "Moons!AM21": -0.25, "Moons!B24": 1.5,
    },
    "mnist_basics": {
        "mnist_loss!B6": 0.7, "mnist_loss!C7": 1, "Seven steps!B9": 0.5, "Seven steps!B25": 20, "Linear!AT18": 0.8,
        "Linear!B15": 0.3, "simple_net!B4": 77, "Weights!D21": 0.4, "Digits!P230": 200,
    },
    "convolutions": {
        "Edges!B4": 4, "Edges!B5": 12, "Edges!B6": 14, "Edges!B7": 3, "Edges!C13": 0.5, "Edges!D25": -2,
        "Stride and padding!B4": 8, "Stride and padding!B5": 4, "Stride and padding!B7": 2,
        "Draw!B4": "digit No.", "Batchnorm!B4": 9,
    },
    "looking_inside": {
        "Templates!B4": 9, "Saliency!B5": 3, "A passenger!B4": 4, "Weights!B6": 3, "Weights!B34": -2, "Digits!B5": 2,
    },
    "visualizing_mnist": {
        "Two pixels!B6": 16, "Two pixels!C6": 13, "MDS!C4": 0.02, "MDS!C41": 3.5, "MDS!D60": -2, "t-SNE!D4": 8,
        "Digits!NA60": 99, "Directions!NA6": 0.3, "Neighbours!F80": 300,
    },
    "vision_transformer": {
        "Patches!A5": 9, "Embedding!G4": 0, "Attention 1!BB52": 0, "Weights!B6": 0.5, "Weights!D30": -1,
    },
    "model_card": {
        "Net!C5": 0.75, "Net!G6": -0.5, "Passengers!F12": 9, "Passengers!E13": "male", "Passengers!C14": 2,
        "Passengers!B15": 0,
    },
}  # fmt: skip

JUDGEMENTS = dict(
    zip(ANSWERS, (exercise.RIGHT, *2 * [exercise.TYPED], *2 * [exercise.WRONG], exercise.EMPTY), strict=True)
)


class Copy:
    """A lesson's exercise copy as built, and the lesson's formulas that are not in it."""

    def __init__(self, name: str, folder: Path):
        self.name, self.exercises = name, lessons.LESSONS[name].exercises
        self.path = folder / f"{name}-exercises.xlsx"
        self.removed = {
            (block.sheet, *cell): formula
            for block, rows in self.built(folder).items()
            for cell, formula in zip(block.area.cells(), itertools.chain(*rows), strict=True)
        }
        self.cells = [cell for cell in saved_cells(self.path.read_bytes()) if cell.formula]
        self.formulas = {(cell.sheet, *parse_cell(cell.place)): cell.formula for cell in self.cells}

    def built(self, folder: Path) -> dict[Block, list[list[str]]]:
        """The formulas of the whole book in the cells of each exercise, read on its way into the copy."""
        formulas, make = {}, lessons.LESSONS[self.name].build

        def build(_) -> openpyxl.Workbook:
            whole = make()
            for block in (block for one in self.exercises for block in one.cells):
                area = block.area
                rows = whole[block.sheet].iter_rows(area.top, area.bottom, area.left, area.right)
                formulas[block] = [[cell.value for cell in row] for row in rows]
            return whole

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lessons.Lesson, "build", build)
            assert main(["build", self.name, "--blank", "--out", str(folder)]) == 0
        return formulas

    def asked(self) -> list[tuple[list[str], str]]:
        """The areas of each exercise and the cell that judges it."""
        return [
            ([block.area.address for block in one.cells], f"{exercise.SHEET}!E{row}")
            for row, one in enumerate(self.exercises, exercise.FIRST)
        ]

    def groups(self) -> list[list[tuple[list[str], str]]]:
        """The same in groups: first those that wait for none, then those that wait for one of these, ..."""
        depths: dict[str, int] = {}
        for one in self.exercises:
            depths[one.name] = depths[one.after] + 1 if one.after else 0
        pairs = list(zip(depths.values(), self.asked(), strict=True))
        return [[asked for depth, asked in pairs if depth == d] for d in range(max(depths.values()) + 1)]

    def places(self, one: exercise.Exercise) -> list[tuple[str, int, int]]:
        """Sheet, row and column of each of an exercise's cells."""
        return [(block.sheet, *cell) for block in one.cells for cell in block.area.cells()]

    @functools.cached_property
    def parts(self) -> dict[str, str]:
        with zipfile.ZipFile(self.path) as package:
            return {part: package.read(part).decode() for part in package.namelist()}

    @functools.cached_property
    def solved(self) -> Path:
        """The copy with the right formulas in it, as a file; no program has computed them."""
        path, parts = self.path.with_name("solved.xlsx"), dict(self.parts)
        with zipfile.ZipFile(self.path) as package:
            parts_of = dict(sheet_parts(package))
        for sheet, part in parts_of.items():
            wanted = {column_letters(c) + str(r): f for (s, r, c), f in self.removed.items() if s == sheet}
            parts[part] = EMPTY_CELL.sub(lambda cell, wanted=wanted: with_formula(cell, wanted), parts[part])
            assert wanted == {}
        with zipfile.ZipFile(path, "w") as package:
            for part, text in parts.items():
                package.writestr(part, text)
        return path

    @functools.cached_property
    def solved_by_ironcalc(self) -> bytes:
        """The copy after the right formulas were typed into IronCalc, in its own form, results included."""
        model = oracles.load_ironcalc(self.path)
        sheets = {name: index for index, name in enumerate(names_of(model))}
        for (sheet, row, col), formula in self.removed.items():
            model.set_user_input(sheets[sheet], row, col, formula)
        model.evaluate()
        return model.to_bytes()

    @functools.cached_property
    def judged_by_ironcalc(self) -> bytes:
        """The same without the formulas that no judgement needs: IronCalc computes all there are at each answer."""
        model = ironcalc.load_from_bytes(self.solved_by_ironcalc, "en")
        needed = needed_cells(self.solved, exercise.SHEET)
        oracles.clear_formulas(
            model, (cell for cell in self.cells if (cell.sheet, *parse_cell(cell.place)) not in needed)
        )
        return model.to_bytes()


def needed_cells(path: Path, sheet: str) -> set[tuple[str, int, int]]:
    """The cells of formulas that those of one sheet read, directly or through others', and its own."""
    book = open_book(path)
    snapshot = read_snapshot(book)
    book.close()
    areas = Recalculation(snapshot, trusted=True, of=[Area(sheet, 1, 1, MAX_ROW, MAX_COL)]).areas
    return {(area.sheet, *cell) for area in areas for cell in area.cells()}


EMPTY_CELL = re.compile(r'<c r="([A-Z]+[0-9]+)"([^>]*?) ?(/>|></c>)')


def with_formula(cell: re.Match, formulas: dict[str, str]) -> str:
    """An empty cell of a sheet's part with its formula, which leaves `formulas`; as it was where there is none."""
    if cell[1] not in formulas:
        return cell[0]
    return f'<c r="{cell[1]}"{cell[2]}><f>{escape(formulas.pop(cell[1])[1:])}</f></c>'


def names_of(model) -> list[str]:
    return [sheet["name"] for sheet in model.get_worksheets_properties()]


def by_copy(part: set[str]):
    """For the copies of these lessons always, for those of the others with --full."""
    names = [pytest.param(name, marks=[] if name in part else [pytest.mark.full]) for name in WITH_EXERCISES]
    return pytest.mark.parametrize("copy", names, indirect=True, scope="module")


# IronCalc and LibreOffice compute the others for seconds, each time that they are asked. LibreOffice, below, judges
# the answers to all of them, before and after changes.
LONG = {"basic_neural_network", "mnist_basics", "looking_inside", "visualizing_mnist"}
not_the_long = by_copy(set(WITH_EXERCISES) - LONG)


@pytest.fixture(scope="module", params=WITH_EXERCISES)
def copy(request, tmp_path_factory):
    return Copy(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def shown(copy):
    """Address -> the value saved in the copy."""
    return oracles.saved_values(copy.path)


# ---- what is in it ---------------------------------------------------------------------------------------


_CELL = r"(\$?)\b([A-Z]{1,3})(\$?)(\d+)\b"
REFERENCE = re.compile(rf"(?:('[^']+'|\w+)!)?{_CELL}(:{_CELL})?(?!\()")


def relative(sheet: str, row: int, col: int, formula: str) -> str:
    """The formula with each reference as sheet and distance: equal for cells that one fill makes."""

    def cell(dollar, letters, fixed, number):
        column = openpyxl.utils.column_index_from_string(letters)
        return f"R{number if fixed else [int(number) - row]}C{column if dollar else [column - col]}"

    def reference(found):
        first, last = cell(*found.groups()[1:5]), found[6] and cell(*found.groups()[6:10])
        return f"{(found[1] or sheet).strip(chr(39))}!{first}" + (f":{last}" if last else "")

    return REFERENCE.sub(reference, formula)


def shape(formula: str) -> str:
    """The formula without its references: formulas of different shapes have different `relative`s."""
    return REFERENCE.sub("#", formula)


def test_no_formula_taken_out_stands_in_another_cell(copy):
    taken = {relative(*place, formula) for place, formula in copy.removed.items()}
    shapes = {shape(formula) for formula in copy.removed.values()}
    alike = [(place, text) for place, text in copy.formulas.items() if shape(text) in shapes]
    assert copy.removed
    assert [place for place, text in alike if relative(*place, text) in taken] == []


def test_no_formula_taken_out_is_a_part_of_anything_in_the_file(copy):
    def plain(text):
        return text.replace("$", "").replace(" ", "")

    parts = {part: plain(unescape(xml)) for part, xml in copy.parts.items()}
    for start in {one.start.area.address: one.start for one in copy.exercises}.values():
        sought = plain(copy.removed[start.sheet, start.area.top, start.area.left].removeprefix("="))
        for spelled in (sought, sought.replace(f"{start.sheet}!", "")):
            assert [part for part, text in parts.items() if spelled in text] == []


def test_the_cells_to_fill_are_empty_in_the_file(copy, shown):
    assert copy.removed.keys() & copy.formulas.keys() == set()
    assert [place for place in copy.removed if cell_address(*place) in shown] == []


def test_no_cell_shows_an_error_while_formulas_are_missing(shown):
    assert [cell for cell, value in shown.items() if isinstance(value, oracles.ExcelError)] == []


def test_each_exercise_says_that_it_is_empty(copy, shown):
    assert {shown[state] for _, state in copy.asked()} == {exercise.EMPTY}


@pytest.mark.validator
def test_the_open_xml_sdk_finds_nothing_wrong_with_the_copy(copy):
    assert oracles.validator_errors(copy.path) == []


@pytest.mark.libreoffice
@not_the_long
def test_libreoffice_computes_what_the_copy_shows(copy, shown):
    computed = oracles.libreoffice_values(copy.path)
    assert oracles.disagreements(copy.path, shown, computed, tolerance=1e-9) == []


@not_the_long
def test_the_solved_copy_computes_what_the_whole_book_shows(copy):
    book = Path(__file__).parents[2] / "workbooks" / f"{copy.name}.xlsx"
    solved = oracles.values_in(ironcalc.load_from_bytes(copy.solved_by_ironcalc, "en"))
    whole = {
        cell: value.replace(book.name, copy.path.name) if isinstance(value, str) else value
        for cell, value in oracles.saved_values(book).items()
    }
    formulas = {cell for block in oracles.formula_blocks(book) for cell in block}
    assert {cell: v for cell, v in whole.items() if cell not in formulas and solved.get(cell) != v} == {}
    assert oracles.disagreements(book, whole, solved) == []
    rows = range(exercise.FIRST, exercise.FIRST + len(copy.exercises))
    assert {solved[f"{exercise.SHEET}!E{row}"] for row in rows} == {exercise.RIGHT}


def test_commands_in_the_copy_name_the_copy(copy, shown):
    texts = [value for value in shown.values() if isinstance(value, str)]
    assert [text for text in texts if f"{copy.name}.xlsx" in text] == []
    if copy.name in TRAINED:
        assert any(f"xlcicf train {copy.path.name}" in text for text in texts)


def test_a_lesson_without_exercises_is_refused_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "xlcicf.lessons.dull", SimpleNamespace(EXERCISES=()))
    monkeypatch.setitem(lessons.LESSONS, "dull", lessons.Lesson("dull", "Dull"))
    with pytest.raises(BookError, match="dull has no exercises.*titanic"):
        lessons.book_name("dull", blank=True)


# ---- what it says to answers -----------------------------------------------------------------------------


class IronCalc:
    """A solved copy in IronCalc, as `answers.judgements` asks for it."""

    def __init__(self, model: bytes):
        self._model = ironcalc.load_from_bytes(model, "en")
        self._names = names_of(self._model)
        self._stale = False

    def _rows(self, area: str) -> list[list[tuple[int, int, int]]]:
        sheet, _, ref = area.rpartition("!")
        left, top, right, bottom = openpyxl.utils.range_boundaries(ref)
        index = self._names.index(sheet.strip("'"))
        return [[(index, row, col) for col in range(left, right + 1)] for row in range(top, bottom + 1)]

    def formulas(self, area):
        return [[self._model.get_cell_formula(*place) for place in row] for row in self._rows(area)]

    def values(self, area):
        self._compute()
        return [[self._model.get_cell_value(*place) for place in row] for row in self._rows(area)]

    def _compute(self) -> None:
        if self._stale:
            self._model.evaluate()
            self._stale = False

    def write(self, area, rows):
        for places, answers in zip(self._rows(area), rows, strict=True):
            for place, answer in zip(places, answers, strict=True):
                if answer == "" or answer != self._model.get_cell_formula(*place):
                    self._type(place, answer)
                    self._stale = True

    def _type(self, place, answer) -> None:
        if answer == "":
            self._model.clear_cell_contents(*place)
        elif isinstance(answer, str):
            self._model.set_user_input(*place, answer)
        else:
            self._model.update_cell_with_number(*place, answer)

    def says(self, cell):
        self._compute()
        return self._model.get_cell_value(*self._rows(cell)[0][0])


def as_expected(copy) -> list[list[dict[str, str]]]:
    return [[JUDGEMENTS] * len(group) for group in copy.groups()]


@not_the_long
def test_answers_are_judged(copy):
    assert judgements(IronCalc(copy.judged_by_ironcalc), copy.groups()) == as_expected(copy)


@by_copy({"how_a_net_works", "gradient_descent", "micrograd"})
def test_answers_are_judged_after_inputs_change(copy):
    program = IronCalc(copy.judged_by_ironcalc)
    for cell, value in CHANGES[copy.name].items():
        program.write(cell, [[value]])
    assert judgements(program, copy.groups()) == as_expected(copy)


HINTED = "(INDEX(Net!$N$11:$O$901,0,A{row})>0)*INDEX(Net!$C$11:$M$901,0,MATCH(B{row},Net!$C$10:$M$10,0))"
OFF = "(Net!$R$11:$R$901-Net!$B$11:$B$901)"

AT = '(IF($F$5="MSE",SUMPRODUCT(($D$15:$D$34{h}*{x})^2),SUMPRODUCT(ABS($D$15:$D$34{h}*{x})))/20)'
BY_LOSSES = f"=({AT.replace('{h}', '+$B$10')}-{AT.replace('{h}', '-$B$10')})/$B$10/2"

# lesson -> exercise -> right answers that are not the lesson's own, by their first column; {row} is the row
OTHERWISE = {
    "titanic": {
        "Lin": {
            "N": "=SUMXMY2($C{row}:$M{row},-$C$5:$M$5)/4-SUMXMY2($C{row}:$M{row},$C$5:$M$5)/4",
            "O": "=SUMPRODUCT($C{row}:$M{row}*$C$6:$M$6)",
        },
        "ReLU": {letter: f"=IF({x}{{row}}>0,{x}{{row}},0)" for letter, x in ("PN", "QO")},
        "Loss of a row": {"T": '=ABS(R{row}-B{row})^IF($P$7="MSE",2,1)'},
        "Accuracy": {"P": "=COUNTIFS($U$11:$U$901,1,$V$11:$V$901,1)/P4"},
        "Derivative": {
            "D": f'=IF(Net!$P$7="MSE",SUMPRODUCT(Net!$V$11:$V$901*2*{OFF}*{HINTED}),'
            f"SUMPRODUCT(Net!$V$11:$V$901*SIGN{OFF}*{HINTED}))/SUM(Net!$V$11:$V$901)"
        },
    },
    "how_a_net_works": {
        "Error": {"D": "=-(B{row}-C{row})"},
        "Loss": {"F": "=SUM(E15:E34)/20"},
        "Nudge": {
            "B": BY_LOSSES.format(x="$A$15:$A$34^2"),
            "C": BY_LOSSES.format(x="$A$15:$A$34"),
            "D": BY_LOSSES.format(x="1"),
        },
        "ReLU": {letter: f"=IF({z}>0,{z},0)" for letter, z in
                 (("C", "B{row}"), ("D", "($E$5*A{row}+$E$6)"), ("E", "($F$5*A{row}+$F$6)"))},
        "Piece": {"F": "=IF(F$4>$P$5,0,F$7*(F$5*$A{row}+F$6)*(F$5*$A{row}+F$6>0))"},
        "Fit": {"D": "=F{row}+G{row}+H{row}+I{row}+J{row}+K{row}+L{row}+M{row}"},
    },
    "gradient_descent": {
        "Loss": {"D": "=AVERAGE(F11:F39)"},
        "Exact slopes": {"M": "=2*(F{row}*C{row}+E{row}-D{row})", "N": "=2*C{row}*(G{row}-D{row})"},
        "New numbers": {"O": "=-$E$6*M{row}+E{row}"},
        "Curvatures": {"E": "=IF(ROW()=6,1,0)*2*SQRT((E4-1)^2+4*E5^2)+E4+1-SQRT((E4-1)^2+4*E5^2)"},
        "The edge": {"E": "=1/E6+1/E6"},
    },
    "basic_neural_network": {
        "Lin": {
            "P": "=SUMXMY2($C{row}:$O{row},-$C$5:$O$5)/4-SUMXMY2($C{row}:$O{row},$C$5:$O$5)/4",
            "Q": "=SUMPRODUCT($C{row}:$O{row}*$C$6:$O$6)",
        },
        "One step": {"F": "=C{row}-$D$5*D{row}"},
        "The slip": {letter: f"=-(-$B{{row}}+{letter}$13)" for letter in "CDE"},
        "Softmax": {"D": "=EXP($B{row}-LN(SUM($C$6:$C$10)))"},
    },
    "micrograd": {
        "Slope of σ": {"G": "=F{row}-F{row}^2"},
        "Chain rule": {"J": "=H{row}*G{row}*B{row}", "L": "=C{row}*K{row}"},
        "Slopes by w": {"F": "=$F$13*IF(ROW()=11,$B$8,$C$8)"},
        "Score": {"AM": "=SUMPRODUCT($V{row}:$AK{row},TRANSPOSE(AM$5:AM$20))+AM$21"},
        "Margin loss": {"AN": "=IF(D{row}*AM{row}<1,1-D{row}*AM{row},0)"},
    },
    "mnist_basics": {
        "Loss of a digit": {"D": "=ABS(C{row}-B{row})"},
        "Slopes of the loss": {
            "B": "=SUMPRODUCT(D21:D40,A21:A40,A21:A40)/10",
            "C": "=SUMPRODUCT(D21:D40,A21:A40)/10",
            "D": "=SUM(D21:D40)/10",
        },
        "Nearer": {"H": "=(E{row}>D{row})*1"},
        "Probability": {"N": "=EXP(M{row})/(1+EXP(M{row}))"},
        "Accuracy": {"B": "=1-SUMPRODUCT((Scores!P215:P308-Scores!C215:C308)^2)/94"},
        "Hidden unit": {"C": "=IF(B{row}>0,B{row},0)"},
    },
    "convolutions": {
        "Products": {"F": "=INDEX($F$13:$F$15,{row}-22)*INDEX($B$13:$B$32,5*$B$7+{row}-27)"},
        "Output size": {"B": "=MAX(0,INT((B4+2*B7-B5+B6)/B6))"},
        "Numbers learned": {"I": "=C{row}+B{row}*C{row}*D{row}*D{row}"},
        "The net says": {"B": "=SUMPRODUCT(A7:A16*(B7:B16=MAX(B7:B16)))"},
    },
    "visualizing_mnist": {
        "One pixel": {"C": "=INDEX(Digits!$C$5:$ADF$504,A{row},28*$B$6-28+$C$6)/255"},
        "Spread": {
            "B": "=(SUMSQ(INDEX($C$84:$E$583,0,{row}-12))-SUM(INDEX($C$84:$E$583,0,{row}-12))^2/500)/500"
                 "/SUM(Directions!$C$11:$ADF$11)",
        },
        "A step": {"H": "=-$C$4*F{row}+C{row}", "I": "=-$C$4*G{row}+D{row}"},
        "Of its own class": {
            "K": "=(INT((E{row}-1)/50)=B{row})+(INT((F{row}-1)/50)=B{row})+(INT((G{row}-1)/50)=B{row})"
        },
    },
    "vision_transformer": {
        "Mean": {"T": "=SUM($B{row}:$Q{row})/16"},
        "Variance": {"V": "=SUMPRODUCT($B{row}:$Q{row}^2)/16-T{row}*T{row}"},
        "Share": {"T": "=EXP(B{row})/SUMPRODUCT(EXP($B{row}:$R{row}))"},
    },
}  # fmt: skip


@pytest.mark.parametrize("copy", OTHERWISE, indirect=True, scope="module")
def test_right_answers_may_be_written_otherwise(copy):
    program, otherwise = IronCalc(copy.solved_by_ironcalc), OTHERWISE[copy.name]
    assert otherwise.keys() <= {one.name for one in copy.exercises}
    for one in copy.exercises:
        written = set()
        for sheet, row, col in copy.places(one):
            formula = otherwise.get(one.name, {}).get(column_letters(col))
            if formula:
                program.write(cell_address(sheet, row, col), [[formula.format(row=row)]])
                written.add(column_letters(col))
        assert written == otherwise.get(one.name, {}).keys()
    said = {
        one.name: program.says(state) for one, (_, state) in zip(copy.exercises, copy.asked(), strict=True)
    }
    assert set(said.values()) == {exercise.RIGHT}, said


@pytest.mark.libreoffice
def test_libreoffice_judges_answers_alike_before_and_after_inputs_change(copy):
    asked = {"exercises": copy.groups(), "changes": CHANGES[copy.name]}
    script = Path(__file__).with_name("libreoffice_answers.py")
    assert libreoffice.ask(script, book=copy.solved.as_uri(), **asked) == [as_expected(copy)] * 2

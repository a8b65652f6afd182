"""Exercise copies of lesson books: formulas taken out, the task in words, and a cell that judges the answer.
The copy for teachers has the same sheet, the formulas in their places, and each of them beside its task.

An answer is judged by a property that a right one has and that is computed another way, from what stands in
the sheet now; so the judgement stays true when inputs change, and the formula taken out stands nowhere.

No value can tell a formula from its present result typed in. ISFORMULA can: LibreOffice, IronCalc, Google
Sheets and Excel from 2013 on have it. It is asked cell by cell, since IronCalc answers for a whole range
wrongly. In Excel 2010, which lacks it, a typed number passes until an input changes, and then is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.formula.translate import Translator
from openpyxl.styles import Alignment
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters
from xlcicf.sheet.block import Block
from xlcicf.sheet.page import add_page, put, put_row
from xlcicf.sheet.style import SCIENTIFIC, WHOLE, add_exercise_style, tint_when

SHEET = "Exercises"
TOLERANCE = 1e-6  # formulas' rounding stays far below it, a wrong formula far above

EMPTY, UNFINISHED, TYPED = "empty", "unfinished", "a number, no formula"
WAITS, WRONG, RIGHT = "do this first:", "wrong", "right"


@dataclass(frozen=True)
class Exercise:
    """A formula that the reader is to write, with all the places where it stood.

    name   a word or two, told apart from the other exercises' names
    cells  where it stood, the area to begin with first; an area is filled from its first cell
    task   what to write and where, in words
    check  what is looked at, in words
    off    a formula: how far the cells are from that, 0 for a right answer, found by another way than the
           formula asked for
    after  name of the exercise that must be right before this one can be judged
    """

    name: str
    cells: tuple[Block, ...]
    task: str
    check: str
    off: str
    after: str | None = None

    @property
    def size(self) -> int:
        """How many cells."""
        return sum(block.rows * block.cols for block in self.cells)

    @property
    def refs(self) -> str:
        """ "Net!$P$9:$Q$9,Net!$P$11:$Q$901", as functions of several areas take them."""
        return ",".join(block.ref for block in self.cells)

    @property
    def start(self) -> Block:
        """The cell to write first: the first of the first area."""
        return self.cells[0].cell(0, 0)


def make_exercises(workbook: Workbook, exercises: Sequence[Exercise]) -> None:
    """Takes the exercises' formulas out of a lesson book and adds the sheet that sets and judges them."""
    add_exercise_style(workbook)
    for exercise in exercises:
        for block in exercise.cells:
            _mark(workbook[block.sheet], block, emptied=True)
    _write_page(workbook, exercises, "Write these formulas yourself", FOR_LEARNERS)
    _point_there(
        workbook["Read me"], "This is an exercise copy: some formulas are yours to write. Start here."
    )


def make_answers(workbook: Workbook, exercises: Sequence[Exercise]) -> None:
    """Marks the exercises' formulas in a lesson book and adds the same sheet, each answer beside its task."""
    add_exercise_style(workbook)
    answers = [_answer(workbook, exercise) for exercise in exercises]
    for exercise in exercises:
        for block in exercise.cells:
            _mark(workbook[block.sheet], block, emptied=False)
    ws = _write_page(workbook, exercises, "One answer to each exercise", FOR_TEACHERS)
    ws.print_area = f"A1:K{FIRST + len(exercises) - 1}"
    ws.column_dimensions["K"].width = ANSWER_WIDTH
    put(ws, f"K{FIRST - 1}", "one answer", "Column header")
    for row, lines in enumerate(answers, FIRST):
        put(ws, f"K{row}", "\n".join(lines), "Text")
        ws[f"K{row}"].alignment = _TEXT
        height = 8 + 13 * sum(1 + len(line) // ANSWER_WIDTH for line in lines)
        ws.row_dimensions[row].height = max(ws.row_dimensions[row].height or 0, min(height, HIGHEST))
    _point_there(workbook["Read me"], "This copy is for teachers: an answer to each exercise stands here.")


def _answer(workbook: Workbook, exercise: Exercise) -> list[str]:
    """ "D15  =C15-B15": a cell and what it holds, a line for each formula that is not another one filled."""
    lines: dict[str, str] = {}
    for block in exercise.cells:
        for row, col in block.area.cells():
            cell = workbook[block.sheet].cell(row, col)
            formula = cell.value.text if isinstance(cell.value, ArrayFormula) else cell.value
            filled = Translator(str(formula), cell.coordinate).translate_formula(_FAR_OFF)
            lines.setdefault(filled, f"{cell.coordinate}  {formula}")
    listed = list(lines.values())
    if len(listed) > MOST_LISTED:
        return [*listed[:2], f"and {len(listed) - 2} more in the yellow cells, likewise"]
    return listed


def rename(workbook: Workbook, book: str, copy: str) -> None:
    """Lets the texts that name the book's file, such as a command to train it, name the copy's."""
    for ws in workbook:
        for row in ws.iter_rows():
            for cell in row:
                if isinstance(cell, Cell) and isinstance(cell.value, str) and book in cell.value:
                    cell.value = cell.value.replace(book, copy)


def _mark(ws: Worksheet, block: Block, emptied: bool) -> None:
    """Shows which cells are meant, and takes their formulas out if wanted."""
    for row, col in block.area.cells():
        cell = ws.cell(row, col)
        assert cell.data_type == "f" and cell.value, f"{ws.title}!{cell.coordinate} holds no formula"
        value = None if emptied else cell.value
        put(ws, cell.coordinate, value, "Exercise", cell.number_format, cell.alignment.horizontal)


# ---- the sheet -------------------------------------------------------------------------------------------

FIRST = 7  # sheet row of the first exercise; the row-by-row look for formulas starts there too
WIDTHS = {"A": 5, "B": 15, "C": 16, "D": 64, "E": 25, "F": 50, "G": 8, "H": 8, "I": 9, "J": 10, "K": 3}
HEADERS = (
    "No.", "exercise", "write first", "what to write", "so far", "what is looked at",
    "cells", "filled", "formulas", "off by",
)  # fmt: skip
_TEXT = Alignment(horizontal="left", vertical="top", wrap_text=True, indent=1)
_NUMBER = Alignment(horizontal="center", vertical="top")
FOR_LEARNERS = (
    "In this copy the yellow cells are empty. Write what is asked; this sheet looks at your answer and "
    "says what it thinks. It keeps looking when you change an input."
)
FOR_TEACHERS = (
    "In this copy the yellow cells hold one way to write each formula; it stands in column K, too. Others "
    "are as good: the sheet judges what comes of a formula, not how it is written."
)
ANSWER_WIDTH = 80  # letters
HIGHEST = 409  # points that a row can be high
MOST_LISTED = 14  # formulas of an exercise
_FAR_OFF = "AAA200000"  # where a formula is filled to, to be compared: all that it refers to is on the sheet
PROBES = 12  # column L: from here on a column an exercise, 1 for each formula found


def _write_page(workbook: Workbook, exercises: Sequence[Exercise], title: str, intro: str) -> Worksheet:
    last = FIRST + len(exercises) - 1
    probes = column_letters(PROBES), column_letters(PROBES + len(exercises) - 1)
    ws = add_page(
        workbook,
        SHEET,
        title,
        intro,
        widths=" ".join(f"{letters}={width}" for letters, width in WIDTHS.items())
        + f" {probes[0]}:{probes[1]}=11",
        print_area=f"A1:J{last}",
        frozen=f"A{FIRST}",
        zoom=90,
    )
    workbook.move_sheet(ws, 1 - workbook.index(ws))
    states = f"$E${FIRST}:$E${last}"
    done = f'COUNTIF({states},"{RIGHT}")'
    put(ws, "A4", f'={done}&" of {len(exercises)} are right"', "Section")
    put(ws, "L4", "Where a formula stands: 1, or how many along the row", "Section")
    put_row(ws, f"A{FIRST - 1}", HEADERS, "Column header")
    rows = {exercise.name: row for row, exercise in enumerate(exercises, FIRST)}
    assert len(rows) == len(exercises), "exercises of one name"
    for i, exercise in enumerate(exercises):
        probe = _write_probe(ws, column_letters(PROBES + i), exercise)
        _write_line(ws, FIRST + i, exercise, probe, rows[exercise.after] if exercise.after else None)
    tint_when(ws, states, f'E{FIRST}="{RIGHT}"', good=True)
    tint_when(ws, states, f'OR(E{FIRST}="{WRONG}",E{FIRST}="{TYPED}")', good=False)
    return ws


def _write_line(ws: Worksheet, row: int, exercise: Exercise, probe: Block, after: int | None) -> None:
    off = f'IFERROR({exercise.off.removeprefix("=")},"an error")'
    start = exercise.start
    for letter, value, style, number_format in (
        ("A", f"{row - FIRST + 1}.", "Text", None),
        ("B", exercise.name, "Text", None),
        ("C", f"{start.sheet}!{start.corner}", "Link", None),
        ("D", exercise.task, "Text", None),
        ("E", _state(row, after), "Status", None),
        ("F", exercise.check, "Text", None),
        ("G", exercise.size, "Text", WHOLE),
        ("H", f"=COUNTA({exercise.refs})", "Text", WHOLE),
        ("I", f"=SUM({probe.local})", "Text", WHOLE),
        ("J", f'=IF(H{row}<G{row},"",{off})', "Text", SCIENTIFIC),
    ):
        put(ws, f"{letter}{row}", value, style, number_format)
        if style == "Text":
            ws[f"{letter}{row}"].alignment = _NUMBER if number_format else _TEXT
    _link(ws, f"C{row}", start.free)
    ws[f"C{row}"].alignment = _TEXT
    lines = max(1 + len(text) // room for text, room in ((exercise.task, 75), (exercise.check, 60)))
    ws.row_dimensions[row].height = 8 + 13 * lines


def _state(row: int, after: int | None) -> str:
    """A formula for the judgement, the plainest complaint first."""
    judged = f'IF(ISNUMBER(J{row}),IF(J{row}<={TOLERANCE:.0E},"{RIGHT}","{WRONG}"),"{WRONG}")'
    if after is not None:
        judged = f'IF(E{after}="{RIGHT}",{judged},"{WAITS} "&A{after}&" "&B{after})'
    return (
        f'=IF(H{row}=0,"{EMPTY}",'
        f'IF(H{row}<G{row},"{UNFINISHED}: "&(G{row}-H{row})&" cells are empty",'
        f'IF(I{row}<G{row},"{TYPED}",{judged})))'
    )


def _write_probe(ws: Worksheet, letters: str, exercise: Exercise) -> Block:
    """A column with the number of formulas along each row of the exercise's areas; all of them where the
    program has no ISFORMULA."""
    put(ws, f"{letters}{FIRST - 1}", exercise.name, "Column header")
    probe = Block("probe", SHEET, f"{letters}{FIRST}", sum(block.rows for block in exercise.cells))
    lines = (block.row(i) for block in exercise.cells for i in range(block.rows))
    for row, line in enumerate(lines, FIRST):
        found = "+".join(f"_xlfn.ISFORMULA({line.cell(0, j).free})" for j in range(line.cols))
        put(ws, f"{letters}{row}", f"=IFERROR(0+{found},{line.cols})", "Formula", WHOLE, "center")
    return probe


def _point_there(read_me: Worksheet, words: str) -> None:
    put(read_me, "A3", words, "Link")
    _link(read_me, "A3", f"{SHEET}!A1")


def _link(ws: Worksheet, cell: str, target: str) -> None:
    ws[cell].hyperlink = f"#{target}"
    ws[cell].style = "Link"  # openpyxl dresses a cell with a hyperlink in its own way

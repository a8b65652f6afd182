"""Formulas drawn by a seed from the examples of the function table, and the sheet with all kinds of cells that
they read.

An example is changed at a few places: an operand becomes one of another kind or another form of reference, an
argument is left out, dropped or added, the whole is nested in another function.
"""

import random
import re
from collections.abc import Iterator

import openpyxl
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table as FileTable

from tests.formula.examples import as_saved, unmarked
from tests.formula.sheets import area, snapshot
from xlcicf.formula.evaluate import Evaluator
from xlcicf.formula.functions import FUNCTIONS
from xlcicf.formula.graph import graph_of
from xlcicf.formula.rings import compute
from xlcicf.formula.snapshot import ExcelError, Snapshot, Table

CELLS: dict[str, object] = {
    "A1": 1.0, "A2": 2.0, "A3": 3.0, "B1": 4.0, "B2": 5.0, "B3": 6.0,
    # one of every kind
    "D1": 2.5, "D2": 0.0, "D3": -3.0, "D4": 1e300, "D5": 1e-300, "D6": "abc", "D7": "3", "D8": "2024-05-01",
    "D9": True, "D10": False, "D12": ExcelError("#N/A"), "D13": ExcelError("#DIV/0!"), "D14": "", "D15": " 12 ",
    "D16": "1,234", "D17": "50%", "D18": "TRUE", "D19": 45306.7, "D20": 0.3,
    # in order, with a tie and a gap
    "E1": 1.0, "E2": 2.0, "E3": 2.0, "E4": 5.0, "E6": 8.5, "E7": 13.0,
    "F1": "apple", "F2": "Banana", "F3": "cherry", "F4": "apple pie", "F6": "ban*", "F7": "ä",
    "G1": 3.0, "G2": "x", "G3": True, "G4": -1.0, "G6": "7", "G7": 4.0,
    "H1": 2.0, "H2": 1.0, "H3": 0.5, "I1": 1.0, "I2": 3.0, "I3": -1.0, "J1": 0.0, "J2": 1.0, "J3": 4.0,
    "K1": "Item", "L1": "Amount", "M1": "Flag", "K2": "apple", "L2": 10.0, "M2": True, "K3": "pear", "L3": 20.0,
    "M3": False, "K4": "apple", "L4": 2.5, "M4": True,
    "Other!A1": 7.0, "Other!A2": -8.0, "Other!A3": "text", "Other!B1": 0.25, "Other!B2": 45000.0,
}  # fmt: skip
NAMES = {"rate": "S!$B$1", "figures": "S!$E$1:$E$7", "tenth": "0.1", "words": "S!$F$1:$F$7"}
SALES = Table("Sales", area("K1:M4"), ("Item", "Amount", "Flag"))

NUMBERS = [
    "0", "1", "-1", "2", "3", "0.5", "-2.5", "10", "12", "100", "1E+300", "1E-300", "-1E+300", "1E+10", "45306", "0.05", "-0",
]  # fmt: skip
TEXTS = [
    '""', '"abc"', '"3"', '" 12 "', '"2024-05-01"', '"1/2/2024"', '"10:30"', '"50%"', '"1,234"', '"TRUE"', '"a?c"', '">1"',
    '"<>"', '"="', '"ap*"', '"1E3"', '"3+4i"', '"FF"', '"0"', '"$5"',
]  # fmt: skip
OTHERS = ["TRUE", "FALSE", "NA()", "1/0", "#NUM!", "#REF!"]
CELLS_READ = [f"D{row}" for row in range(1, 21)] + ["rate", "tenth", "Other!A1", "Other!A3", "$A$2", "G2"]
RANGES = [
    "A1:A3", "A1:B3", "$B$1:$B$3", "D1:D5", "D1:D20", "D6:D11", "E1:E7", "F1:F7", "G1:G7", "H1:J3", "H1:J1", "C1:C5",
    "Other!A1:A3", "Other!A1:B2", "figures", "words", "Sales[Amount]", "Sales[[Item]:[Amount]]", "Sales[#All]", "A:A", "E:E",
    "Other!A:B", "OFFSET(A1,0,0,3,1)", "OFFSET(A1,1,1,2)", "INDEX(A1:B3,0,2)", "A1:INDEX(A1:A3,2)", "(A1:A2,B1:B2)", "A1:B2 B1:B3",
    "INDIRECT(\"A1:A3\")", "A1:A3*2", "-B1:B3", "CHOOSE(2,A1:A3,B1:B3)",
]  # fmt: skip
ARRAYS = [
    "{1,2,3}", "{1;2;3}", "{1,2;3,4}", '{"a","b"}', "{TRUE,FALSE}", '{1,"x";TRUE,#N/A}', "{0}", '{"3";"";"abc"}', "{5,-5,0.5}",
]  # fmt: skip
KINDS = (NUMBERS, TEXTS, OTHERS, CELLS_READ, RANGES, ARRAYS)
AROUND = [
    "IFERROR({},-99)", "IF(A1>0,{},1)", "{}+1", "{}&\"\"", "SUM({},1)", "ISERROR({})", "-{}", "{}=1", "COUNT({})", "TYPE({})",
    "ISNUMBER({})", "INDEX({},1,1)", "ROUND({},6)", "N({})", "SUMPRODUCT(--ISNUMBER({}))",
]  # fmt: skip

_REFERENCE = r"(?:Other!)?\$?[A-Z]{1,2}\$?\d+(?::\$?[A-Z]{1,2}\$?\d+)?(?![\w(.:])|(?:Other!)?[A-Z]:[A-Z]\b|Sales\[[^(),]*\](?!\])"
OPERAND = re.compile(
    rf'"(?:[^"]|"")*"|\{{[^}}]*\}}|{_REFERENCE}|(?<![\w.$:#])\d+(?:\.\d+)?(?:E[+-]\d+)?(?![\w.:!])'
    r"|\bTRUE\b(?!\()|\bFALSE\b(?!\()"
)
_VOLATILE = {"RAND", "RANDBETWEEN", "RANDARRAY", "NOW", "TODAY"}


def drawn(seed: int, names: list[str] | None = None) -> Iterator[tuple[str, str]]:
    """(function, formula without "=") without end, the functions in turn."""
    draw = random.Random(seed)
    chosen = names or [name for name in FUNCTIONS if name not in _VOLATILE]
    while True:
        for name in chosen:
            yield name, _formula(draw, name)


def _formula(draw: random.Random, name: str) -> str:
    formula = unmarked(draw.choice(FUNCTIONS[name].examples))
    if draw.random() < 0.3:
        formula = f"{name}({','.join(_argument(draw) for _ in range(_how_many(draw, name)))})"
    for _ in range(draw.choice((0, 1, 1, 1, 2, 2, 3))):
        formula = _changed(draw, formula)
    if draw.random() < 0.15:
        formula = draw.choice(AROUND).format(formula)
    return formula


def _how_many(draw: random.Random, name: str) -> int:
    least, most = FUNCTIONS[name].arity
    return draw.randint(least, min(most, least + 3))


def _argument(draw: random.Random) -> str:
    if draw.random() < 0.06:
        return ""
    if draw.random() < 0.3:
        return draw.choice(NUMBERS)
    return draw.choice(draw.choice(KINDS))


def _changed(draw: random.Random, formula: str) -> str:
    operands = list(OPERAND.finditer(formula))
    if not operands:
        return formula
    place = draw.choice(operands)
    before, after = formula[: place.start()], formula[place.end() :]
    is_argument = before[-1:] in ("(", ",") and after[:1] in (",", ")")
    way = draw.random()
    if is_argument and before[-1:] + after[:1] != "()" and way < 0.06:
        return f"{before}{after}"  # left out between commas
    if is_argument and way < 0.12 and before[-1:] == ",":
        return f"{before[:-1]}{after}"
    if way < 0.17:
        other = draw.choice([name for name in FUNCTIONS if name not in _VOLATILE])
        return f"{before}{unmarked(draw.choice(FUNCTIONS[other].examples))}{after}"
    return f"{before}{draw.choice(draw.choice(KINDS))}{after}"


# --- the sheet ------------------------------------------------------------------------------------------

FIRST = 101  # row of the first formula, below all that they read
COLUMN = "AA"


def formula_cells(formulas: list[str], row: int = FIRST) -> dict[str, str]:
    return {f"{COLUMN}{row + i}": f"={formula}" for i, formula in enumerate(formulas)}


def as_snapshot(formulas: list[str], row: int = FIRST) -> Snapshot:
    return snapshot(CELLS | formula_cells(formulas, row), names=NAMES, tables=[SALES])


def ours_of(formula: str, row: int = FIRST):
    """What our evaluator makes of a formula on that sheet. Raises XlcicfError where it refuses it."""
    graph = graph_of(as_snapshot([formula], row))
    evaluator, failures = Evaluator(graph), []
    for unit in graph.in_order(list(graph.runs("S")), lambda run, error: failures.append(error)):
        for _ in compute(evaluator, unit):
            return evaluator.values(area(f"{COLUMN}{row}")).scalars().item()
    raise failures[0]


def as_book(formulas: list[str], row: int = FIRST) -> openpyxl.Workbook:
    """The same sheet as a workbook, its formulas as Excel writes them into a file."""
    book = openpyxl.Workbook()
    book.active.title = "S"
    book.create_sheet("Other")
    written = {cell: as_saved(formula) for cell, formula in formula_cells(formulas, row).items()}
    for address, content in (CELLS | written).items():
        where = area(address)
        cell = book[where.sheet].cell(where.top, where.left)
        cell.value = content
        if isinstance(content, str) and not isinstance(content, ExcelError) and address not in written:
            cell.data_type = "s"  # "3" stays text
    for name, meaning in NAMES.items():
        book.defined_names[name] = DefinedName(name, attr_text=meaning)
    book["S"].add_table(FileTable(displayName=SALES.name, ref="K1:M4"))
    return book

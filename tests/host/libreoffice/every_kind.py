"""A book with every kind of cell, name and table that a live host may be asked for."""

import datetime as dt

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.filters import AutoFilter, FilterColumn, Filters
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from xlcicf.formula.address import quote_sheet

SHEETS = (
    "My sheet",
    "a.b",
    "It's",
    "Ümlaut",
    "2024",
    "x-y",
    "Two; parts",
    "Sheet.1",
    "R1C1",
    "A1",
    "Sum!",
    'q"q',
)
OF_A_SHEET = ("={}!A1", "=SUM({}!A1:B2)", "=SUM({}!A:A)", "=SUM({}!1:2)", "=SUM({}!$A$1:B$2)*2")

FORMULAS = (
    """
"a;b,c|d~e!f{g}h.i""j"&'It''s'!A1 · IF(A1>0,"It's, ""ok""!","no; [x]") · "" · "x"&CHAR(34) · LEN("  ")
SUM(A:A) · SUM(1:1)*0 · SUM($A:$B) · SUM(A1:A3 A2:B2) · SUM((A1:A2,B1:B2)) · SUM((A1:A2,B1:B2),C1)
INDEX((A1:A2,B1:B2),1,1,2) · AREAS((A1,B1,C1)) · SUM(Tab:Filtered!A1) · SUM(Tab:Filtered!A1:B2)
SUM({1,2;3,4}) · SUM({1.5,-2;3,4}*A1) · MATCH("b",{"a","b","c"},0) · SUM(OFFSET(A1,1,1):C5)
SUM(A1:INDEX(A1:A5,3)) · SUM(INDEX(A1:A5,1):INDEX(A1:A5,3)) · INDIRECT("A1") · INDIRECT("'My sheet'!A1")
IF(TRUE,1,2) · IF(A1>1,TRUE,FALSE) · IF(A1>1,TRUE,0) · IF(A1>1,1,FALSE) · IF(A1>1,IF(B1>0,AND(A1>0)))
A1>1 · AND(A1>1,B1<5) · NOT(A1=1) · -(A1>0) · --(A1>0) · (A1>0)*1 · (A1>0) · +(A1>0) · ISNUMBER(A1) · EXACT("a","a")
OR(J1:J2) · J1 · J1+0 · J2 · J4 · J5 · J7 · INDEX(J1:J3,1) · IFERROR(J1,0) · CHOOSE(1,A1>0) · IF(FALSE,1)
VLOOKUP(TRUE,J1:K3,2,FALSE) · SUMPRODUCT(--(A1:A5>2),B1:B5) · MAX(0,1) · N(TRUE) · ISEVEN(2) · ISODD(2)
1E-09 · 1.5E-300 · 1E+15 · 1E+300 · 0.1234567890123456 · 123456789012345 · A1+1E-12 · 1/3 · 2^-1 · -2^2 · 50% · A1%
0.12345678901234567*A1+1.0000000000000002 · 10%% · 1=1 · A1&B1 · A1<>B1 · A1<=B1 · A1="" · B100 · B100=0 · B100&""
1/0 · NA() · VLOOKUP(99,A1:B3,2,FALSE) · "a"+1 · IFERROR(1/0,"bad") · ISERROR(1/0) · ERROR.TYPE(NA())
_xlfn.IFNA(NA(),3) · _xlfn.STDEV.S(A1:A5) · _xlfn.NORM.DIST(1,0,1,TRUE) · _xlfn.CONCAT(A1:A2) · _xlfn.RRI(2,1,2)
_xlfn.TEXTJOIN(",",TRUE,A1:A3) · _xlfn.IFS(A1>5,1,TRUE,2) · _xlfn.SWITCH(1,1,"a","b") · _xlfn.DAYS(5,2)
_xlfn.MAXIFS(A1:A5,B1:B5,">2") · _xlfn.CEILING.MATH(2.5) · CEILING(2.5,1) · FLOOR(2.5,1) · _xlfn.FLOOR.MATH(2.5)
EDATE(40000,1) · EOMONTH(40000,1) · WEEKNUM(40000,1) · _xlfn.ISOWEEKNUM(40000) · YEARFRAC(40000,40500) · GCD(4,6)
NETWORKDAYS(40000,40050) · WORKDAY(40000,5) · CONVERT(1,"m","km") · BIN2DEC("101") · DEC2HEX(255) · LCM(4,6)
MROUND(7,3) · QUOTIENT(7,2) · DELTA(1,1) · ERF(1) · _xlfn.ERF.PRECISE(1) · EFFECT(0.1,4) · NOMINAL(0.1,4)
_xlfn.PDURATION(0.1,1,2) · DURATION(40000,41000,0.1,0.1,2) · SUBTOTAL(9,A1:A5) · SUBTOTAL(109,A1:A5)
_xlfn.AGGREGATE(9,5,A1:A5) · ROMAN(4) · _xlfn.ARABIC("IV") · _xlfn.SKEW.P(A1:A5) · SUMIFS(A1:A5,B1:B5,">2")
COUNTIF(A1:A5,"<>x") · COUNTIF(A1:A5,">="&B1) · OFFSET(A1,1,1) · ADDRESS(1,1) · ROW() · COLUMN(B1) · CHOOSE(2,A1,B1)
REPT("ab",3) · CHAR(10)&"x" · TEXT(A1,"0.00;-0.00") · DATE(2020,1,2) · TIME(1,2,3) · LOG10(A1) · LOG(A1) · ATAN2(1,2)
MOD(-3,2) · RANK(A1,A1:A5) · _xlfn.RANK.EQ(A1,A1:A5) · PERCENTILE(A1:A5,0.5) · _xlfn.PERCENTILE.EXC(A1:A5,0.5)
MODE(1,1,2) · _xlfn.MODE.SNGL(1,1,2) · RANDBETWEEN(1,1) · SUM( A1 , B1 ) · IF(A1>0,,1) · IF(A1>0,1,) · IF(A1<0,1)
train.lr*2 · rate_1 · Ümlaut!local · local · 'My sheet'!own · f_of · SUM(const) · text_ · SUM(cols) · SUM(dyn) · SUM(both)
Passengers[[#Totals],[fare]] · SUM(Passengers[age]) · SUM(Passengers[[age]:[fare]]) · SUM(Passengers[[#Data],[fare]])
SUM(Odd[a;b]) · SUM(Odd['#x]) · SUM(Odd[[a;b]:[a,b]]) · HYPERLINK("http://x.y/#a!b","c;d") · SUM(-A1,+B1)
LOOKUP(2,A1:A5,B1:B5) · HLOOKUP(1.1,A1:E2,2,FALSE) · K1 · K2 · K3 · L1 · MIN(1,A1) · T("x") · SUM(A1:A2)/COUNT(A1:A2)
""".replace("\n", " · ")
    .strip(" ·")
    .split(" · ")
)

OTHERWISE = {  # what LibreOffice 7.4 knows otherwise than Excel or not at all -> what its cell shows
    "SUM('My sheet:Ümlaut'!A1)": "#NAME?",  # several sheets in quotes
    "A1:A3 B1:B2": "#REF!",
    "SQRT(-1)": "#VALUE!",  # Err:502, as which it saves this
    "INDEX(A1:A3,7)": "#VALUE!",
    "COUNTA(Passengers[#Headers])": 1.0,
    "ROWS(Passengers)": 5.0,
    "TYPE(TRUE)": 1.0,
    "SUM(J1:J2)": 1.0,
    "INDEX({TRUE,FALSE},1)": 1.0,
    "_xlfn.XLOOKUP(1.1,A1:A5,B1:B5)": "#NAME?",
    "_xlfn.LET(_xlpm.x,1,_xlpm.x+1)": "#NAME?",
    "_xlfn._xlws.SORT(A1:A3)": "#NAME?",
    "UNKNOWN(1)": "#NAME?",
    "NN_RELU(A1)": "#NAME?",
}

CONSTANTS = {
    "J1": True,
    "J2": False,
    "J3": "TRUE",
    "J4": True,
    "J5": "=A1>0",
    "J6": "=J5",
    "J7": 1,
    "K1": dt.date(2020, 2, 3),
    "K2": dt.datetime(2020, 2, 3, 4, 5),
    "K3": "2020",
    **dict(zip((f"L{row}" for row in range(1, 6)), ("'x", " lead", "two\nlines", "1E5", "+1"), strict=True)),
    **dict(zip((f"L{row}" for row in range(6, 11)), (1e-300, 0.1 + 0.2, 1e22, 5e-324, 1e308), strict=True)),
    "L11": "{=1}",
    "L12": "Ünï€😀",
    "L13": "'",
    "L14": "1",
    "L15": 123456789.123456789,
    "L16": "5%",
}
TYPED_TEXTS = {"M1": "=x", "M2": "#N/A"}

ARRAYS = {
    "N1:N3": "=A1:A3*10",
    "O1": "=SUM(A1:A3*B1:B3)",
    "P1:Q2": "=MMULT(A1:B2,A1:B2)",
    "P4:Q5": "=A1:B2>2",
    "R1:R2": '=IF(A1:A2>1.5,"a;b","")',
    "S1:T1": "={1,2}",
}

NAMES = {
    "train.lr": "Data!$B$1",
    "rate_1": "0.5",
    "both": "Data!$A$1:$A$2,Data!$C$1",
    "f_of": "SUM('My sheet'!$A$1:$B$2)*1.5",
    "const": "{1,2;3,4}",
    "text_": '"a;b"',
    "cols": "Data!$A:$B",
    "dyn": "OFFSET(Data!$A$1,0,0,2,1)",
    "relative": "Data!A1",
    "hid": "Data!$A$1",
}
OWN_NAMES = (
    ("Ümlaut", "local", "Ümlaut!$B$2"),
    ("Data", "local", "Data!$E$1"),
    ("My sheet", "own", "'My sheet'!$C$3"),
    ("Data", "solver_adj", "Data!$A$1:$A$2"),
)


def every_kind(path) -> None:
    """Sheet Data has FORMULAS in column G from row 1 on, the ones of other sheets below them, then OTHERWISE."""
    book = openpyxl.Workbook()
    data = book.active
    data.title = "Data"
    for row in range(1, 8):
        for col in range(1, 6):
            data.cell(row, col, row + col / 10)
    for name in SHEETS:
        sheet = book.create_sheet(name)
        for row in range(1, 6):
            for col in range(1, 4):
                sheet.cell(row, col, row * 10 + col)
    of_sheets = [form.format(quote_sheet(name))[1:] for name in SHEETS for form in OF_A_SHEET]
    for row, text in enumerate([*FORMULAS, *of_sheets, *OTHERWISE], 1):
        data.cell(row, 7, "=" + text)
    _fill(data)
    _tables(book.create_sheet("Tab"))
    _hidden(book.create_sheet("Hidden rows"), book.create_sheet("Filtered"))
    for name, text in NAMES.items():
        book.defined_names[name] = DefinedName(name, attr_text=text, hidden=name == "hid" or None)
    for sheet, name, text in OWN_NAMES:
        book[sheet].defined_names[name] = DefinedName(name, attr_text=text)
    data.print_area, data.print_title_rows, book["It's"].sheet_state = "A1:C5", "1:2", "hidden"
    book.save(path)


def calculated_otherwise(path) -> None:
    """By hand, in a circle, as displayed, with days counted from 1904."""
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    sheet["A1"], sheet["A2"], sheet["A3"] = dt.date(2020, 2, 3), "=A1+1", 0.125
    book.calculation.calcMode, book.calculation.iterate, book.calculation.fullPrecision = (
        "manual",
        True,
        False,
    )
    book.save(path)


def _fill(sheet) -> None:
    for cell, value in CONSTANTS.items():
        sheet[cell] = value
        if cell in ("J4", "J5", "J6", "J7"):
            sheet[cell].number_format = "0.00"
        if isinstance(value, str) and cell[0] == "L":
            sheet[cell].data_type = "s"
    for cell, text in TYPED_TEXTS.items():
        sheet[cell] = text
        sheet[cell].data_type = "s"
    for area, text in ARRAYS.items():
        sheet[area.partition(":")[0]] = ArrayFormula(area, text)


def _tables(sheet) -> None:
    rows = [("age", "fare", "sex"), (22, 7.25, "m"), (38, 71.2833, "f"), (26, 7.9, "f")]
    for row, values in enumerate([*rows, ("Total", "=SUBTOTAL(109,Passengers[fare])", None)], 2):
        for col, value in enumerate(values, 2):
            sheet.cell(row, col, value)
    table = Table(displayName="Passengers", ref="B2:D6", totalsRowCount=1)
    only_f = FilterColumn(colId=2, filters=Filters(filter=["f"]))
    table.autoFilter = AutoFilter(ref="B2:D5", filterColumn=[only_f])
    table._initialise_columns()
    for column, header in zip(table.tableColumns, rows[0], strict=True):
        column.name = header
    table.tableColumns[0].totalsRowLabel, table.tableColumns[1].totalsRowFunction = "Total", "sum"
    sheet.add_table(table)
    sheet.row_dimensions[3].hidden = True
    sheet["F3"] = "=Passengers[[#This Row],[age]]*2"
    sheet["F4"] = "=Passengers[[#This Row],[age]]+Passengers[[#This Row],[fare]]"
    sheet["G4"] = "=SUM(Passengers[[#This Row],[age]:[fare]])"
    for row, values in enumerate([("a;b", "a,b", "#x"), (1, 2, 3), (5, 6, 7)], 10):
        for col, value in enumerate(values, 2):
            sheet.cell(row, col, value)
    sheet.add_table(Table(displayName="Odd", ref="B10:D12"))


def _hidden(by_hand, filtered) -> None:
    for row in range(1, 11):
        by_hand.cell(row, 1, row)
        by_hand.cell(row, 2, f"=A{row}*2")
    by_hand["C1"], by_hand["C2"] = "=SUBTOTAL(109,A1:A10)", "=SUBTOTAL(9,A1:A10)"
    for row in (3, 7):
        by_hand.row_dimensions[row].hidden = True
    by_hand.column_dimensions["A"].hidden = True
    for row, values in enumerate([("k", "v"), ("a", 1), ("b", 2), ("a", 3)], 1):
        for col, value in enumerate(values, 1):
            filtered.cell(row, col, value)
    filtered.auto_filter.ref = "A1:B4"
    filtered.auto_filter.add_filter_column(0, ["a"])
    filtered.row_dimensions[3].hidden = True
    filtered["D1"] = "=SUBTOTAL(9,B2:B4)"

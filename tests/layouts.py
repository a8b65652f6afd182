"""Workbooks of other people's making, rebuilt: the tutorial's Titanic sheets and strangers' Solver models.

Each row of MODELS is one workbook: what Solver saved in it, and the best that can be reached where that is
known. A test over MODELS covers the next workbook by its row. The tutorial's three sheets (fast.ai,
course22/xl/titanic.xlsx) are rebuilt from the passenger list with their own cells, tables and formulas.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import openpyxl
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from xlcicf.formula.address import quote_sheet
from xlcicf.learn.titanic import passengers
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.solve.solver_names import OPTIONS

FIRST, LAST = 4, 715  # the 712 passengers whose age and port are known; the header stands in row 3

RAW = ("Survived", "Embarked", "Pclass", "Sex", "Age", "Fare", "SibSp", "Parch")  # columns A..H
DERIVED = {  # columns I..P, in the order of the sheet
    "Age_N": "{table}[[#This Row],[Age]]/$E$1",
    "log_Fare": "LOG10({table}[[#This Row],[Fare]]+1)",
    "Pclass_1": "IF({table}[[#This Row],[Pclass]]=1,1,0)",
    "Pclass_2": "IF({table}[[#This Row],[Pclass]]=2,1,0)",
    "Embark_S": 'IF({table}[[#This Row],[Embarked]]="S",1,0)',
    "Embark_C": 'IF({table}[[#This Row],[Embarked]]="C",1,0)',
    "Male": 'IF({table}[[#This Row],[Sex]]="male",1,0)',
    "Ones": "1",
}
INPUTS = ("SibSp", "Parch", *DERIVED)  # columns G..P: what the models see
TENTHS = np.full((2, 10), 0.1)


# ---- the tutorial's sheets -------------------------------------------------------------------------------


def linear(path: Path, weights=TENTHS[0]) -> None:
    """Ten weights in R4:AA4, the prediction in AC, the mean squared error in AA7."""
    book, sheet = _passengers("linear", "Table13")
    _write(sheet, "R3", [INPUTS, np.reshape(weights, 10)])
    for row in range(FIRST, LAST + 1):
        sheet[f"AC{row}"] = "=SUMPRODUCT($R$4:$AA$4,Table13[[#This Row],[SibSp]:[Ones]])"
        sheet[f"AD{row}"] = f"=(AC{row}-A{row})^2"
    sheet["AA7"] = f"=AVERAGE(AD{FIRST}:AD{LAST})"
    _save_solver(sheet, "$AA$7", "linear!$R$4:$AA$4")
    save_generated(book, path)


def nnet(path: Path, weights=TENTHS) -> None:
    """2 x 10 weights in R4:AA5; Lin1, Lin2, two ReLUs and their sum in AC..AG; the loss in AH1."""
    book, sheet = _passengers("nnet", "Table134")
    _write(sheet, "R3", [INPUTS, *np.reshape(weights, (2, 10))])
    _write(sheet, "AC3", [("Lin1", "Lin2", "Relu1", "Relu2", "Preds", "Loss")])
    for row in range(FIRST, LAST + 1):
        sheet[f"AC{row}"] = "=SUMPRODUCT($R$4:$AA$4,Table134[[#This Row],[SibSp]:[Ones]])"
        sheet[f"AD{row}"] = "=SUMPRODUCT($R$5:$AA$5,Table134[[#This Row],[SibSp]:[Ones]])"
        sheet[f"AE{row}"] = f"=IF(AC{row}<0,0,AC{row})"
        sheet[f"AF{row}"] = f"=IF(AD{row}<0,0,AD{row})"
        sheet[f"AG{row}"] = f"=AE{row}+AF{row}"
        sheet[f"AH{row}"] = f"=(AG{row}-A{row})^2"
    sheet["AH1"] = f"=AVERAGE(AH{FIRST}:AH{LAST})"
    _save_solver(sheet, "$AH$1", "nnet!$R$4:$AA$5")
    save_generated(book, path)


def mmult(path: Path, weights=TENTHS) -> None:
    """The same net with its weights upright in S4:T13 and one array MMULT over all rows; the loss in AA1."""
    book, sheet = _passengers("mmult", "Table1342")
    _write(
        sheet,
        "R4",
        [(name, *pair) for name, pair in zip(INPUTS, np.reshape(weights, (2, 10)).T, strict=True)],
    )
    _write(sheet, "V3", [("Lin1", "Lin2", "Relu1", "Relu2", "Preds", "Loss")])
    area = f"V{FIRST}:W{LAST}"
    sheet[f"V{FIRST}"] = ArrayFormula(area, f"=MMULT(G{FIRST}:P{LAST},S4:T13)")
    for row in range(FIRST, LAST + 1):
        sheet[f"X{row}"] = f"=IF(V{row}<0,0,V{row})"
        sheet[f"Y{row}"] = f"=IF(W{row}<0,0,W{row})"
        sheet[f"Z{row}"] = f"=X{row}+Y{row}"
        sheet[f"AA{row}"] = f"=(Z{row}-A{row})^2"
    sheet["AA1"] = f"=AVERAGE(AA{FIRST}:AA{LAST})"
    _write(sheet, "AF4", [(1, 2), (3, 4), (5, 6)])  # the sheet's toy example beside the real thing
    _write(sheet, "AI4", [(1, 0), (2, 1)])
    sheet["AL4"] = ArrayFormula("AL4:AM6", "=MMULT(AF4:AG6,AI4:AJ5)")
    _save_solver(sheet, "$AA$1", "mmult!$S$4:$T$13")
    save_generated(book, path)


def _passengers(name: str, table: str):
    """A new book whose only sheet holds the passengers in A3:P715, as an Excel table."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    sheet["E1"], sheet["F1"] = f"=MAX(E{FIRST}:E{LAST})", f"=MAX(F{FIRST}:F{LAST})"
    derived = ["=" + formula.format(table=table) for formula in DERIVED.values()]
    _write(sheet, "A3", [(*RAW, *DERIVED), *((*passenger, *derived) for passenger in complete_passengers())])
    sheet.add_table(Table(displayName=table, ref=f"A3:P{LAST}"))
    sheet.freeze_panes = "J4" if name == "linear" else "M4"
    return book, sheet


def complete_passengers() -> list[tuple]:
    """The RAW columns of the 712 passengers whose age and port are known, in the list's order."""
    complete = passengers().dropna(subset=["Age", "Embarked"])
    return list(complete[list(RAW)].itertuples(index=False, name=None))


def _write(sheet, corner: str, rows) -> None:
    """A block of values with its top left cell at `corner`."""
    first = sheet[corner]
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            sheet.cell(first.row + r, first.column + c, value)


_SENSES = {"max": 1, "min": 2}


def _save_solver(sheet, objective, changing, sense="min", non_negative=False, constraints=()) -> None:
    """The hidden names in which Excel's Solver keeps its dialog's settings.

    `sense` "min", "max" or the value to reach; `constraints` triples of cells, relation and right side:
    1 is <=, 2 =, 3 >=, 4 int, 5 bin, 6 dif.
    """
    settings = OPTIONS | dict(
        adj=changing,
        opt=f"{quote_sheet(sheet.title)}!{objective}",
        typ=_SENSES.get(sense, 3),
        val=0 if sense in _SENSES else sense,
        neg=1 if non_negative else 2,
        num=len(constraints),
    )
    for number, (cells, relation, right) in enumerate(constraints, 1):
        settings |= {f"lhs{number}": cells, f"rel{number}": relation, f"rhs{number}": right}
    for key, value in settings.items():
        name = f"solver_{key}"
        text = value if isinstance(value, str) else np.format_float_positional(value, trim="-")
        sheet.defined_names[name] = DefinedName(name, attr_text=text, hidden=True)


# ---- strangers' models -----------------------------------------------------------------------------------

# NIST Statistical Reference Datasets, nonlinear regression (public domain): response, predictor.
DANWOOD = [(2.138, 1.309), (3.421, 1.471), (3.597, 1.490), (4.340, 1.565), (4.882, 1.611), (5.660, 1.680)]
MISRA1A = [(10.07, 77.6), (14.73, 114.9), (17.94, 141.1), (23.93, 190.8), (29.61, 239.9), (35.18, 289.0)]
MISRA1A += [(40.02, 332.8), (44.82, 378.4), (50.76, 434.8), (55.05, 477.3), (61.01, 536.8), (66.40, 593.1)]
MISRA1A += [(75.47, 689.1), (81.78, 760.0)]


def _regression(data, fit: str, start) -> Callable[[Path], None]:
    """A least-squares fit: parameters b1, b2 in B1:B2, data from row 5 on, `fit` the model with {x}."""

    def build(path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "Fit"
        last = 4 + len(data)
        _write(sheet, "A1", [("b1", start[0]), ("b2", start[1]), (), ("y", "x", "fit")])
        for row, (y, x) in enumerate(data, 5):
            _write(sheet, f"A{row}", [(y, x, "=" + fit.format(x=f"B{row}"))])
        sheet["E1"] = f"=SUMXMY2(A5:A{last},C5:C{last})"
        _save_solver(sheet, "$E$1", "Fit!$B$1:$B$2")
        save_generated(book, path)

    return build


RETURNS = np.array([0.09, 0.06, 0.12, 0.02])
COVARIANCE = np.array([[40, 12, 30, 0], [12, 25, 8, 0], [30, 8, 160, 0], [0, 0, 0, 1]]) / 1000
MOST = 0.4  # of any one share


def portfolio(path: Path) -> None:
    """Three shares between 0 and 40%, the rest in bonds; maximises return less risk."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "My portfolio"
    _write(sheet, "A1", [("asset", "share", "return", "covariance")])
    shares = [0.2, 0.2, 0.2, "=1-SUM(B2:B4)"]
    for row, name in enumerate(["oil", "rail", "ships", "bonds"]):
        _write(sheet, f"A{row + 2}", [(name, shares[row], RETURNS[row], *COVARIANCE[row])])
    _write(
        sheet, "A7", [("return", "=SUMPRODUCT(B2:B5,C2:C5)"), ("variance",), ("return less risk", "=B7-B8")]
    )
    sheet["B8"] = ArrayFormula("B8", "=SUM(MMULT(TRANSPOSE(B2:B5),MMULT(D2:G5,B2:B5)))")
    cells = "'My portfolio'!$B$2:$B$4"
    _save_solver(sheet, "$B$9", cells, "max", non_negative=True, constraints=[(cells, 1, MOST)])
    save_generated(book, path)


def best_portfolio() -> float:
    """Its optimum by trying each share at 0, at the most, and free: a quadratic has no other candidates."""
    to_assets = np.vstack([np.eye(3), -np.ones(3)])
    constant = np.array([0, 0, 0, 1.0])
    slope = to_assets.T @ (RETURNS - 2 * COVARIANCE @ constant)
    curvature = 2 * to_assets.T @ COVARIANCE @ to_assets
    best = -np.inf
    for held in product((0, MOST, None), repeat=3):
        free = [i for i, share in enumerate(held) if share is None]
        shares = np.array([0 if share is None else share for share in held])
        shares[free] = np.linalg.solve(curvature[np.ix_(free, free)], (slope - curvature @ shares)[free])
        if (shares >= 0).all() and (shares <= MOST).all():
            assets = to_assets @ shares + constant
            best = max(best, float(RETURNS @ assets - assets @ COVARIANCE @ assets))
    return best


RATINGS = np.array([[5, 4, 1, 2, 3], [4, 5, 2, 1, 3], [1, 2, 5, 4, 2], [2, 1, 4, 5, 4], [3, 3, 3, 4, 5]])
FACTORS = np.array([[0.5, 0.1], [0.4, 0.2], [0.2, 0.6], [0.1, 0.7], [0.3, 0.5], [0.2, 0.2]])


def collab(path: Path) -> None:
    """Ratings as a product of two areas of factors, both changing; the last reader has rated nothing."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "collab"
    _write(sheet, "D2", RATINGS.tolist())
    _write(sheet, "B11", FACTORS.tolist())  # readers' factors
    _write(sheet, "D9", (FACTORS[:5].T + 1).tolist())  # books' factors
    for row in range(6):
        for col in range(5):
            rating, book_col = sheet.cell(2 + row, 4 + col).coordinate, "DEFGH"[col]
            formula = f'=IF({rating}="",0,MMULT($B{11 + row}:$C{11 + row},{book_col}$9:{book_col}$10))'
            sheet.cell(11 + row, 4 + col, formula)
    sheet["J1"] = "=SQRT(SUMXMY2(D2:H7,D11:H16)/COUNT(D2:H7))"
    _save_solver(sheet, "$J$1", "collab!$D$9:$H$10,collab!$B$11:$C$16")
    save_generated(book, path)


def best_collab() -> float:
    """The smallest error of any two factors: what singular values beyond the second leave over."""
    left_over = np.linalg.svd(RATINGS, compute_uv=False)[2:]
    return float(np.sqrt((left_over**2).sum() / RATINGS.size))


def price(path: Path) -> None:
    """The price of the highest profit: demand falls as e^(-price/8), each piece costs 5."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Price"
    _write(sheet, "A1", [("price", 6), ("demand", "=1000*EXP(-B1/8)"), ("profit", "=(B1-5)*B2")])
    _save_solver(sheet, "$B$3", "Price!$B$1", "max", non_negative=True)
    save_generated(book, path)


def break_even(path: Path) -> None:
    """The number of pieces at which profit is exactly 0: 12 n - n^2/100 - 2000."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Even"
    _write(sheet, "A1", [("pieces", 100), ("profit", "=12*B1-B1^2/100-2000")])
    _save_solver(sheet, "$B$2", "Even!$B$1", 0, non_negative=True)
    save_generated(book, path)


@dataclass(frozen=True)
class Model:
    """A workbook with a Solver problem in it.

    name       its row's name
    build      build(path) writes the .xlsx, cached values and Solver's settings included
    objective  the one cell, such as "nnet!AH1"
    changing   areas joined by commas, such as "nnet!R4:AA5"
    sense      "min", "max" or the value to reach
    bounds     (lower, upper) of every changing cell
    best       the objective at the optimum where that is known, to `digits` relative; None where it is not
    at         the changing cells there, where they are known and unique
    """

    name: str
    build: Callable[[Path], None]
    objective: str
    changing: str
    sense: str | float = "min"
    bounds: tuple[float, float] = (-np.inf, np.inf)
    best: float | None = None
    digits: float = 1e-9
    at: tuple[float, ...] | None = None


MODELS = [
    Model("linear", linear, "linear!AA7", "linear!R4:AA4", best=0.14422714930732),
    Model("nnet", nnet, "nnet!AH1", "nnet!R4:AA5"),
    Model("mmult", mmult, "mmult!AA1", "mmult!S4:T13"),
    Model(
        "danwood",
        _regression(DANWOOD, "$B$1*{x}^$B$2", start=(1, 5)),
        "Fit!E1",
        "Fit!B1:B2",
        best=4.3173084083e-3,  # certified, as are the parameters
        at=(0.76886226176, 3.8604055871),
    ),
    Model(
        "misra1a",
        _regression(MISRA1A, "$B$1*(1-EXP(-$B$2*{x}))", start=(250, 0.0005)),
        "Fit!E1",
        "Fit!B1:B2",
        best=0.12455138894,
        at=(238.94212918, 5.5015643181e-4),
    ),
    Model(
        "portfolio",
        portfolio,
        "'My portfolio'!B9",
        "'My portfolio'!B2:B4",
        sense="max",
        bounds=(0, MOST),
        best=best_portfolio(),
    ),
    Model("collab", collab, "collab!J1", "collab!D9:H10,collab!B11:C16", best=best_collab()),
    Model(
        "price",
        price,
        "Price!B3",
        "Price!B1",
        sense="max",
        bounds=(0, np.inf),
        best=8000 * np.exp(-13 / 8),
        at=(13,),
    ),
    Model(
        "break even",
        break_even,
        "Even!B2",
        "Even!B1",
        sense=0.0,
        bounds=(0, np.inf),
        best=0.0,
        at=(200,),
    ),
]

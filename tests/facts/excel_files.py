"""Sections 2.1 to 2.6, 2.8 and 9: fast.ai's Excel files, titanic.xlsx, graddesc.xlsm and entropy_example.xlsx."""

from functools import cache

import numpy as np
import torch

from tests.facts import books
from tests.facts.fact import Fact, NotReproduced
from xlcicf.learn import layers, nets, titanic
from xlcicf.lessons import gradient_descent
from xlcicf.optim import train

SHEET, LESSON = titanic.fastai_sheet(), titanic.lesson()
SOLVER = titanic.weights("solver")
KNOWN = titanic.passengers()[["Age", "Embarked"]].notna().all(axis=1).to_numpy()
PRINTED_LINEAR = (
    -0.054934, -0.013926, -0.512117, 0.048739, 0.352610, 0.182842, 0.030720, 0.096816, -0.483065, 0.694412,
)  # fmt: skip


def score(data, W) -> tuple[float, float]:
    """(MSE, accuracy) of the sum of ReLUs with weights W (2, columns)."""
    pred = nets.predict(data.X, W)
    return nets.mse(pred, data.y).item(), nets.accuracy(pred, data.y)


def slopes(data, W) -> np.ndarray:
    return layers.gradient(data.X, data.y[:, None], W, "mse")


@cache
def optimum() -> np.ndarray:
    """The exact linear optimum on fast.ai's ten columns."""
    return nets.linear_optimum(SHEET.X, SHEET.y)


def linears_accuracy() -> float:
    return nets.accuracy(SHEET.X @ optimum(), SHEET.y)


@cache
def polished(of: str) -> tuple[float, float]:
    """(MSE, accuracy) where our L-BFGS ends from weights that ship."""
    data, W = (SHEET, SOLVER) if of == "solver" else (LESSON, titanic.weights(of))
    *_, last = train(layers.NetLoss(data.X, data.y[:, None], W, "mse"), optimizer="lbfgs", steps=2000)
    return score(data, last.best_values.reshape(W.shape))


@cache
def from_twenty_seeds() -> list[tuple[float, float]]:
    """(MSE, accuracy) where torch's L-BFGS ends from .5 randn(10, 2) of each seed 0 to 19."""
    return [_torchs_lbfgs(seed) for seed in range(20)]


def _torchs_lbfgs(seed: int) -> tuple[float, float]:
    draw = torch.Generator().manual_seed(seed)
    W = (0.5 * torch.randn(10, 2, generator=draw, dtype=torch.float64)).T.contiguous().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [W], max_iter=1000, tolerance_grad=1e-10, tolerance_change=1e-14, line_search_fn="strong_wolfe"
    )

    def loss():
        optimizer.zero_grad()
        value = nets.mse(nets.predict(SHEET.X, W), SHEET.y)
        value.backward()
        return value

    optimizer.step(loss)
    return score(SHEET, W.detach())


PRED = nets.predict(SHEET.X, SOLVER).numpy()
SAYS, LIVED, MALE = PRED > 0.5, SHEET.y == 1, SHEET.X[:, SHEET.columns.index("Male")] == 1


def firing() -> list[float]:
    """The shares of rows where Solver's first set fires, its second, both, neither."""
    first, second = (nets.lin(SHEET.X, SOLVER).numpy() > 0).T
    return [first.mean(), second.mean(), (first & second).mean(), (~first & ~second).mean()]


TITANIC_XLSX = [
    Fact("rows, survivors, rate", "712 288 0.404494", lambda: [len(SHEET.y), SHEET.y.sum(), SHEET.y.mean()]),
    Fact("linear: right, accuracy", "568 .797753", lambda: [712 * linears_accuracy(), linears_accuracy()]),
    Fact("nnet: MSE, accuracy", "0.1431520964171 .806180", lambda: score(SHEET, SOLVER)),
    Fact("nnet: right", "574", lambda: 712 * score(SHEET, SOLVER)[1]),
    Fact("nnet: set 1", "-.01776 -.03468 -.73516 .01163 .37314 .12011 -1.51492 .21198 -.50048 .72173", lambda: SOLVER[0]),
    Fact("nnet: set 2", "-.07778 -.01016 -.52492 .07146 .37501 .20500 2.81275 -.67114 -.49475 -2.11484", lambda: SOLVER[1]),
    Fact("nnet: set 1 fires, set 2, both, neither", ".211 .706 0 .083", firing),
    Fact("nnet: largest prediction", "1.1566", lambda: PRED.max()),
]  # fmt: skip
ORACLES = [
    Fact("least squares: MSE", "0.14422714930732", lambda: nets.mse(SHEET.X @ optimum(), SHEET.y)),
    Fact("… its weights, off the sheet's by at most", "0", lambda: np.abs(optimum() - PRINTED_LINEAR).max(), within=6e-6,
         because="as the page says"),
    Fact("gradient at Solver's weights: largest, norm", "3.82e-6 5.69e-6",
         lambda: [np.abs(slopes(SHEET, SOLVER)).max(), np.linalg.norm(slopes(SHEET, SOLVER))]),
    Fact("L-BFGS from Solver's weights: MSE", "0.1431520963037", lambda: polished("solver")[0], within=1e-11,
         because="an optimiser's last step; the page itself says 1e-10"),
    Fact("… accuracy", ".806180", lambda: polished("solver")[1]),
    Fact("L-BFGS from .5 randn, best of seeds 0 to 19: MSE, accuracy", "0.1365774 .808989", lambda: min(from_twenty_seeds())),
    Fact("… the seed", "9", lambda: np.argmin([mse for mse, _ in from_twenty_seeds()])),
    Fact("constant model: MSE", "0.240879", lambda: nets.mse(np.full(712, SHEET.y.mean()), SHEET.y)),
    Fact("the majority: accuracy", ".595506", lambda: 1 - SHEET.y.mean()),
    Fact("“women survive”: accuracy", ".779494", lambda: nets.accuracy(1 - SHEET.X[:, SHEET.columns.index("Male")], SHEET.y)),
]  # fmt: skip


@cache
def descent(optimizer, lr) -> dict[int, float]:
    """MSE before each step on the 891 rows from titanic.xlsx's start, accuracy after the last as step -1."""
    W = torch.tensor(titanic.weights("start"), requires_grad=True)
    optimizer = optimizer([W], lr=lr)
    losses = {}
    for step in range(501):
        loss = nets.mse(nets.predict(LESSON.X, W), LESSON.y)
        losses[step] = loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses | {-1: score(LESSON, W.detach())[1]}


def at_steps(optimizer, lr, *steps: int) -> list[float]:
    return [descent(optimizer, lr)[step] for step in steps]


def eleven(rows) -> np.ndarray:
    """Predictions of the exact linear optimum on our eleven columns of these rows."""
    return LESSON.X[rows] @ nets.linear_optimum(LESSON.X[rows], LESSON.y[rows])


SGD, ADAM = torch.optim.SGD, torch.optim.Adam
ELEVEN_COLUMNS = [
    Fact("columns, weights", "11 22", lambda: [LESSON.X.shape[1], titanic.weights("start").size]),
    Fact("rank", "10", lambda: np.linalg.matrix_rank(LESSON.X)),
    Fact("least squares, 712 rows: MSE", "0.1442271493073", lambda: nets.mse(eleven(KNOWN), LESSON.y[KNOWN])),
    Fact("… its predictions, off those of the ten columns by at most", "0", lambda: np.abs(eleven(KNOWN) - SHEET.X @ optimum()).max(), within=1e-9,
         because="as the page says"),
    Fact("least squares, 891 rows: MSE", "0.14182631581599", lambda: books.cells("titanic", "Compare", "B8"), within=2e-12,
         because="the page ends in ...81599, the exact optimum in ...81499"),
    Fact("… accuracy", ".797980", lambda: books.cells("titanic", "Compare", "E8")),
    Fact("titanic.xlsx's start: MSE", ".26424450270227445", lambda: books.cells("titanic", "Net", "P5"), within=1e-15,
         because="the order of a sum"),
    Fact("L-BFGS from it: MSE, accuracy", "0.13488 .8114", lambda: polished("start")),
    Fact("SGD .1: MSE at steps 0, 10, 50, 100, 200, 500, accuracy", ".26424 .22608 .18419 .17690 .17189 .16602 .7912",
         lambda: at_steps(SGD, 0.1, 0, 10, 50, 100, 200, 500, -1)),
    Fact("SGD .5: MSE at step 500, accuracy", ".13556 .8047", lambda: at_steps(SGD, 0.5, 500, -1)),
    Fact("Adam .01: MSE at steps 0, 10, 50, 100, 200, 500, accuracy", ".26424 .21870 .14339 .13547 .13404 .13205 .8137",
         lambda: at_steps(ADAM, 0.01, 0, 10, 50, 100, 200, 500, -1)),
    Fact("Adam .05: MSE at step 500, accuracy", ".13483 .8103", lambda: at_steps(ADAM, 0.05, 500, -1)),
]  # fmt: skip

# ---- graddesc.xlsm ---------------------------------------------------------------------------------------

ROW = gradient_descent.ROW
AT = gradient_descent.ROW_FIRST + 5 * gradient_descent.POINTS  # where the sixth pass begins


def with_its_slip(*cells: str) -> list[float]:
    """Cells of our "One row at a time" when each pass begins where the last row of the one before began."""
    live = books.typed("gradient_descent", (f"'{ROW}'!E8", gradient_descent.SLIP))
    return [live[f"'{ROW}'!{cell}"] for cell in cells]


GRADDESC = [
    Fact("points", "29", lambda: len(gradient_descent.X)),
    Fact("true slope and intercept", "2 30", lambda: list(gradient_descent.TRUTH.values())),
    Fact("roots that five passes logged", "150.76 104.75 104.56 104.37 104.18", lambda: with_its_slip(*(f"K{row}" for row in range(5, 10)))),
    Fact("row 4: intercept and slope", "1.2754625 2.56999647", lambda: with_its_slip(f"E{AT}", f"F{AT}")),
    Fact("row 4: x, y", "14 58", lambda: with_its_slip(f"C{AT}", f"D{AT}")),
    Fact("row 4: prediction, squared error", "37.2554 430.338", lambda: with_its_slip(f"G{AT}", f"H{AT}")),
    Fact("row 4: slope by b, estimated and exact", "-41.479 -41.489", lambda: with_its_slip(f"J{AT}", f"M{AT}")),
    Fact("row 4: slope by a, estimated and exact", "-578.888 -580.848", lambda: with_its_slip(f"L{AT}", f"N{AT}")),
    Fact("row 4: the estimates' bias", ".01 1.96", lambda: np.subtract(with_its_slip(f"J{AT}", f"L{AT}"), with_its_slip(f"M{AT}", f"N{AT}"))),
]  # fmt: skip

# ---- entropy_example.xlsx --------------------------------------------------------------------------------

SOFTMAX = torch.tensor([0.000491, 0.873139, 0.117482, 0.008213, 0.000674], dtype=torch.float64)
# The file shows three digits of its scores; softmax and the sum of exponentials, as printed, tell more of them.
SCORES = (SOFTMAX * 15.381).log()[None]
DOG = torch.tensor([[1.0]], dtype=torch.float64)
ENTROPY = [
    Fact("scores of cat, dog, plane, fish, building", "-4.885 2.597 .592 -2.069 -4.569", lambda: SCORES, within=1.1e-3, because="cat's softmax has but three digits"),
    Fact("softmax", ".000491 .873139 .117482 .008213 .000674", lambda: layers.softmax(SCORES), within=1e-6, because="six digits of each add up to .999999"),
    Fact("sum of the exponentials", "15.381", lambda: SCORES.exp().sum()),
    Fact("log of dog's softmax by LOG, base 10", "-.058916", lambda: layers.softmax(SCORES)[0, 1].log10(), within=1e-6, because="as above"),
    Fact("cross entropy of dog by LN", ".135660", lambda: layers.cross_entropy(SCORES, DOG), within=1.2e-6, because="as above"),
]  # fmt: skip

# ---- section 9 -------------------------------------------------------------------------------------------

TENTHS = np.full((2, 10), 0.1)
TENTH_SLOPES = {
    "SibSp": "1.23385425", "Parch": ".96485584", "Age_N": ".56398924", "log_Fare": "2.01637964", "Pclass_1": ".35464047",
    "Pclass_2": ".35624144", "Embark_S": "1.22089256", "Embark_C": ".21816777", "Male": "1.19902305", "Ones": "1.48499099",
}  # fmt: skip
OFF = {  # column -> (how far the page is off, what it is in extended precision)
    "SibSp": (2.2e-8, "in extended precision 1.233854229"),
    "Embark_C": (0.8e-8, "in extended precision .218167777: the page cut its digits"),
}


def tenth_slope(column: str) -> Fact:
    """A column's slope where all weights are .1, the same in either set."""
    return Fact(
        f"all weights .1: slope by {column}, either set",
        f"{TENTH_SLOPES[column]} {TENTH_SLOPES[column]}",
        lambda: slopes(SHEET, TENTHS)[:, SHEET.columns.index(column)],
        *OFF.get(column, ()),
    )


def group(of) -> list[float]:
    """Of some passengers: how many, accuracy, true rate, predicted rate."""
    return [of.sum(), (SAYS == LIVED)[of].mean(), LIVED[of].mean(), SAYS[of].mean()]


MORE_ORACLES = [
    Fact("Solver's net carried over to 11 columns: MSE, accuracy", "0.14280230485428 0.80022447", lambda: books.cells("titanic", "Compare", "B7", "E7")),
    Fact("… right of 891", "713", lambda: books.cells("titanic", "Compare", "D7")),
    Fact("… on its own 712 rows: MSE, accuracy", "0.1431520964171 0.80617978", lambda: books.cells("titanic", "Compare", "B15", "E15")),
    Fact("… right of 712", "574", lambda: books.cells("titanic", "Compare", "D15")),
    Fact("first five predictions", ".04651528 .96151018 .59524568 .88933807 .04187143", lambda: PRED[:5]),
    Fact("sum of the predictions", "283.998667", lambda: PRED.sum()),
    Fact("true and false positives, false and true negatives", "202 52 86 372",
         lambda: [(SAYS & LIVED).sum(), (SAYS & ~LIVED).sum(), (~SAYS & LIVED).sum(), (~SAYS & ~LIVED).sum()]),
    Fact("men: passengers, accuracy, true and predicted rate", "453 .8057 .2053 .0508", lambda: group(MALE)),
    Fact("women: passengers, accuracy, true and predicted rate", "259 .8069 .7529 .8919", lambda: group(~MALE)),
    Fact("all weights .1: MSE", "0.8910132976136", lambda: score(SHEET, TENTHS)[0]),
    *map(tenth_slope, TENTH_SLOPES),
    Fact("712 rows in the order of dropna: rows that differ", "0",
         lambda: (SHEET.y != titanic.passengers().dropna(subset=["Age", "Embarked"])["Survived"].to_numpy()).sum()),
]  # fmt: skip


def scikit_learns_logistic() -> float:
    """The percentage right of the logistic regression that scikit-learn fits unasked, with an intercept."""
    from sklearn.linear_model import LogisticRegression

    return 100 * LogisticRegression().fit(LESSON.X, LESSON.y).score(LESSON.X, LESSON.y)


SIMPLER = [
    Fact("logistic regression, 891 rows: % right", "80.2", scikit_learns_logistic),
    Fact("… the same without an intercept, as the book has it", "80.1", lambda: 100 * books.cells("titanic", "Compare", "E12")),
    Fact("“women survive”, 712 rows", ".7795", lambda: nets.accuracy(1 - SHEET.X[:, SHEET.columns.index("Male")], SHEET.y)),
    Fact("“women survive”, 891 rows: right, accuracy", "701 .7868", lambda: books.cells("titanic", "Compare", "D13:E13")),
]  # fmt: skip
SEARCH = "a statistic of a search, not to be replayed digit by digit: it depends on the starts and on the optimiser"
NOT_REPRODUCED = [
    NotReproduced("712 rows: best and median of 1,500 L-BFGS starts, and shares that reach .133 and .137", "0.12895 0.1439 .05 .11", SEARCH),
    NotReproduced("891 rows: best of 1,500 starts, and shares that reach .1285 and .135", ".12777 .047 .35",
                  SEARCH + "; our trained net, the best of 1,500 and 600 more, has", lambda: books.cells("titanic", "Compare", "B11")),
    NotReproduced("891 rows: best, median and worst of 12 starts", ".130831 .140455 .144336", SEARCH),
    NotReproduced("712 rows: best and median of 12 starts", ".131542 .139240", SEARCH),
    NotReproduced("MAE with Adam .02 × 800: from, to", ".1943 .2138", SEARCH),
    NotReproduced("Excel tables' area", "3 715", "fast.ai's file does not ship; its 712 rows are the facts above"),
    NotReproduced("graddesc: settings of momentum, rmsprop, adam, adam_ann", ".9 .9 .7 .9 .9 .95",
                  "settings typed into the file, not results; the book's optimisers are tested against torch.optim with them"),
]  # fmt: skip
FACTS = {
    "2.1 titanic.xlsx": TITANIC_XLSX,
    "2.3 oracles on the 712 rows": ORACLES,
    "2.5 eleven columns": ELEVEN_COLUMNS,
    "2.6 graddesc": GRADDESC,
    "2.8 entropy": ENTROPY,
    "9 more oracles": MORE_ORACLES,
    "0 and 7.7 simpler models": SIMPLER,
}

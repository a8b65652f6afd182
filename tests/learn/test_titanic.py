"""The prepared data, the shipped weights and the lesson's published figures about them."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from xlcicf.learn import nets, titanic

LESSON, NOTEBOOK, SHEET = titanic.lesson(), titanic.notebook(), titanic.fastai_sheet()
KNOWN = titanic.passengers()[["Age", "Embarked"]].notna().all(axis=1).to_numpy()


def column(data, name):
    return data.X[:, data.columns.index(name)]


def gradient(loss, data, W):
    """Gradient of loss(pred, y) with respect to W, by torch's autograd."""
    W = torch.tensor(np.array(W), requires_grad=True)
    (grad,) = torch.autograd.grad(loss(nets.predict(data.X, W), data.y), W)
    return grad.numpy()


def test_the_shipped_file_is_the_lessons():
    content = (files("xlcicf.learn") / "data" / "titanic.csv").read_bytes()
    assert len(content) == 60_302
    assert hashlib.sha256(content).hexdigest().startswith("4a437fde05fe5264")


def test_blanks_are_filled_with_the_mode():
    blanks = titanic.passengers().isna()
    assert {name: n for name, n in blanks.sum().items() if n} == {"Age": 177, "Cabin": 687, "Embarked": 2}
    filled = titanic.filled()
    assert not filled.isna().any(axis=None)
    for name, mode in (("Age", 24), ("Embarked", "S"), ("Cabin", "B96 B98")):
        assert (filled.loc[blanks[name], name] == mode).all()


@pytest.mark.parametrize(
    ("what", "value", "digits"),
    [
        (titanic.filled()["Age"].mean(), 28.566970, 6),
        (titanic.filled()["Age"].std(), 13.199572, 6),
        (titanic.filled()["Fare"].mean(), 32.204208, 6),
        (titanic.filled()["Fare"].max(), 512.3292, 12),
        (LESSON.y.mean(), 0.383838, 6),
        (SHEET.y.mean(), 0.404494, 6),
        (column(NOTEBOOK, "Male").mean(), 0.647587, 6),
        (column(NOTEBOOK, "Female").mean(), 0.352413, 6),
        (column(NOTEBOOK, "Pclass_1").mean(), 0.242424, 6),
        (column(NOTEBOOK, "Pclass_2").mean(), 0.206510, 6),
        (column(NOTEBOOK, "Pclass_3").mean(), 0.551066, 6),
        (column(NOTEBOOK, "Embarked_C").mean(), 0.188552, 6),
        (column(NOTEBOOK, "Embarked_Q").mean(), 0.086420, 6),
        # The published mean is that before the two blanks are filled with S.
        ((titanic.passengers()["Embarked"] == "S").mean(), 0.722783, 6),
        (column(NOTEBOOK, "Embarked_S").mean(), 646 / 891, 12),
        (column(LESSON, "LogFare").mean() * np.log(513.3292), 2.962246, 6),
        (np.log(513.3292), 6.240917, 6),
    ],
)
def test_the_columns_have_the_published_means(what, value, digits):
    assert what == pytest.approx(value, abs=0.5000001 * 10**-digits)


def test_every_scaled_column_ends_at_one_and_the_first_row_is_the_published_one():
    for data in (LESSON, NOTEBOOK):
        assert (data.X.max(0) == 1).all() and (data.X.min(0) >= 0).all()
    first = [0.2750, 0.1250, 0, 0.3381, 1, 0, 0, 0, 1, 0, 0, 1]
    assert np.round(NOTEBOOK.X[0], 4).tolist() == first
    maxima = {"Age": 80, "SibSp": 8, "Parch": 6}
    for name, most in maxima.items():
        assert np.allclose(column(LESSON, name) * most, titanic.filled()[name], rtol=0, atol=1e-12)


def test_the_fastai_sheet_has_the_712_rows_in_their_order():
    people = titanic.passengers()[KNOWN]
    assert SHEET.X.shape == (712, 10) and LESSON.X.shape == (891, 11) and NOTEBOOK.X.shape == (891, 12)
    assert (SHEET.y == people["Survived"]).all() and SHEET.y.sum() == 288
    assert (column(SHEET, "SibSp") == people["SibSp"]).all()
    assert np.allclose(column(SHEET, "Age_N") * 80, people["Age"], rtol=0, atol=1e-12)
    assert np.allclose(10 ** column(SHEET, "log_Fare") - 1, people["Fare"], rtol=0, atol=1e-10)


def test_the_random_split_is_fastais():
    train, valid = titanic.random_split(891)
    assert valid[:8].tolist() == [303, 778, 531, 385, 134, 476, 691, 443]
    assert (len(train), len(valid), LESSON.y[valid].sum()) == (713, 178, 72)
    assert sorted([*train, *valid]) == list(range(891))


LINEAR = titanic.weights("linear")
SOLVER = titanic.weights("solver")
CARRIED = titanic.carried_over(SOLVER)
SHEET_OPTIMUM = nets.linear_optimum(SHEET.X, SHEET.y)


@pytest.mark.parametrize(
    ("data", "pred", "mse", "right"),
    [
        pytest.param(SHEET, nets.predict(SHEET.X, SOLVER), 0.1431520964171, 574, id="Solver on its sheet"),
        pytest.param(
            LESSON, nets.predict(LESSON.X, CARRIED), 0.14280230485428, 713, id="Solver carried over"
        ),
        pytest.param(SHEET, SHEET.X @ SHEET_OPTIMUM, 0.14422714930732, 568, id="linear on fast.ai's sheet"),
        pytest.param(LESSON, LESSON.X @ LINEAR, 0.14182631581599, 711, id="linear on ours"),
        pytest.param(
            LESSON, nets.predict(LESSON.X, titanic.weights("start")), 0.26424450270227445, None, id="start"
        ),
        pytest.param(
            SHEET, nets.predict(SHEET.X, np.full((2, 10), 0.1)), 0.8910132976136, None, id="all 0.1"
        ),
        pytest.param(SHEET, np.full(712, SHEET.y.mean()), 288 * 424 / 712**2, 424, id="constant"),
        pytest.param(SHEET, 1 - column(SHEET, "Male"), None, 555, id="women survive, 712"),
        pytest.param(LESSON, 1 - column(LESSON, "Male"), None, 701, id="women survive, 891"),
    ],
)
def test_each_model_scores_as_published(data, pred, mse, right):
    if mse:
        assert nets.mse(pred, data.y).item() == pytest.approx(mse, abs=1e-9)
    if right:
        assert nets.accuracy(pred, data.y) * len(data.y) == pytest.approx(right, abs=1e-9)


def test_solvers_answer_has_its_published_digits_slopes_and_predictions():
    first = [-0.01776, -0.03468, -0.73516, 0.01163, 0.37314, 0.12011, -1.51492, 0.21198, -0.50048, 0.72173]
    second = [-0.07778, -0.01016, -0.52492, 0.07146, 0.37501, 0.20500, 2.81275, -0.67114, -0.49475, -2.11484]
    assert np.round(SOLVER, 5).tolist() == [first, second]
    slopes = gradient(nets.mse, SHEET, SOLVER)
    assert np.abs(slopes).max() == pytest.approx(3.82e-6, abs=0.5e-8)
    assert np.linalg.norm(slopes) == pytest.approx(5.69e-6, abs=0.5e-8)
    pred = nets.predict(SHEET.X, SOLVER).numpy()
    assert pred[:5] == pytest.approx([0.04651528, 0.96151018, 0.59524568, 0.88933807, 0.04187143], abs=0.5e-8)
    assert pred.sum() == pytest.approx(283.998667, abs=0.5e-6)
    assert pred.max() == pytest.approx(1.1566, abs=0.5e-4)


def test_solvers_net_has_split_the_passengers_by_port():
    fires = nets.lin(SHEET.X, SOLVER).numpy() > 0
    assert fires.mean(0) == pytest.approx([0.211, 0.706], abs=0.5e-3)
    assert not fires.all(1).any()
    assert (~fires).all(1).mean() == pytest.approx(0.083, abs=0.5e-3)
    assert nets.dead_units(SHEET.X, SOLVER) == []


def test_solvers_net_overstates_the_gap_between_the_sexes():
    right = nets.predict(SHEET.X, SOLVER).numpy() > 0.5
    lived, male = SHEET.y == 1, column(SHEET, "Male") == 1
    counts = [(right & lived).sum(), (right & ~lived).sum(), (~right & lived).sum(), (~right & ~lived).sum()]
    assert counts == [202, 52, 86, 372]
    for group, people, accuracy, true, predicted in (
        (male, 453, 0.8057, 0.2053, 0.0508),
        (~male, 259, 0.8069, 0.7529, 0.8919),
    ):
        assert group.sum() == people
        figures = (right == lived)[group].mean(), lived[group].mean(), right[group].mean()
        assert figures == pytest.approx((accuracy, true, predicted), abs=0.5e-4)


def test_all_weights_at_a_tenth_have_the_published_gradient():
    published = {
        "SibSp": 1.23385425, "Parch": 0.96485584, "Age_N": 0.56398924, "log_Fare": 2.01637964,
        "Pclass_1": 0.35464047, "Pclass_2": 0.35624144, "Embark_S": 1.22089256, "Embark_C": 0.21816777,
        "Male": 1.19902305, "Ones": 1.48499099,
    }  # fmt: skip
    for row in gradient(nets.mse, SHEET, np.full((2, 10), 0.1)):
        assert row == pytest.approx([published[name] for name in SHEET.columns], abs=3e-8)


def test_the_eleven_columns_span_what_the_ten_do():
    ours = LESSON.X[KNOWN]
    assert np.linalg.matrix_rank(LESSON.X) == np.linalg.matrix_rank(np.hstack([ours, SHEET.X])) == 10
    best = nets.linear_optimum(ours, SHEET.y)
    assert nets.mse(ours @ best, SHEET.y).item() == pytest.approx(0.1442271493073, abs=1e-9)
    assert nets.mse(ours @ best, SHEET.X @ SHEET_OPTIMUM).item() < 1e-18


def test_carried_over_weights_predict_the_same():
    ours, theirs = nets.predict(LESSON.X[KNOWN], CARRIED), nets.predict(SHEET.X, SOLVER)
    assert (ours - theirs).abs().max() < 1e-12


def test_fastais_linear_weights_are_the_exact_optimum():
    printed = [-0.054934, -0.013926, -0.512117, 0.048739, 0.352610, 0.182842, 0.030720, 0.096816, -0.483065,
               0.694412]  # fmt: skip
    assert SHEET_OPTIMUM == pytest.approx(printed, abs=6e-6)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("start", lambda: torch.rand(11, 2, dtype=torch.float64, generator=seeded(442)).T.numpy() - 0.5),
        ("linear", lambda: nets.linear_optimum(LESSON.X, LESSON.y)),
        ("nonnegative", lambda: nnls(LESSON.X, LESSON.y)[0]),
        ("logistic", lambda: nets.logistic_optimum(LESSON.X, LESSON.y)),
    ],
)
def test_shipped_weights_are_what_their_recipe_gives(name, made):
    assert titanic.weights(name) == pytest.approx(made(), abs=1e-12)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def test_the_shipped_trained_net_is_the_best_that_was_found():
    W = titanic.weights("trained")
    pred = nets.predict(LESSON.X, W)
    assert nets.mse(pred, LESSON.y) < 0.12779
    assert nets.accuracy(pred, LESSON.y) > 0.82
    assert nets.dead_units(LESSON.X, W) == []

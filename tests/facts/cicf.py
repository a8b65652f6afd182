"""Sections 1.1 to 1.3: CICF's notebooks of 2024 and 2026, their data, models and clean replays."""

import hashlib
from importlib.resources import files

import numpy as np
import torch

from tests.facts import notebooks
from tests.facts.fact import Fact, NotReproduced
from tests.facts.notebooks import X, Y, sigmoid, two_sets
from xlcicf.learn import titanic

CSV = (files("xlcicf.learn") / "data" / "titanic.csv").read_bytes()
RAW, FILLED = titanic.passengers(), titanic.filled()
BLANKS = RAW.isna().sum()
NAMES = {"Male": "Sex_male", "Female": "Sex_female"}  # ours -> the notebooks'


def mean(*columns: str) -> list[float]:
    """The means of our scaled columns."""
    return [notebooks.DATA.X[:, notebooks.DATA.columns.index(column)].mean() for column in columns]


DATA = [
    Fact("the file's bytes", "60,302", lambda: len(CSV)),
    Fact("the file's sha256", "4a437fde05fe5264", lambda: hashlib.sha256(CSV).hexdigest()[:16]),
    Fact("line ends that are not LF alone", "0", lambda: CSV.count(b"\r")),
    Fact("rows and columns", "891 12", lambda: RAW.shape),
    Fact("blanks in Age, Cabin, Embarked", "177 687 2", lambda: BLANKS[["Age", "Cabin", "Embarked"]]),
    Fact("blanks elsewhere", "0", lambda: BLANKS.drop(["Age", "Cabin", "Embarked"]).sum()),
    Fact("mode of Age", "24", lambda: FILLED["Age"][RAW["Age"].isna()].unique()),
    Fact("mode of Embarked", "S", lambda: " ".join(FILLED["Embarked"][RAW["Embarked"].isna()].unique())),
    Fact("mode of Cabin", "B96 B98", lambda: ", ".join(FILLED["Cabin"][RAW["Cabin"].isna()].unique())),
    Fact("Age filled: mean, standard deviation", "28.566970 13.199572", lambda: FILLED["Age"].agg(["mean", "std"])),
    Fact("Fare: mean, largest", "32.204208 512.3292", lambda: FILLED["Fare"].agg(["mean", "max"])),
    Fact("survived: passengers, rate", "342 0.383838", lambda: [Y.sum(), Y.mean()]),
    Fact("LogFare: mean, largest", "2.962246 6.240917", lambda: [mean("LogFare")[0] * np.log(513.3292), np.log(FILLED["Fare"].max() + 1)]),
    Fact("the 12 columns", "Age SibSp Parch LogFare Sex_male Sex_female Pclass_1 Pclass_2 Pclass_3 Embarked_C Embarked_Q Embarked_S",
         lambda: " ".join(NAMES.get(name, name) for name in titanic.NOTEBOOK)),
    Fact("what Age, SibSp, Parch and LogFare are divided by", "80 8 6 6.2409",
         lambda: FILLED.assign(LogFare=np.log(FILLED["Fare"] + 1))[["Age", "SibSp", "Parch", "LogFare"]].max()),
    Fact("the first row, scaled", "0.2750 0.1250 0 0.3381 1 0 0 0 1 0 0 1", lambda: notebooks.DATA.X[0]),
    Fact("means of male, female", "0.647587 0.352413", lambda: mean("Male", "Female")),
    Fact("means of Pclass_1 to Pclass_3", ".242424 .206510 .551066", lambda: mean("Pclass_1", "Pclass_2", "Pclass_3")),
    Fact("means of Embarked_C, Embarked_Q", ".188552 .086420", lambda: mean("Embarked_C", "Embarked_Q")),
    Fact("mean of Embarked_S before its two blanks are filled", ".722783", lambda: (RAW["Embarked"] == "S").mean()),
    Fact("first passengers held out, split seed 42", "303 778 531 385 134 476 691 443", lambda: titanic.random_split(891)[1][:8]),
]  # fmt: skip


def at(function, *point: float) -> list[float]:
    """The function's value at a point and its slopes there, by torch."""
    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    value = function(*inputs)
    return [value.item(), *(slope.item() for slope in torch.autograd.grad(value, inputs))]


MODELS = [
    Fact("x² at 3, and its slope", "9 6", lambda: at(lambda x: x**2, 3)),
    Fact("slopes of x³ + xy + eᶻ at (5, -2.5, .5)", "72.5 5 1.648721",
         lambda: at(lambda x, y, z: x**3 + x * y + z.exp(), 5, -2.5, 0.5)[1:]),
    Fact("weights and biases of net A", "24 2", lambda: [p.numel() for p in notebooks.linear_12_2().parameters()]),
    Fact("rows of the 2024 split", "713 178", lambda: [len(rows) for rows in titanic.random_split(891)]),
    Fact("rows of the 2026 split", "712 179", lambda: [len(rows) for rows in notebooks.split_2026()]),
]  # fmt: skip


def at_the_start(loss) -> tuple[float, list[torch.Tensor]]:
    """A loss of net A with its first weights over all rows, and its slopes by weights and biases."""
    net = notebooks.linear_12_2()
    value = loss(two_sets(net, X) - Y)
    return value.item(), torch.autograd.grad(value, list(net.parameters()))


def first_set(unit: int) -> list[float]:
    """The 12 weights and the bias with which one of the two sets starts."""
    weight, bias = notebooks.linear_12_2().parameters()
    return [*weight[unit].tolist(), bias[unit].item()]


REPLAY = [
    Fact("first weights of set 1, bias last", "-.1173 .2466 .2275 .2314 -.1507 .1053 -.0708 -.2079 .0194 -.0628 .0422 .1790 .0493", lambda: first_set(0)),
    Fact("first weights of set 2, bias last", ".0940 .2245 -.1496 -.2016 -.1398 .0969 -.0097 -.0817 -.1263 .2669 .1418 -.2190 .2144", lambda: first_set(1)),
    Fact("mean absolute error at the start", "0.366001374", lambda: at_the_start(lambda e: e.abs().mean())[0]),
    Fact("sum of absolute errors at the start", "326.107224458", lambda: at_the_start(lambda e: e.abs().sum())[0]),
    Fact("mean squared error at the start", "0.216439016", lambda: at_the_start(lambda e: (e**2).mean())[0]),
    Fact("its slopes by set 1", "-.0847 .0110 -.0030 -.1272 -.0290 -.1912 -.1369 -.1243 .0410 -.0382 -.0126 -.1695",
         lambda: at_the_start(lambda e: (e**2).mean())[1][0][0]),
    Fact("2024: loss in loops 1 and 10", "0.290712 0.289641", lambda: notebooks.year_2024().losses[::9]),
    Fact("2024: right of 178, accuracy", "131 0.73596", lambda: [notebooks.year_2024().right, notebooks.year_2024().accuracy]),
    Fact("2026: losses of the ten loops", ".366034 .363477 .360963 .358654 .356382 .354130 .351901 .349689 .347509 .345326",
         lambda: notebooks.year_2026().losses),
    Fact("2026: right of 179, accuracy", "124 0.692737", lambda: [notebooks.year_2026().right, notebooks.year_2026().accuracy]),
]  # fmt: skip


SPLIT_2024 = titanic.random_split(891)
FOUR_DIGITS = "from the weights that the notebook prints after it, to four digits"


def loss_2024(predict, net) -> float:
    """The mean absolute error over the 713 rows."""
    return notebooks.mae(predict(net, X[SPLIT_2024[0]]), Y[SPLIT_2024[0]]).item()


def accuracy_2024(predict, net) -> list[float]:
    """(right of the 178 held out, their share)."""
    right = notebooks.right(predict, net, SPLIT_2024[1])
    return [right, right / 178]


def accuracy_2026() -> list[float]:
    """(right of the 179 held out, their share), by net A as it is printed."""
    right = notebooks.right(two_sets, notebooks.net_a_2026(), notebooks.split_2026()[1])
    return [right, right / 179]


def slip_at_the_start() -> list[float]:
    """Mean absolute and squared error over all rows of net B drawn at once after the seed, each with each."""
    errors = notebooks.each_with_each(notebooks.net_b_of_the_seed()(X), Y)
    return [errors.abs().mean().item(), (errors**2).mean().item()]


def slip_2024() -> float:
    """The mean of the 713 x 713 absolute errors of net B as it is printed."""
    training = SPLIT_2024[0]
    return notebooks.each_with_each(notebooks.net_b_2024()(X[training]), Y[training]).abs().mean().item()


# What is printed next to other cells than those that made it: which run of which net it is.
PRINTED = [
    Fact("2024: net A: last loss", ".211279", lambda: loss_2024(two_sets, notebooks.net_a_2024()), within=1e-4, because=FOUR_DIGITS),
    Fact("2024: net A: right of 178, accuracy", "147 0.82584", lambda: accuracy_2024(two_sets, notebooks.net_a_2024())),
    Fact("2024: net A with a sigmoid: loss", ".4546", lambda: loss_2024(sigmoid, notebooks.net_a_2024_with_sigmoid()), within=1e-4, because=FOUR_DIGITS),
    Fact("2024: net A with a sigmoid: accuracy", "0.82584", lambda: accuracy_2024(sigmoid, notebooks.net_a_2024_with_sigmoid())[1]),
    Fact("2024: net B: last loss, each with each", ".3795", slip_2024, within=1.5e-4, because=FOUR_DIGITS),
    Fact("2024: net B: accuracy, each with each", "0.59551", lambda: notebooks.accuracy_each_with_each(notebooks.net_b_2024(), SPLIT_2024[1])),
    Fact("2026: “loss at the start” and its square: net B's, drawn at once after the seed, each with each", ".5648 .3981", slip_at_the_start),
    Fact("2026: net A: right of 179, accuracy", "132 0.73743", accuracy_2026),
    Fact("2026: net A with a sigmoid: loss in loops 1 and 20", ".4895 .4866", lambda: notebooks.sigmoid_2026().losses[:20:19]),
    Fact("2026: “net A”: loss first and last: loops 31 and 40 with a sigmoid", ".484938 .483663", lambda: notebooks.sigmoid_2026().losses[30::9], within=3e-6,
         because="from weights that are printed before it, to four digits"),
    Fact("2026: net A with a sigmoid: accuracy", "0.47486", lambda: notebooks.sigmoid_2026().accuracy),
    Fact("2026: net B: first loss, each with each", ".4787", lambda: notebooks.net_b_2026()[0]),
    Fact("2026: net B: accuracy, each with each", "0.57692", lambda: notebooks.net_b_2026()[1]),
    Fact("2026: whole numbers of 179 that would have that accuracy", "0", lambda: sum(round(k / 179, 5) == 0.57692 for k in range(180))),
]  # fmt: skip
NOT_REPRODUCED = [
    NotReproduced("2026: coefficients of the fitted quadratic", "-0.498 0.975 1.887", "its points are drawn without a seed"),
    NotReproduced("2024: net A: first loss", ".212425", "loops were run before it that are not recorded; the first of a clean run is another",
                  lambda: notebooks.year_2024().losses[0]),
    NotReproduced("2024: net B: first loss", ".3796", "loops were run before it that are not recorded, on a net drawn where the generator then stood"),
]  # fmt: skip
FACTS = {"1.1 data": DATA, "1.2 models": MODELS, "1.2 printed figures": PRINTED, "1.3 clean replay": REPLAY}

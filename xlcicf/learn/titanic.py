"""The Titanic's passengers as the lesson prepares them for a net, and the weights shipped with it."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
import torch

# The columns of this project's net. They span the same space as the ten of fast.ai's sheet, and the full
# sets of dummies already give a constant, so the net needs no bias.
LESSON = (
    "Age", "SibSp", "Parch", "LogFare", "Male",
    "Pclass_1", "Pclass_2", "Pclass_3", "Embarked_C", "Embarked_Q", "Embarked_S",
)  # fmt: skip
# Those of the lesson's notebook and of fast.ai's titanic.xlsx, in their order.
NOTEBOOK = (
    "Age", "SibSp", "Parch", "LogFare", "Male", "Female",
    "Pclass_1", "Pclass_2", "Pclass_3", "Embarked_C", "Embarked_Q", "Embarked_S",
)  # fmt: skip
FASTAI_SHEET = (
    "SibSp", "Parch", "Age_N", "log_Fare", "Pclass_1", "Pclass_2", "Embark_S", "Embark_C", "Male", "Ones",
)  # fmt: skip


@dataclass(frozen=True)
class Data:
    """What a net is trained on: X (rows, columns) and y (rows,), 1 for who survived, float64."""

    columns: tuple[str, ...]
    X: np.ndarray
    y: np.ndarray


def passengers() -> pd.DataFrame:
    """The 891 passengers as the shipped titanic.csv has them, blanks as NaN (891, 12)."""
    with (files("xlcicf.learn") / "data" / "titanic.csv").open(encoding="utf-8") as csv:
        # Python's float() gives the nearest double, as a spreadsheet does; pandas' own reader may miss it.
        exact = {"Age": lambda text: float(text or "nan"), "Fare": float}
        return pd.read_csv(csv, converters=exact)


def filled() -> pd.DataFrame:
    """The passengers with every blank filled by its column's mode: Age 24, Embarked S, Cabin B96 B98."""
    people = passengers()
    return people.fillna(people.mode().iloc[0])


def lesson() -> Data:
    """This project's eleven columns of all 891 passengers, each divided by its maximum (891, 11)."""
    return _data(_divided_by_maximum(_derived(filled())), LESSON)


def notebook() -> Data:
    """The twelve columns of the lesson's notebook, each divided by its maximum (891, 12)."""
    return _data(_divided_by_maximum(_derived(filled())), NOTEBOOK)


def fastai_sheet() -> Data:
    """The ten columns of fast.ai's titanic.xlsx (712, 10), of the passengers whose age and port are known.

    There only the age is divided by its maximum, SibSp and Parch stay as they are, the fare's log is LOG10.
    """
    people = _derived(passengers().dropna(subset=["Age", "Embarked"]))
    people["Age_N"] = people["Age"] / people["Age"].max()
    people["log_Fare"] = np.log10(people["Fare"] + 1)
    people["Ones"] = 1
    return _data(people.rename(columns={"Embarked_S": "Embark_S", "Embarked_C": "Embark_C"}), FASTAI_SHEET)


def random_split(rows, valid_share=0.2, seed=42) -> tuple[np.ndarray, np.ndarray]:
    """(training rows, validation rows) as fastai's RandomSplitter draws them: 713 and 178 of the 891."""
    order = torch.randperm(rows, generator=torch.Generator().manual_seed(seed)).numpy()
    cut = int(valid_share * rows)
    return order[cut:], order[:cut]


def weights(name) -> np.ndarray:
    """Weights that ship in data/titanic_weights.json, so that no build trains anything.

    "start"     (2, 11) where titanic.xlsx stands before training: torch's rand - .5 under seed 442
    "solver"    (2, 10) where Excel's Solver stopped on fast.ai's sheet: its weights to five digits as known,
                further digits such that its published loss, slopes and predictions come out
    "linear"    (11,)   the exact linear optimum, the shortest of the many (the columns have rank 10)
    "nonnegative" (11,) the linear optimum of weights that are at least 0, which is but one
    "logistic"  (11,)   the logistic regression, likewise
    "trained"   (2, 11) the best net found from 1,500 starts, polished by 600 more around it
    """
    return np.array(_weights()[name])


def run() -> dict:
    """A training run that ships in data/titanic_run.json: 20 starts of L-BFGS under seed 0, a fifth held out.

    facts           what a book's history notes of a run
    start, weights  before and after it, (2, 11)
    won, ends       (step, loss) of the start that won; (steps, loss) where each start ended; of
                    the same run made again, on another machine, which rounds in its own way
    """
    return json.loads((files("xlcicf.learn") / "data" / "titanic_run.json").read_text(encoding="utf-8"))


def carried_over(solver) -> np.ndarray:
    """Weights of fast.ai's ten columns (2, 10) as weights of the lesson's eleven (2, 11).

    The predictions stay the same: each weight grows by what its column was divided by, and the constant goes
    to the three classes.
    """
    w = dict(zip(FASTAI_SHEET, np.asarray(solver).T, strict=True))
    people = _derived(filled())
    new = {
        "Age": w["Age_N"],
        "SibSp": w["SibSp"] * people["SibSp"].max(),
        "Parch": w["Parch"] * people["Parch"].max(),
        "LogFare": w["log_Fare"] * people["LogFare"].max() / np.log(10),
        "Male": w["Male"],
        "Pclass_1": w["Pclass_1"] + w["Ones"],
        "Pclass_2": w["Pclass_2"] + w["Ones"],
        "Pclass_3": w["Ones"],
        "Embarked_C": w["Embark_C"],
        "Embarked_Q": np.zeros(2),
        "Embarked_S": w["Embark_S"],
    }
    return np.array([new[column] for column in LESSON]).T


@cache
def _weights():
    return json.loads((files("xlcicf.learn") / "data" / "titanic_weights.json").read_text(encoding="utf-8"))


def _derived(people) -> pd.DataFrame:
    """The passengers with what each row alone says: the natural log of the fare + 1, and 0/1 columns."""
    levels = {"Sex": ("male", "female"), "Pclass": (1, 2, 3), "Embarked": ("C", "Q", "S")}
    dummies = {f"{c}_{level}": (people[c] == level).astype(float) for c in levels for level in levels[c]}
    return people.assign(LogFare=np.log(people["Fare"] + 1), **dummies).rename(
        columns={"Sex_male": "Male", "Sex_female": "Female"}
    )


def _divided_by_maximum(people):
    """`people` with each column of numbers between 0 and 1."""
    numbers = people[list(dict.fromkeys(LESSON + NOTEBOOK))]
    return people.assign(**(numbers / numbers.max()))


def _data(people, columns) -> Data:
    return Data(columns, people[list(columns)].to_numpy(float), people["Survived"].to_numpy(float))

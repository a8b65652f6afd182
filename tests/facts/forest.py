"""Section 1.5: CICF's week 11, trees and forests on the same passengers, run again with scikit-learn."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from tests.facts.fact import Fact, NotReproduced
from xlcicf.learn import titanic

COLUMNS = ["Sex", "Embarked", "Age", "SibSp", "Parch", "LogFare", "Pclass"]


@dataclass(frozen=True)
class Split:
    """Training and validation rows, and numpy's generator as it stands after drawing them."""

    X: pd.DataFrame
    y: pd.Series
    valid_X: pd.DataFrame
    valid_y: pd.Series
    generator: tuple

    def error(self, says) -> float:
        """The mean absolute error on the validation rows: the error rate of a yes or no."""
        return np.abs(self.valid_y - np.asarray(says, float)).mean()


@cache
def split() -> Split:
    """As the notebook draws it: numpy's old generator with seed 42, a quarter of the rows held out."""
    from sklearn.model_selection import train_test_split

    people = titanic.filled()
    people["LogFare"] = np.log1p(people["Fare"])
    for name in ("Sex", "Embarked"):
        people[name] = pd.Categorical(people[name]).codes
    np.random.seed(42)
    training, valid = train_test_split(people, test_size=0.25)
    return Split(
        training[COLUMNS], training["Survived"], valid[COLUMNS], valid["Survived"], np.random.get_state()
    )


@cache
def bagged_then_forest() -> tuple[float, float]:
    """(error of 100 bagged trees, error of the forest fitted after them), with the split's generator."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier

    data = split()
    np.random.set_state(data.generator)
    DecisionTreeClassifier(max_leaf_nodes=4).fit(data.X, data.y)  # the tree that the notebook draws first
    votes = []
    for _ in range(100):
        rows = np.random.choice(len(data.y), int(len(data.y) * 0.75))
        tree = DecisionTreeClassifier(min_samples_leaf=5).fit(data.X.iloc[rows], data.y.iloc[rows])
        votes.append(tree.predict(data.valid_X))
    forest = RandomForestClassifier(100, min_samples_leaf=5).fit(data.X, data.y)
    return data.error(np.mean(votes, 0)), data.error(forest.predict(data.valid_X))


def score(column: str, at: float) -> float:
    """The spread of survival on both sides of a split, weighted by their sizes; less is better."""
    data = split()
    left = data.X[column] <= at
    sides = (data.y[left], data.y[~left])
    return sum(side.std() * len(side) for side in sides if len(side) > 1) / len(data.y)


def best(column: str) -> tuple[float, float]:
    """(where to split a column, the score there)."""
    scores = {at: score(column, at) for at in split().X[column].unique()}
    return min(scores.items(), key=lambda item: item[1])


FOREST = [
    Fact("rows held out", "223", lambda: len(split().valid_y)),
    Fact("error of “women survive”", "0.21525", lambda: split().error(split().valid_X["Sex"] == 0)),
    Fact("error of LogFare > 2.7", "0.33632", lambda: split().error(split().valid_X["LogFare"] > 2.7)),
    Fact("error of a forest of 100 trees, 5 a leaf", "0.18834", lambda: bagged_then_forest()[1]),
    Fact("score of Sex", ".40788", lambda: score("Sex", 0.5)),
    Fact("score of LogFare at 2.7", ".47181", lambda: score("LogFare", 2.7)),
    Fact("best split of LogFare, its score", "2.439 .46208", lambda: best("LogFare")),
    Fact("best split of Pclass, its score", "2 .46048", lambda: best("Pclass")),
    Fact("best split of Age, its score", "6 .47832", lambda: best("Age")),
]  # fmt: skip
NOT_REPRODUCED = [
    NotReproduced("error of 100 bagged trees", "0.22749",
                  "the generator then stood where cells run before had left it; run in order, 5 of the 22,300 votes differ",
                  lambda: bagged_then_forest()[0]),
]  # fmt: skip
FACTS = {"1.5 week 11": FOREST}

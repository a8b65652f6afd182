"""Week 11's question, the Titanic's table by a random forest, beside the net on the same rows.

`python -m xlcicf.learn.forest` grows the forest anew and writes its scores into the package; it needs
scikit-learn, which the package itself does not.
"""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch

from xlcicf.learn import nets, titanic
from xlcicf.learn.layers import one_thread

FILE = "titanic_forest.json"
SEED, TREES, LEAF, HELD_OUT = 42, 100, 5, 0.25  # those of the lesson's notebook random-forest.ipynb
OTHER_SEEDS = range(20)
STARTS = 20  # of the net


def scores() -> dict:
    """What ships in data/titanic_forest.json.

    seed, trees, leaf   of the forest; `leaf` is the fewest passengers in one
    learned_from        how many of the 891 passengers it learned from, drawn with the seed
    held_out            how many it is scored on: the others
    loss, error, right  its mean squared error, mean absolute error and how often it is right there
    right_of_seeds      [fewest, most] right there of forests with the seeds 0 to 19
    net_right           the same of the book's net of two ReLUs, the best of 20 starts
    women_right         the same of “women survive”
    """
    return json.loads((files("xlcicf.learn") / "data" / FILE).read_text(encoding="utf-8"))


def grow() -> dict:
    """What `scores` tells, computed anew with scikit-learn; seven columns for the forest, as in week 11."""
    columns, survived = week_11()
    training, held_out = split(len(survived))
    truth = survived[held_out]

    def says(seed: int) -> np.ndarray:
        from sklearn.ensemble import RandomForestClassifier

        forest = RandomForestClassifier(TREES, min_samples_leaf=LEAF, random_state=seed)
        forest.fit(columns[training], survived[training])
        return np.asarray(forest.predict_proba(columns[held_out]))[:, 1]

    probability = says(SEED)
    others = [right(says(seed), truth) for seed in OTHER_SEEDS]
    net = net_of(titanic.lesson().X[training], survived[training])
    return {
        "seed": SEED,
        "trees": TREES,
        "leaf": LEAF,
        "learned_from": len(training),
        "held_out": len(held_out),
        "loss": round(float(((probability - truth) ** 2).mean()), 5),
        "error": round(float(np.abs(probability - truth).mean()), 5),
        "right": right(probability, truth),
        "right_of_seeds": [min(others), max(others)],
        "net_right": right(nets.predict(titanic.lesson().X[held_out], net).numpy(), truth),
        "women_right": right(titanic.filled()["Sex"].to_numpy()[held_out] == "female", truth),
    }


def week_11() -> tuple[np.ndarray, np.ndarray]:
    """Sex, Embarked, Age, SibSp, Parch, LogFare, Pclass of all passengers (891, 7), and who survived (891,).

    Sex and Embarked are numbered in the order of the alphabet.
    """
    people = titanic.filled()
    numbered = [np.unique(people[name].to_numpy(str), return_inverse=True)[1] for name in ("Sex", "Embarked")]
    measured = [people[name] for name in ("Age", "SibSp", "Parch")]
    table = np.column_stack([*numbered, *measured, np.log1p(people["Fare"]), people["Pclass"]])
    return table, people["Survived"].to_numpy(float)


def split(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """(training rows, held-out rows), as scikit-learn's train_test_split draws them: 668 and 223 of 891."""
    order = np.random.RandomState(SEED).permutation(rows)
    count = int(np.ceil(HELD_OUT * rows))
    return order[count:], order[:count]


def net_of(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights (2, 11) of the book's net: the lowest mean squared error on X (rows, 11) of 20 drawn starts."""
    from scipy.optimize import minimize

    target = torch.from_numpy(y)

    def loss_and_slopes(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = torch.tensor(flat.reshape(2, -1), requires_grad=True)
        loss = ((nets.predict(X, weights) - target) ** 2).mean()
        (slopes,) = torch.autograd.grad(loss, weights)
        return loss.item(), slopes.numpy().ravel()

    drawn = np.random.default_rng(SEED).uniform(-0.5, 0.5, (STARTS, 2 * X.shape[1]))
    with one_thread():
        runs = [minimize(loss_and_slopes, start, jac=True, method="L-BFGS-B") for start in drawn]
    return min(runs, key=lambda run: run.fun).x.reshape(2, -1)


def right(prediction: np.ndarray, truth: np.ndarray) -> int:
    """How many predictions (rows,) are on the side of 0.5 that `truth` (rows,) is on."""
    return int(((prediction > 0.5) == truth).sum())


def main() -> None:
    """Grows the forest and writes its scores into the package."""
    found = grow()
    print(json.dumps(found))
    path = Path(__file__).with_name("data") / FILE
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

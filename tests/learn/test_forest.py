"""Week 11's random forest: its shipped scores are those that scikit-learn gives, on the notebook's own split."""

import numpy as np
import pytest

from tests.facts import forest as notebook
from xlcicf.learn import forest, nets, titanic


def test_the_shipped_scores_come_out_again():
    assert forest.grow() == forest.scores()


def test_the_rows_are_those_of_the_lessons_notebook():
    theirs, (training, held_out) = notebook.split(), forest.split(891)
    table, survived = forest.week_11()
    assert (theirs.X.index == training).all() and (theirs.valid_X.index == held_out).all()
    np.testing.assert_allclose(table[held_out], theirs.valid_X.to_numpy(float), rtol=1e-12)
    assert (survived[training] == theirs.y).all()


def test_the_net_beside_it_is_at_rest_on_the_rows_it_learned_from():
    training, _ = forest.split(891)
    X, y = titanic.lesson().X[training], titanic.lesson().y[training]
    weights = forest.net_of(X, y)
    line = np.linalg.lstsq(X, y, rcond=None)[0]
    assert nets.mse(nets.predict(X, weights), y) < ((X @ line - y) ** 2).mean()


def test_women_survive_is_as_often_right_as_the_notebook_says():
    scores = forest.scores()
    assert 1 - scores["women_right"] / scores["held_out"] == pytest.approx(0.21525, abs=5e-6)


def test_a_prediction_of_one_half_says_no():
    assert forest.right(np.array([0.5, 0.6, 0.4]), np.array([0.0, 1.0, 1.0])) == 2

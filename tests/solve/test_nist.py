"""NIST's certified parameters and standard deviations, from both published starts, with no options."""

import pytest

from tests.solve.models.nist import CONSTRAINED, MADE_OF_ROUNDING, POSITIVE, REGRESSIONS, WRITTEN_OTHERWISE
from tests.solve.models.trained import assert_solved, by_command_line, by_library, digits, parameters

by_model = pytest.mark.parametrize(
    "model", [*REGRESSIONS, *POSITIVE, *WRITTEN_OTHERWISE, *CONSTRAINED], ids=lambda model: model.name
)


@by_model
def test_the_command_line_finds_what_is_certified(model, tmp_path, capsys, measured):
    known = model.answer()
    path = model.save(tmp_path / "fit.xlsx")
    code, told = by_command_line(capsys, path)
    values = assert_solved(model, known, code, told, path)
    _, _, errors = parameters(told)
    least = digits(values, known.values).min(), digits(errors, known.errors).min()
    measured(f"digits of parameters, standard errors: {model.name}", "{:.1f}, {:.1f}".format(*least))
    assert digits(values, known.values).min() >= 8
    if not model.name.startswith(MADE_OF_ROUNDING):
        assert digits(errors, known.errors).min() >= 6
        assert digits(told["after"], known.objective) >= 8
    assert "least squares" in told["method"].replace("-", " ")


@by_model
def test_the_library_finds_what_is_certified(model, tmp_path):
    values = by_library(model.save(tmp_path / "fit.xlsx"))
    assert digits(values, model.answer().values).min() >= 8

"""Central differences' steps: small enough for how a function bends, large enough for its rounding."""

import numpy as np
import pytest

from xlcicf.solve.differences import central_differences, fitting_steps


@pytest.mark.parametrize("size", [1e-7, 1e-4, 1e-2, 1.0, 1e3, 1e6])
def test_a_step_fits_a_coordinate_of_any_size_that_the_function_bends_at(size):
    """Beside 2 the function has its lowest point, where the slope says nothing of how large a step may be."""

    def value(v: np.ndarray) -> float:
        return float(np.exp(v[0] / size) + (v[1] - 3) ** 2 + np.exp(2) * size / v[0])

    def slopes(v: np.ndarray) -> np.ndarray:
        return np.array([np.exp(v[0] / size) / size - np.exp(2) * size / v[0] ** 2, 2 * (v[1] - 3)])

    for at in (2.0, 1.2564312086, 1.2):
        v = np.array([at * size, 1e-3])
        gradient = slopes(v)
        steps = fitting_steps(v, value(v), gradient, slopes)
        scale = max(1.0, np.abs(gradient).max(), 1e-2 / size)
        assert np.abs(central_differences(value, v, steps) - gradient).max() / scale < 1e-6

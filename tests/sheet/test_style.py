"""Colours: whoever cannot tell red from green, or blue from yellow, can tell these apart."""

from itertools import combinations

import numpy as np
import pytest

from xlcicf.sheet import style

# Machado, Oliveira, Fernandes 2009, severity 1: linear RGB as the three kinds of colour blindness see it
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900],
    ],
}  # fmt: skip
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
NOTICEABLE = 6  # a CIE 1976 difference of 2.3 is just noticeable

TOGETHER = {
    "roles": [style.BLUE_TINT, style.ORANGE_TINT, style.WHITE, style.GREEN_TINT, style.YELLOW_TINT],
    "weights": [style.BELOW_ZERO, style.WHITE, style.ABOVE_ZERO],
    "status": [style.WHITE, style.GREEN_TINT, style.RED_TINT],
    "bars": [style.BLUE, style.ORANGE],
}


def lab(colour: str, sight) -> np.ndarray:
    """CIE L*a*b* of "RRGGBB" as seen."""
    srgb = np.array([int(colour[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(np.array(sight) @ linear, 0, 1) / XYZ.sum(1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", list(SIGHT.values()), ids=list(SIGHT))
@pytest.mark.parametrize("colours", list(TOGETHER.values()), ids=list(TOGETHER))
def test_colours_that_stand_together_differ_for_every_eye(colours, sight):
    for one, other in combinations(colours, 2):
        assert np.linalg.norm(lab(one, sight) - lab(other, sight)) > NOTICEABLE, (one, other)


def test_the_measure_of_difference_is_right():
    assert lab("FFFFFF", SIGHT["normal"]) == pytest.approx([100, 0, 0], abs=1e-3)
    assert lab("FF0000", SIGHT["normal"]) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)

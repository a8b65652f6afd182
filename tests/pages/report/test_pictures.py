"""Pictures of a report: what is drawn is what was fitted, all letters are in the picture, and none lie on others."""

import io
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.colors import to_hex
from PIL import Image

from xlcicf.errors import XlcicfError
from xlcicf.formula.address import Area
from xlcicf.pages.report import pictures
from xlcicf.pages.report.pictures import binding_picture, fit_picture, residuals_picture
from xlcicf.sheet.style import BLUE, ORANGE, RED
from xlcicf.solve.fitted import Curve, Fitted

FAR, NEAR = np.array([9.0, 4, 6, 2]), np.array([1.0, 0.5, 0.5, 1])


def fitted(**others) -> Fitted:
    column = lambda letter: Area("S", 2, letter, 5, letter)  # noqa: E731
    x, y = np.array([4.0, 1, 3, 0]), np.array([9.0, 2, 8, 1.5])
    predicted = 1 + 2 * x
    return replace(
        Fitted(
            column(3), column(2), column(1), x, y, predicted, y - predicted,
            np.column_stack([predicted - NEAR, predicted + NEAR]),
            np.column_stack([predicted - FAR, predicted + FAR]),
            0.95, None, "Time", "Distance",
        ),
        **others,
    )  # fmt: skip


def without_bands() -> Fitted:
    nothing = np.full((4, 2), np.nan)
    why = "Net!P11, Net!P12, Net!P13 and 888 more stand at a corner of MAX, IF or ABS, where slopes change"
    return fitted(curve=nothing, new=nothing, why=why)


MIX = [
    ("Mix!B10 <= Mix!D10", 480.0, "<=", 600.0, False),
    ("Mix!B11 <= Mix!D11", 600.0, "<=", 600.0, True),
    ("Mix!B12 >= Mix!D12", 150.0, ">=", 100.0, False),
]
PLAN = [
    (f"'Plan of transport'!F{i} <= 'Plan of transport'!H{i}", 10.0 * min(i, 36), "<=", 10.0 * (i if i > 36 else 36), i >= 36 and i % 4 == 0)
    for i in range(1, 41)
]  # fmt: skip
ODD = [
    ("S!A1 <= 0", -5.0, "<=", 0.0, False),
    ("S!A2 = 4", 4.0, "=", 4.0, True),
    ("S!A3 <= 4", 7.0, "<=", 4.0, False),
    ("S!A4 >= -2", 1.0, ">=", -2.0, False),
    ("S!A5 = 0", 0.0, "=", 0.0, True),
    ("S!A6 int", 3.0, "int", None, False),
    ("'A sheet whose name is as long as it may be'!$A$1:$A$9 <= SUM('Another one of that kind'!$B$1)", 1e9, "<=", 1.23456789e12, False),
]  # fmt: skip
LONG = "Umsatz in $ je m$^2$ und Monat, ohne Steuern, mit allem, was sonst dazu gehört (売上)"

DRAWN = {
    "along x": (fit_picture, fitted()),
    "beside predictions": (fit_picture, fitted(x=None, across=None, x_name=None)),
    "without bands": (fit_picture, without_bands()),
    "long names": (fit_picture, fitted(x_name=LONG, y_name=LONG)),
    "huge numbers": (fit_picture, fitted(x=1e7 + np.arange(4.0), y=1e12 * np.arange(4))),
    "residuals": (residuals_picture, fitted()),
    "residuals beside predictions": (residuals_picture, fitted(x=None, x_name=None)),
    "residuals without bands": (residuals_picture, without_bands()),
    "three constraints": (binding_picture, MIX),
    "forty constraints": (binding_picture, PLAN),
    "odd constraints": (binding_picture, ODD),
    "one constraint": (binding_picture, MIX[:1]),
}
by_picture = pytest.mark.parametrize(("draw", "of"), DRAWN.values(), ids=DRAWN)


@contextmanager
def drawing(draw, *args):
    """The figure before it is a file."""
    with pictures._our_look():
        figure = draw.__wrapped__(*args)
        figure.canvas.draw()
        yield figure


def texts(figure):
    """The letters of a picture, as rectangles of pixels."""
    from matplotlib.text import Text

    found = [one for one in figure.findobj(Text) if one.get_visible() and one.get_text().strip()]
    axes = figure.axes[0]
    ticks = [*axes.get_xticklabels(), *axes.get_yticklabels()]
    boxes = {one: one.get_window_extent() for one in found}
    inside = axes.bbox.padded(2)
    return {
        one.get_text(): box
        for one, box in boxes.items()
        if one not in ticks or inside.x0 <= (box.x0 + box.x1) / 2 <= inside.x1 or inside.y0 <= (box.y0 + box.y1) / 2 <= inside.y1
    }  # fmt: skip


@by_picture
def test_a_picture_is_a_png_800_pixels_wide_or_more_with_the_same_bytes_each_time(draw, of):
    png = draw(of)
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG" and picture.width >= 800
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 8
    with rc_context({"font.size": 30, "axes.facecolor": "black", "savefig.dpi": 10, "font.family": "serif"}):
        assert draw(of) == png


@by_picture
def test_all_letters_are_within_the_picture_and_none_lie_on_others(draw, of):
    with drawing(draw, of) as figure:
        found = texts(figure)
        assert len(found) > 4
        for text, box in found.items():
            assert box.x0 >= 0 and box.y0 >= 0, text
            assert box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, text
        for (one, box), (other, another) in combinations(found.items(), 2):
            assert not box.overlaps(another.shrunk(0.9, 0.9)), (one, other)


def test_letters_can_be_read_at_800_pixels():
    for draw, of in DRAWN.values():
        with drawing(draw, of) as figure:
            assert min(box.height for box in texts(figure).values()) * 800 / figure.bbox.width >= 7


def test_the_curve_goes_along_x_with_its_bands_and_the_data_are_dots():
    given = fitted()
    order = np.argsort(given.x)
    with drawing(fit_picture, given) as figure:
        (axes,) = figure.axes
        low, high, model = (line.get_xydata() for line in axes.lines)
        assert model.tolist() == np.column_stack([given.x, given.predicted])[order].tolist()
        for line, ends in ((low, given.new[:, 0]), (high, given.new[:, 1])):
            assert line.tolist() == np.column_stack([given.x, ends])[order].tolist()
        band, dots = axes.collections
        corners = band.get_paths()[0].vertices
        for x, (bottom, top) in zip(given.x, given.curve, strict=True):
            assert [x, bottom] in corners.tolist() and [x, top] in corners.tolist()
        assert dots.get_offsets().tolist() == np.column_stack([given.x, given.y]).tolist()
        assert {axes.get_xlabel(), axes.get_ylabel()} == {"Time", "Distance"}


def test_a_curve_that_is_known_between_the_data_is_drawn():
    x = np.linspace(0, 4, 50)
    ends = np.column_stack([x - 1, x + 1])
    with drawing(fit_picture, fitted(along=Curve(x, 1 + 2 * x, ends, 2 * ends))) as figure:
        (axes,) = figure.axes
        low, high, model = (line.get_xydata() for line in axes.lines)
        assert model.tolist() == np.column_stack([x, 1 + 2 * x]).tolist()
        assert low.tolist() == np.column_stack([x, 2 * ends[:, 0]]).tolist()
        assert len(axes.collections[1].get_offsets()) == 4


def test_without_x_data_stand_beside_predictions():
    given = fitted(x=None, x_name=None)
    with drawing(fit_picture, given) as figure:
        (axes,) = figure.axes
        assert (
            axes.collections[-1].get_offsets().tolist()
            == np.column_stack([given.predicted, given.y]).tolist()
        )
        assert axes.get_xlabel() == "what the model predicts"


def test_names_that_are_given_stand_at_the_axes():
    with drawing(fit_picture, fitted(), "Weeks", "Kilometres") as figure:
        assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("Weeks", "Kilometres")


def test_residuals_are_dots_around_a_line_at_0():
    given = fitted()
    with drawing(residuals_picture, given) as figure:
        (dots,) = figure.axes[0].collections
        assert dots.get_offsets().tolist() == np.column_stack([given.x, given.residual]).tolist()
        zero, low, _ = figure.axes[0].lines
        assert set(zero.get_ydata()) == {0}
        assert low.get_ydata().tolist() == (-FAR[np.argsort(given.x)]).tolist()


def test_where_no_band_is_known_the_picture_says_why():
    with drawing(fit_picture, without_bands()) as figure:
        assert any("No bands: Net!P11" in text for text in texts(figure))
        assert len(figure.axes[0].lines) == 1


def bars(figure) -> dict[str, tuple[float, str]]:
    """A constraint as it is written -> how long its bar is, and its colour."""
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    return {
        names[round(bar.get_y() + bar.get_height() / 2)]: (
            bar.get_width(),
            to_hex(bar.get_facecolor())[1:].upper(),
        )
        for bar in axes.patches
    }


def test_constraints_that_bind_are_vermilion_and_named_in_the_legend():
    with drawing(binding_picture, MIX) as figure:
        assert bars(figure) == {
            "Mix!B10 <= D10": (0.8, BLUE),
            "Mix!B11 <= D11": (1.0, RED),
            "Mix!B12 >= D12": (pytest.approx(100 / 150), BLUE),
        }
        assert {"binds: nothing to spare", "has room", "480 <= 600"} <= texts(figure).keys()


def test_sides_of_0_and_below_and_broken_constraints_have_their_bars():
    with drawing(binding_picture, ODD) as figure:
        found = bars(figure)
        assert (found["S!A1 <= 0"], found["S!A5 = 0"]) == ((0, BLUE), (1, RED))
        assert found["S!A3 <= 4"] == (pictures.MOST_USED, ORANGE) and "is broken" in texts(figure)
        assert (found["S!A2 = 4"], found["S!A4 >= -2"]) == ((1, RED), (0, BLUE))
        assert len(found) == 6 and not any("int" in name for name in found)


def test_of_forty_constraints_those_with_least_to_spare_are_shown():
    with drawing(binding_picture, PLAN) as figure:
        found = bars(figure)
        assert len(found) == 30
        assert {f"'Plan of transport'!F{i} <= H{i}" for i in range(11, 41)} == found.keys()
        assert any("and 10 more" in text for text in texts(figure))


def test_a_missing_matplotlib_is_a_sentence_that_says_how_to_get_it(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(XlcicfError, match=r"matplotlib.* not installed.* pip install 'xlcicf\[pictures\]'"):
        binding_picture(MIX)


def test_pictures_leave_no_window_and_no_global_state():
    code = (
        "import sys; from xlcicf.pages.report.pictures import binding_picture as draw\n"
        "assert 'matplotlib' not in sys.modules\n"
        "import matplotlib; before = matplotlib.rcParams.copy()\n"
        "draw([('A1 <= 1', 1.0, '<=', 1.0, True)])\n"
        "assert 'matplotlib.pyplot' not in sys.modules and matplotlib.rcParams.copy() == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)

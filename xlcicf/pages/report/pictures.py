"""Pictures of a report as PNG: a fit beside its data, its residuals, and which constraints bind.

Only here is matplotlib asked for; it opens no window."""

import io
import math
import re
import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import wraps
from textwrap import fill
from typing import TYPE_CHECKING, ParamSpec

import numpy as np

from xlcicf.errors import XlcicfError
from xlcicf.sheet.style import BLUE, BLUE_TINT, GREY, INK, LINE, ORANGE, RED, WHITE
from xlcicf.solve.answer import room_taken
from xlcicf.solve.fitted import Curve, Fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, DPI = 8.0, 5.0, 150  # inches; at 800 pixels letters are as on a page
MOST_ROWS = 30  # constraints in one picture
LONGEST, IN_A_TITLE = 44, 30  # letters of a name

# Families that have what DejaVu Sans, which matplotlib brings, has not.
FURTHER_LETTERS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "PingFang SC",
    "Hiragino Sans", "Arial Unicode MS", "Nirmala UI", "Noto Sans Devanagari", "Noto Sans Thai",
)  # fmt: skip

LOOK = {
    "font.size": 11.0, "text.color": "#" + INK, "text.parse_math": False, "figure.facecolor": "#" + WHITE,
    "figure.constrained_layout.use": True, "legend.frameon": False, "legend.fontsize": 9.5,
    "axes.edgecolor": "#" + GREY, "axes.labelcolor": "#" + INK, "axes.spines.top": False,
    "axes.spines.right": False, "axes.axisbelow": True, "axes.titlelocation": "left", "axes.titlesize": 13.0,
    "axes.titleweight": "bold", "axes.titlecolor": "#" + BLUE, "axes.formatter.useoffset": False,
    "xtick.color": "#" + GREY, "ytick.color": "#" + GREY, "xtick.labelcolor": "#" + INK,
    "ytick.labelcolor": "#" + INK, "axes.grid": True, "grid.color": "#" + LINE, "grid.linewidth": 0.6,
}  # fmt: skip

Row = tuple[str, float | None, str, float | None, bool]

Given = ParamSpec("Given")


def _drawn(draw: Callable[Given, "Figure"]) -> Callable[Given, bytes]:
    """What a function draws, as PNG: the same bytes for the same, whatever settings matplotlib finds."""

    @wraps(draw)
    def png(*args: Given.args, **kwargs: Given.kwargs) -> bytes:
        out = io.BytesIO()
        with _our_look():
            draw(*args, **kwargs).savefig(out, format="png", dpi=DPI, metadata={"Software": None})
        return out.getvalue()

    return png


@contextmanager
def _our_look():
    try:
        from matplotlib import font_manager, style
    except ImportError as error:
        raise XlcicfError(
            "pictures need matplotlib, which is not installed here;"
            " install it with: pip install 'xlcicf[pictures]'"
        ) from error
    has = set(font_manager.get_font_names())
    families = ["DejaVu Sans", *(family for family in FURTHER_LETTERS if family in has)]
    with style.context(["default", LOOK | {"font.family": families}]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)  # a box stands there
        yield


def _axes(title: str, height: float = HEIGHT) -> tuple["Figure", "Axes"]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, pad=12)
    return figure, axes


# --- fits ---------------------------------------------------------------------------------------------------


@_drawn
def fit_picture(fitted: Fitted, x_name: str | None = None, y_name: str | None = None) -> "Figure":
    """Data as dots and the model's curve along x, with the band in which the curve lies and, between dashed
    lines, that of new observations. Without x, data beside predictions."""
    y_name = _short(y_name or fitted.y_name)
    figure, axes = _axes(f"{_short(y_name, IN_A_TITLE)}: the model beside the data")
    if fitted.x is None:
        _beside_predictions(axes, fitted)
    else:
        _along_x(axes, fitted.x, fitted)
    _frame(figure, axes, fitted, x_name, y_name)
    return figure


def _along_x(axes: "Axes", x: np.ndarray, fitted: Fitted) -> None:
    along = fitted.along or _through_data(x, fitted)
    if _has_bands(fitted):
        label = f"{fitted.share:.0%} band of the curve"
        axes.fill_between(along.x, *along.curve.T, color="#" + BLUE, alpha=0.22, lw=0, label=label)
        _new_observations(axes, along.x, along.new, fitted)
    axes.plot(along.x, along.predicted, color="#" + BLUE, lw=1.6, label="model")
    _dots(axes, x, fitted.y)


def _through_data(x: np.ndarray, fitted: Fitted) -> Curve:
    at, rows = np.unique(x, return_index=True)
    return Curve(at, fitted.predicted[rows], fitted.curve[rows], fitted.new[rows])


def _new_observations(axes: "Axes", x: np.ndarray, ends: np.ndarray, fitted: Fitted) -> None:
    for side, label in zip(ends.T, (f"{fitted.share:.0%} of new observations", None), strict=True):
        axes.plot(x, side, color="#" + BLUE, lw=0.9, ls="dashed", label=label)


def _beside_predictions(axes: "Axes", fitted: Fitted) -> None:
    at = fitted.predicted
    if _has_bands(fitted):
        axes.vlines(
            at, *fitted.new.T, color="#" + BLUE_TINT, lw=0.8, label=f"{fitted.share:.0%} of new observations"
        )
        axes.vlines(
            at,
            *fitted.curve.T,
            color="#" + BLUE,
            lw=2.2,
            alpha=0.45,
            label=f"{fitted.share:.0%} band of the model",
        )
    ends = np.array([at.min(), at.max()])
    axes.plot(ends, ends, color="#" + BLUE, lw=1.6, label="as predicted")
    _dots(axes, at, fitted.y)


@_drawn
def residuals_picture(fitted: Fitted, x_name: str | None = None, y_name: str | None = None) -> "Figure":
    """What is left of each datum, along x or, without x, along predictions; between the dashed lines new
    observations would lie."""
    y_name = _short(y_name or fitted.y_name)
    figure, axes = _axes(f"{_short(y_name, IN_A_TITLE)}: what the model leaves")
    at = fitted.predicted if fitted.x is None else fitted.x
    axes.axhline(0, color="#" + BLUE, lw=1.6)
    if fitted.x is not None and _has_bands(fitted):
        along = fitted.along or _through_data(fitted.x, fitted)
        _new_observations(axes, along.x, along.new - along.predicted[:, None], fitted)
    _dots(axes, at, fitted.residual, "datum less model")
    _frame(figure, axes, fitted, x_name, f"{y_name} less model")
    return figure


def _has_bands(fitted: Fitted) -> bool:
    return bool(np.isfinite(fitted.curve).all())


def _dots(axes: "Axes", x: np.ndarray, y: np.ndarray, label: str = "data") -> None:
    size = 26 if len(x) <= 100 else 10
    axes.scatter(x, y, s=size, color="#" + INK, linewidths=0, alpha=0.85, zorder=3, label=label)


def _frame(figure: "Figure", axes: "Axes", fitted: Fitted, x_name: str | None, y_name: str) -> None:
    axes.set_ylabel(y_name)
    axes.set_xlabel("what the model predicts" if fitted.x is None else _short(x_name or fitted.x_name or "x"))
    axes.margins(x=0.03)
    if fitted.why is not None:
        sentence = fill(f"No bands: {fitted.why}", 100, max_lines=3, placeholder=" …")
        figure.supxlabel(sentence, fontsize=9.5, color="#" + GREY)
    figure.legend(loc="outside upper right", ncols=4)


# --- constraints --------------------------------------------------------------------------------------------


@_drawn
def binding_picture(rows: Sequence[Row]) -> "Figure":
    """How near each constraint is to having nothing to spare; those that bind in vermilion.

    rows  (text, left side, relation, right side, whether it binds); those without numbers are left out. Of
          more than thirty those that have least to spare are shown."""
    shown, others = _nearest([row for row in rows if _used(row) is not None])
    figure, axes = _axes("Which constraints bind", height=max(2.6, 1.5 + 0.31 * len(shown)))
    at, used = np.arange(len(shown)), np.array([_used(row) or 0.0 for row in shown])
    binds = np.array([row[4] for row in shown], dtype=bool)
    broken = ~binds & (used > 1)
    for some, colour, label in (
        (binds, RED, "binds: nothing to spare"),
        (broken, ORANGE, "is broken"),
        (~binds & ~broken, BLUE, "has room"),
    ):
        if some.any():
            axes.barh(at[some], np.minimum(used[some], MOST_USED), 0.62, color="#" + colour, label=label)
    axes.axvline(1, color="#" + INK, lw=1)
    end = max(1.0, min(MOST_USED, used.max(initial=1.0)))
    for place, row in enumerate(shown):
        axes.text(end + 0.015, place, _sides(row), va="center", fontsize=9, color="#" + GREY)
    axes.set_yticks(at, [_short(_once(row[0])) for row in shown], fontsize=9.5)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(0, end)
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.grid(False, axis="y")
    more = f"; and {others} more with more room" if others else ""
    axes.set_xlabel(f"how much of its room each takes{more}")
    figure.legend(loc="outside upper right", ncols=3)
    return figure


MOST_USED = 1.25  # where the bar of a constraint that is broken ends


def _used(row: Row) -> float | None:
    _, left, relation, right, _ = row
    if left is None or right is None or not (math.isfinite(left) and math.isfinite(right)):
        return None
    return room_taken(left, relation, right)


def _nearest(rows: list[Row]) -> tuple[list[Row], int]:
    """At most thirty rows, in their order, and how many more there are."""
    by_room = sorted(range(len(rows)), key=lambda i: (not rows[i][4], -(_used(rows[i]) or 0.0), i))
    return [rows[i] for i in sorted(by_room[:MOST_ROWS])], max(0, len(rows) - MOST_ROWS)


def _sides(row: Row) -> str:
    return f"{row[1]:.6g} {row[2]} {row[3]:.6g}"


def _once(text: str) -> str:
    """A constraint that names its sheet once: "Mix!B2 <= Mix!D2" -> "Mix!B2 <= D2"."""
    sheet = re.match(r"(?:'(?:[^']|'')*'|[^\W\d][\w.]*)!", text)
    return text if sheet is None else sheet[0] + text[sheet.end() :].replace(" " + sheet[0], " ")


def _short(text: str, longest: int = LONGEST) -> str:
    """One line; of a longer text both ends."""
    text = " ".join(text.split())
    half = (longest - 1) // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[-half:]}"

"""What a Jupyter notebook shows: a block of cells as a picture, a run of training as a curve that grows.

IPython is no dependency: only where it runs already is anything shown.
"""

import html
import math
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from importlib import import_module
from itertools import chain
from typing import Any

MOST_ROWS, MOST_COLUMNS = 60, 60  # of a picture
WITH_NUMBERS = 14  # columns up to which a picture's cells show their numbers
EVERY = 0.2  # seconds between two pictures of a curve
MOST_POINTS = 300
WIDTH, HEIGHT, LEFT, BELOW = 560, 240, 70, 26  # of a curve, in pixels
BLUE, ORANGE, GREY = (0, 114, 178), (230, 159, 0), (26, 26, 26)

Picture = Sequence[Sequence[object]]


def shell() -> Any | None:
    """The running IPython that shows HTML; None in a plain Python or in IPython's terminal."""
    ipython = sys.modules.get("IPython")
    running = ipython.get_ipython() if ipython else None
    return None if type(running).__name__ in ("NoneType", "TerminalInteractiveShell") else running


def show_as_html(kind: type, shown: Callable[[Any], str]) -> None:
    """In a notebook, values of a class that is not ours are from now on shown by `shown`."""
    if (running := shell()) is not None:
        running.display_formatter.formatters["text/html"].for_type(kind, shown)


# ---- a block of cells ------------------------------------------------------------------------------------


def picture(rows: Picture, caption: str) -> str:
    """A table in HTML of what cells hold (rows, columns), each number in a colour.

    Blue is below 0, orange above; where nothing is below 0, white to black as ink. Wide blocks are squares of
    colour without numbers.
    """
    numbers = [number for cell in chain.from_iterable(rows) if (number := _number(cell)) is not None]
    full, signed = max(map(abs, numbers), default=0), min(numbers, default=0) < 0
    wide = len(rows[0]) > WITH_NUMBERS
    lines = ["".join(_cell(cell, full, signed, wide) for cell in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f'<table style="border-collapse:collapse;font:12px sans-serif">'
        f'<caption style="text-align:left;padding:4px 0">{html.escape(caption)}</caption>'
        f"{body}</table>"
    )


def _number(cell: object) -> float | None:
    """What a cell holds, where that is a finite number."""
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell):
        return None
    return float(cell)


def _cell(cell: object, full: float, signed: bool, wide: bool) -> str:
    look = "padding:0;width:9px;height:9px" if wide else "padding:2px 6px;text-align:right"
    if (number := _number(cell)) is None:
        return f'<td style="{look}">{"" if cell is None or wide else html.escape(str(cell))}</td>'
    share = abs(number) / full if full else 0.0
    colour = (ORANGE if number > 0 else BLUE) if signed else GREY
    ground = ",".join(f"{255 - share * (255 - part):.0f}" for part in colour)
    ink = "#fff" if share > 0.6 and not (signed and number > 0) else "#1f2933"
    return f'<td style="{look};background:rgb({ground});color:{ink}">{"" if wide else f"{number:.4g}"}</td>'


# ---- a run of training -----------------------------------------------------------------------------------


def live(steps: Iterator, objective: str = "the objective") -> Generator:
    """The same steps, each with `loss`, `best_loss` and `reason`; their curve grows below the cell."""
    shown = import_module("IPython.display")
    losses: list[tuple[float, float]] = []
    handle, drawn, step = None, 0.0, None
    try:
        for step in steps:
            losses.append((step.loss, step.best_loss))
            if handle is None:
                handle = shown.display(shown.HTML(curve(losses, objective)), display_id=True)
            elif time.monotonic() - drawn > EVERY:
                handle.update(shown.HTML(curve(losses, objective)))
                drawn = time.monotonic()
            yield step
    finally:
        if isinstance(steps, Generator):
            steps.close()
        if handle is not None:
            handle.update(shown.HTML(curve(losses, objective, getattr(step, "reason", None) or "")))


def curve(losses: Sequence[tuple[float, float]], objective: str, said: str = "") -> str:
    """An SVG of (loss, best so far) of each step: the best as a line, each step's own as dots."""
    marks = _thinned(losses)
    bests = [best for _, (_, best) in marks]
    low, high = min(bests), max(bests)
    room = (high - low) or abs(high) or 1.0
    low, high = low - 0.05 * room, high + 0.05 * room

    def at(number: int, value: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - 10) * number / max(1, len(losses) - 1)
        return across, (HEIGHT - BELOW) * (high - min(high, max(low, value))) / (high - low)

    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.5"/>'
        for x, y in (at(number, loss) for number, (loss, _) in marks if low <= loss <= high)
    )
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(number, best) for number, (_, best) in marks))
    heading = f"{objective}: {bests[-1]:.6g} after {len(losses):,} steps"
    words = html.escape(f"{heading}; {said}" if said else heading)
    labels = "".join(
        f'<text x="{LEFT - 6}" y="{at(0, value)[1] + 4:.1f}" text-anchor="end">{value:.4g}</text>'
        for value in sorted({max(bests), min(bests)})
    )
    return (
        f'<div style="font:12px sans-serif">{words}</div><svg width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="11" role="img" aria-label="{words}">'
        f'<path d="M{LEFT},0V{HEIGHT - BELOW}H{WIDTH}" fill="none" stroke="#5f6b76"/>'
        f'<g fill="#c9d1d9">{dots}</g>'
        f'<polyline points="{line}" fill="none" stroke="#0072b2" stroke-width="2"/>{labels}'
        f'<text x="{WIDTH}" y="{HEIGHT - 8}" text-anchor="end">step {len(losses):,}</text></svg>'
    )


def _thinned(losses: Sequence[tuple[float, float]]) -> list[tuple[int, tuple[float, float]]]:
    """At most 300 of the steps with their numbers from 0, the first and the last among them."""
    every = max(1, -(-len(losses) // MOST_POINTS))
    kept = list(range(0, len(losses), every))
    if kept[-1] != len(losses) - 1:
        kept.append(len(losses) - 1)
    return [(number, losses[number]) for number in kept]

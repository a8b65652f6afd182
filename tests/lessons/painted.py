"""Ten digits as a person would paint them into cells: strokes of a brush, none of them MNIST's."""

import numpy as np

SIDE = 28

Point = tuple[float, float]  # right, down: from 0 to 1 within the digit's box


def arc(middle: Point, radius: Point, start: float, end: float) -> list[Point]:
    """Points of an ellipse from one angle to another, in degrees; 0 is to the right, 90 is down."""
    angles = np.radians(np.linspace(start, end, 24))
    return [(middle[0] + radius[0] * np.cos(a), middle[1] + radius[1] * np.sin(a)) for a in angles]


# digit -> its strokes, each a line through points
STROKES: dict[int, list[list[Point]]] = {
    0: [arc((0.5, 0.5), (0.42, 0.5), -100, 260)],
    1: [[(0.35, 0.2), (0.55, 0.0), (0.5, 1.0)]],
    2: [[*arc((0.45, 0.28), (0.4, 0.28), -170, 40), (0.05, 0.97), (0.95, 1.0)]],
    3: [[*arc((0.4, 0.25), (0.42, 0.25), -140, 90), *arc((0.4, 0.75), (0.48, 0.26), -85, 140)]],
    4: [[(0.25, 0.0), (0.08, 0.55), (0.92, 0.5)], [(0.7, 0.1), (0.62, 1.0)]],
    5: [[(0.9, 0.0), (0.25, 0.03), (0.2, 0.45), *arc((0.45, 0.7), (0.42, 0.3), -110, 145)]],
    6: [[(0.7, 0.0), (0.35, 0.25), *arc((0.48, 0.72), (0.36, 0.28), 190, -170)]],
    7: [[(0.05, 0.06), (0.92, 0.0), (0.6, 0.45), (0.4, 1.0)]],
    8: [[*arc((0.5, 0.25), (0.34, 0.25), 60, -240), *arc((0.5, 0.75), (0.4, 0.26), -70, 250)]],
    9: [[*arc((0.45, 0.28), (0.36, 0.28), -10, -350), (0.82, 0.3), (0.75, 0.65), (0.6, 1.0)]],
}


def paint(digit: int, corner: Point, size: Point, brush: float) -> np.ndarray:
    """The digit's cells (28, 28): 1 for ink, 0 for paper.

    corner, size  of the box that the brush's middle keeps to, in cells, right and down
    brush         its width in cells: a cell is ink whose middle lies under it
    """
    down, right = np.mgrid[:SIDE, :SIDE] + 0.5
    cells = np.zeros((SIDE, SIDE))
    for stroke in STROKES[digit]:
        points = np.asarray(stroke) * size + corner
        for start, end in zip(points[:-1], points[1:], strict=True):
            along = end - start
            length = max(float(along @ along), 1e-12)
            share = ((right - start[0]) * along[0] + (down - start[1]) * along[1]) / length
            share = np.clip(share, 0, 1)
            away = np.hypot(right - start[0] - share * along[0], down - start[1] - share * along[1])
            cells[away <= brush / 2] = 1
    return cells

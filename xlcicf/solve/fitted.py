"""A fit beside its data: which of a book's columns are predictions, data and x, found by their numbers, and
the bands in which the curve and new observations lie."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xlcicf.errors import DataError, XlcicfError
from xlcicf.formula.address import Area, beyond
from xlcicf.formula.snapshot import ExcelError, Snapshot
from xlcicf.solve.placed import PlacedProblem

if TYPE_CHECKING:
    from xlcicf.formula import SheetFunction
    from xlcicf.formula.runs import RunGraph
    from xlcicf.formula.units import Run
    from xlcicf.optim.fit import Fit

CLOSE = 1e-7  # of the largest number: by as much may differ what is the same
MOST = 1_000_000  # numbers to compare in one run of formulas, and places where data may begin


@dataclass(frozen=True)
class Curve:
    """A model along x (m,): its predictions (m,), and both intervals' ends (m, 2) as in Fitted."""

    x: np.ndarray
    predicted: np.ndarray
    curve: np.ndarray
    new: np.ndarray


@dataclass(frozen=True)
class Fitted:
    """Observations, row by row, with what the model says of them.

    predictions, data, across  where they stand: the model's formulas, y, and x if there is one column of it
    x           (k,), None without
    y, predicted, residual  (k,); residuals are y less predicted, in y's own unit
    curve       lower and upper end of what the model's curve may be at each row (k, 2): each row by itself
    new         likewise of a new observation there
    share       of such intervals that hold what they are of
    why         in a sentence, why curve and new are nan; else None
    x_name, y_name  what stands above the columns (beside rows), else their addresses
    along       the curve through all of x's range, also between the data where these are few; None where x is
                not known, or a row's prediction needs more than its own x
    """

    predictions: Area
    data: Area
    across: Area | None
    x: np.ndarray | None
    y: np.ndarray
    predicted: np.ndarray
    residual: np.ndarray
    curve: np.ndarray
    new: np.ndarray
    share: float
    why: str | None
    x_name: str | None
    y_name: str
    along: Curve | None = None


def fitted(
    problem: PlacedProblem, f: "SheetFunction", values: np.ndarray, fit: "Fit", share: float = 0.95
) -> Fitted | None:
    """The data of a least-squares fit at values (n,); None where no formulas on the way are predictions, or
    no cells the data: residuals are the distance between both, times a weight a row."""
    if fit.count is None:
        return None
    for model in _models(f, values, fit):
        graph = _graph(problem)
        read = _read_on_the_way(problem, graph)
        data = _data(problem.whole_book, read, model)
        if data is not None:
            found = _fitted(problem, graph, model, data, fit, share)
            return replace(found, along=_along(problem, found, model, values, fit))
    return None


class _Model(NamedTuple):
    """Formulas that may be the predictions (k,), and what residuals multiply their distance from y by."""

    area: Area
    predicted: np.ndarray
    weights: np.ndarray
    y: np.ndarray


def _models(f: "SheetFunction", values: np.ndarray, fit: "Fit") -> list[_Model]:
    """Those that need no weights first."""
    assert f.structure is not None and isinstance(f.sense, str)
    squares = f.structure.squares[f.sense]
    if squares is None:
        return []
    points = _points(values, fit)
    residuals = np.array([squares.values(point) for point in points])
    found = [
        model
        for area, rows in _with_joined(_numbers_at(f, points)).items()
        for part, some in _windows(area, rows, squares.count)
        if (model := _model(part, some, residuals)) is not None
    ]
    return sorted(
        found, key=lambda model: float(np.ptp(np.abs(model.weights)) + abs(model.weights[0] ** 2 - 1))
    )


def _numbers_at(f: "SheetFunction", points: list[np.ndarray]) -> dict[Area, np.ndarray]:
    """What the formulas of each run show at some points (points, cells)."""
    numbers: dict[Area, list[np.ndarray]] = {}
    for point in points:
        for run in f.blocks(point):
            numbers.setdefault(run.area, []).append(run.values.ravel())
    return {area: np.array(rows) for area, rows in numbers.items()}


def _with_joined(numbers: dict[Area, np.ndarray]) -> dict[Area, np.ndarray]:
    """And columns whose formulas are not all of one kind, as where the first row begins something."""
    columns = sorted(
        (area for area in numbers if area.shape[1] == 1), key=lambda area: (area.sheet, area.left, area.top)
    )
    joined: list[list[Area]] = []
    for area in columns:
        last = joined[-1][-1] if joined else None
        is_next = last and (last.sheet, last.left, last.bottom + 1) == (area.sheet, area.left, area.top)
        if is_next:
            joined[-1].append(area)
        else:
            joined.append([area])
    return numbers | {
        replace(parts[0], bottom=parts[-1].bottom): np.hstack([numbers[part] for part in parts])
        for parts in joined
    }


def _points(values: np.ndarray, fit: "Fit") -> list[np.ndarray]:
    """The values, and two more not far off."""
    draw = np.random.default_rng(0)
    near = 0.01 * np.maximum(np.abs(values), 1e-3)
    errors = np.where(np.isfinite(fit.errors), fit.errors, near)
    reach = np.clip(errors, 1e-3 * near, near)
    moves = draw.uniform(0.5, 1, (2, len(values))) * draw.choice([-1.0, 1.0], (2, len(values)))
    return [values, *(values + move * reach for move in moves)]


def _windows(area: Area, rows: np.ndarray, count: int) -> Iterator[tuple[Area, np.ndarray]]:
    """Parts of an area with `count` cells, with their numbers (points, count): all of it, or of one longer
    row or column each stretch."""
    size = rows.shape[1]
    if size == count:
        yield area, rows
    elif count > 1 and size > count and 1 in area.shape and (size - count + 1) * count <= MOST:
        down = area.shape[1] == 1
        for start in range(size - count + 1):
            top, left = (area.top + start, area.left) if down else (area.top, area.left + start)
            end = (top + count - 1, left) if down else (top, left + count - 1)
            yield Area(area.sheet, top, left, *end), rows[:, start : start + count]


def _model(area: Area, rows: np.ndarray, residuals: np.ndarray) -> _Model | None:
    """Numbers of formulas at some points (points, k) as predictions, if they change as the residuals there
    (points, k) but for a weight a row."""
    moved, followed = rows[1:] - rows[0], residuals[1:] - residuals[0]
    if not (np.isfinite(rows).all() and np.isfinite(residuals).all()):
        return None
    by = np.abs(moved).argmax(axis=0)[None]  # of two points the one that says more
    moves, follows = np.take_along_axis(moved, by, 0)[0], np.take_along_axis(followed, by, 0)[0]
    tells = np.abs(moves) > 1e-9 * np.maximum(np.abs(rows[0]), np.abs(moves).max())
    if not tells.any():
        return None
    weights = np.where(tells, follows / np.where(tells, moves, 1.0), np.nan)
    usual = float(np.nanmedian(weights))
    if abs(abs(usual) - 1) < 1e-6:
        usual = round(usual)
    for some in (np.full(len(weights), usual), weights):
        if (some != 0).all() and _follow(followed, moved * some, rows * some, residuals):
            y = rows[0] - residuals[0] / some
            return _Model(area, rows[0], some, y) if y.any() else None
    return None


def _follow(followed: np.ndarray, moved: np.ndarray, rows: np.ndarray, residuals: np.ndarray) -> bool:
    """Whether changes (points, k) are those of residuals, to within rounding; False for nan."""
    rounding = 1e-10 * (np.abs(rows).max(axis=0) + np.abs(residuals).max(axis=0))
    return bool((np.abs(followed - moved) <= 1e-5 * np.abs(followed) + rounding).all())


def _graph(problem: PlacedProblem) -> "RunGraph":
    from xlcicf.formula.graph import graph_of

    return graph_of(problem.whole_book)


def _read_on_the_way(problem: PlacedProblem, graph: "RunGraph") -> list[Area]:
    """What formulas on the way read beside one another and the changing cells."""
    runs = graph.between(problem.changing, [problem.objective]).runs
    own = [*problem.changing, *(run.area for run in runs)]
    areas = dict.fromkeys(area for run in runs for area in graph.footprints(run))
    return [part for area in areas for part in beyond(area, own)]


def _data(book: Snapshot, read: list[Area], model: _Model) -> Area | None:
    """The cells that hold y, among those that are read: as the predictions lie, those beside them first."""
    count, (rows, cols) = len(model.y), model.area.shape
    shapes = dict.fromkeys([(rows, cols), (count, 1), (1, count)] if 1 in (rows, cols) else [(rows, cols)])
    near = CLOSE * np.abs(model.y).max()
    found = []
    for area in read:
        for shape in shapes:
            for part in _parts(area, shape):
                first = book.held(area.sheet).values.get((part.top, part.left))
                if not isinstance(first, float) or abs(first - model.y[0]) > near:
                    continue
                held = _numbers(book, part)
                if held is not None and np.abs(held - model.y).max() <= near:
                    found.append(part)
    return min(found, key=lambda part: _distance(part, model.area), default=None)


def _parts(area: Area, shape: tuple[int, int]) -> Iterator[Area]:
    """The parts of an area that have this shape, unless they are too many."""
    rows, cols = shape
    if (area.shape[0] - rows + 1) * (area.shape[1] - cols + 1) > MOST:
        return
    for top in range(area.top, area.bottom - rows + 2):
        for left in range(area.left, area.right - cols + 2):
            yield Area(area.sheet, top, left, top + rows - 1, left + cols - 1)


def _distance(part: Area, other: Area) -> tuple[bool, int]:
    return part.sheet != other.sheet, abs(part.top - other.top) + abs(part.left - other.left)


def _numbers(book: Snapshot, area: Area) -> np.ndarray | None:
    """What cells hold, row by row; None where one holds no number."""
    values = book.held(area.sheet).values
    held = [values.get(cell) for cell in area.cells()]
    return np.array(held) if all(isinstance(value, float) for value in held) else None


def _fitted(
    problem: PlacedProblem, graph: "RunGraph", model: _Model, data: Area, fit: "Fit", share: float
) -> Fitted:
    book = problem.whole_book
    y = _numbers(book, data)
    assert y is not None
    across = _across(problem, graph, model.area, data)
    curve, new = bands(fit, model.predicted, model.weights, share)
    return Fitted(
        predictions=model.area,
        data=data,
        across=across,
        x=None if across is None else _numbers(book, across),
        y=y,
        predicted=model.predicted,
        residual=y - model.predicted,
        curve=curve,
        new=new,
        share=share,
        why=fit.no_bands,
        x_name=None if across is None else _name(book, across),
        y_name=_name(book, data),
    )


def bands(
    fit: "Fit", predicted: np.ndarray, weights: np.ndarray | float = 1.0, share: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Around predictions (k,), the ends between which the model's curve lies and a new observation will,
    (k, 2) each; nan where the fit knows no leverage. Residuals are `weights` times the distance from y."""
    if fit.leverage is None or fit.spread is None:
        nothing = np.full((len(predicted), 2), np.nan)
        return nothing, nothing
    spread = fit.quantile(share) * fit.spread / np.abs(weights)
    reaches = spread * np.sqrt(fit.leverage), spread * np.sqrt(1 + fit.leverage)
    low, high = ([predicted + sign * reach for reach in reaches] for sign in (-1, 1))
    return np.column_stack([low[0], high[0]]), np.column_stack([low[1], high[1]])


# --- x --------------------------------------------------------------------------------------------------


def _across(problem: PlacedProblem, graph: "RunGraph", predictions: Area, data: Area) -> Area | None:
    """The one column of numbers, a row for each prediction, that the predictions read and nothing on the way
    computes; None where there are several or none."""
    way = graph.between(problem.changing, [predictions]).runs
    on_the_way = {id(run) for run in way}
    search = _Columns(problem, graph, predictions)
    for run in way:
        search.take(run.within(predictions) if run.area.intersect(predictions) else run, on_the_way)
    found = {
        area
        for area in search.found
        if area != data and (held := _numbers(problem.whole_book, area)) is not None and np.ptp(held) > 0
    }
    return found.pop() if len(found) == 1 else None


class _Columns:
    """The columns (or rows) that formulas read, of as many cells as there are predictions."""

    def __init__(self, problem: PlacedProblem, graph: "RunGraph", like: Area):
        self._changing, self._graph = problem.changing, graph
        self._down, self._count = like.shape[1] == 1, like.shape[0] * like.shape[1]
        self.found: set[Area] = set()
        self._met: set[Area] = set()

    def take(self, run: "Run", on_the_way: set[int]) -> bool:
        """Notes the columns that a run reads, or what these are made of; returns whether there are any."""
        any_here = False
        for area in self._graph.footprints(run):
            for line in self._lines(area):
                any_here |= self._follow(line, on_the_way)
        return any_here

    def _follow(self, line: Area, on_the_way: set[int]) -> bool:
        if line in self._met:
            return True
        self._met.add(line)
        makers = self._graph.touching(line)
        if any(line.intersect(area) for area in self._changing) or any(id(m) in on_the_way for m in makers):
            return False
        is_filled = len(makers) == 1 and makers[0].area.holds(line)
        if is_filled and self._graph.known_refs(makers[0]) and self.take(makers[0].within(line), on_the_way):
            return True
        self.found.add(line)
        return True

    def _lines(self, area: Area) -> Iterator[Area]:
        rows, cols = area.shape
        if self._down and rows == self._count:
            for left in range(area.left, area.right + 1):
                yield Area(area.sheet, area.top, left, area.bottom, left)
        elif not self._down and cols == self._count:
            for top in range(area.top, area.bottom + 1):
                yield Area(area.sheet, top, area.left, top, area.right)


# --- the curve between the data -------------------------------------------------------------------------


FINE = 120  # places along x, about
ROWS = 20_000  # of data, beyond which the curve is drawn through them alone


def _along(
    problem: PlacedProblem, fitted: Fitted, model: _Model, values: np.ndarray, fit: "Fit"
) -> Curve | None:
    """The model at further x, which stand in the data's place as many at a time, if all parameters are known
    and no row has a weight of its own."""
    x, across = fitted.x, fitted.across
    if x is None or across is None or len(x) > ROWS or not np.isfinite(fit.errors).all():
        return None
    if np.ptp(np.abs(model.weights)) or fit.spread is None:
        return None
    places, near = _places(np.unique(x)), 1e-9 * np.abs(model.predicted).max()
    try:
        others = np.arange(len(x)) // 2
        expected = model.predicted[others]
        if np.abs(_at(problem, across, model, x[others], values)[0] - expected).max() > near:
            return None  # a row reads others' x, or what is made of x elsewhere
        parts = [_at(problem, across, model, some, values) for some in np.resize(places, _filled(places, x))]
    except XlcicfError:  # the model shows an error between the data, or is another there
        return None
    count = len(places)
    predicted = np.concatenate([part[0] for part in parts])[:count]
    slopes = np.concatenate([part[1] for part in parts])[:count]
    if not (np.isfinite(predicted).all() and np.isfinite(slopes).all()):
        return None
    variance = np.einsum("ki,ij,kj->k", slopes, fit.covariance, slopes)
    of_new = variance + (fit.spread / model.weights[0]) ** 2
    quantile = fit.quantile(fitted.share)
    curve, new = (
        predicted[:, None] + np.outer(quantile * np.sqrt(some), [-1, 1]) for some in (variance, of_new)
    )
    return Curve(places, predicted, curve, new)


def _filled(places: np.ndarray, x: np.ndarray) -> tuple[int, int]:
    """So many rows of as many places as there are data."""
    return -(-len(places) // len(x)), len(x)


def _places(x: np.ndarray) -> np.ndarray:
    """x (m,) in order, with as many places in each gap."""
    inside = -(-FINE // max(1, len(x) - 1))
    shares = np.arange(inside) / inside
    return np.append((x[:-1, None] + np.diff(x)[:, None] * shares).ravel(), x[-1])


def _at(
    problem: PlacedProblem, across: Area, model: _Model, x: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Predictions (k,) with x (k,) in its cells, and their derivatives (k, n)."""
    book = problem.book
    held = book.held(across.sheet)
    cells = dict(zip(across.cells(), x.tolist(), strict=True))
    sheet = replace(held, values={**held.values, **cells})
    other = replace(problem, book=replace(book, sheets={**book.sheets, held.name: sheet}))
    f = other.function()
    assert f.structure is not None and isinstance(f.sense, str)
    squares = f.structure.squares[f.sense]
    for run in f.blocks(values):
        is_it = run.area.holds(model.area)
        if is_it and squares is not None and squares.count == len(x):
            slopes = squares.jacobian(np.asarray(values, dtype=float)) / model.weights[:, None]
            return run.values[model.area.within(run.area)].ravel(), slopes
    raise DataError(f"{model.area.address} are other formulas, or lead to other residuals, with other x")


def _name(book: Snapshot, area: Area) -> str:
    values = book.held(area.sheet).values
    above = (area.top - 1, area.left) if area.shape[1] == 1 else (area.top, area.left - 1)
    label = values.get(above)
    is_text = isinstance(label, str) and not isinstance(label, ExcelError) and label.strip()
    return label.strip() if is_text else area.address  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]

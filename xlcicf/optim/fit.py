"""How far parameters are known: standard errors, intervals and correlations of a least-squares fit, and of a
likelihood."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xlcicf.optim.objective import Objective, Squares, one_thread
from xlcicf.optim.optimality import Optimality

SMALL = 200  # parameters
ROUGH = 0.1  # of a standard error: estimates farther off than that from where slopes vanish
ENTRIES = 4_000_000  # of the Jacobian
ALIKE = 1e-12  # of the largest singular value: effects that differ by less are one
BY_DIFFERENCES = 1e-7  # likewise, of second derivatives that are differences of first ones
REACH = 1e-9  # of a value: a corner no farther off stands at it


@dataclass(frozen=True)
class Fit:
    """Parameters at their estimates, and how far these are known.

    values      (n,)
    kind        "least squares" or "maximum likelihood"
    source      what the errors come from, in words
    covariance  (n, n); nan in the rows and columns of what is held, or cannot be told
    why         number of each such parameter -> why, in a sentence
    away        how far the estimates stand from where slopes would vanish, in standard errors; nan where none
                are known
    count       of residuals; of a likelihood None, as the next three
    freedom     degrees of freedom: residuals less the parameters that they tell of
    spread      the standard deviation of a residual (of one of weight 1 where squares are weighted)
    blank       how many residuals are 0 wherever they were asked for, as of empty rows; they count
    leverage    by how much each prediction follows its own observation (count,), the diagonal of the hat
                matrix J (J' J)^-1 J': a prediction's variance is its leverage times s^2, also where
                parameters are not told apart; None where it is not known
    no_bands    why leverage is not known, in a sentence; None where it is
    """

    values: np.ndarray
    kind: str
    source: str
    covariance: np.ndarray
    why: dict[int, str]
    away: float
    count: int | None = None
    freedom: int | None = None
    spread: float | None = None
    blank: int | None = None
    leverage: np.ndarray | None = None
    no_bands: str | None = None

    @property
    def is_rough(self) -> bool:
        """Whether the run stopped too early, or at a corner, for its errors to mean much."""
        return self.away > ROUGH

    @property
    def errors(self) -> np.ndarray:
        """Standard errors (n,)."""
        return np.sqrt(np.diagonal(self.covariance))

    @property
    def t(self) -> np.ndarray:
        """Estimates in standard errors (n,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.values / self.errors

    def quantile(self, share: float = 0.95) -> float:
        """How many standard errors on both sides hold that share: of Student's t for least squares, of the
        normal distribution for a likelihood."""
        from scipy.special import ndtri, stdtrit

        chance = (1 + share) / 2
        return float(ndtri(chance) if self.freedom is None else stdtrit(self.freedom, chance))

    def interval(self, share: float = 0.95) -> np.ndarray:
        """Lower and upper ends (n, 2)."""
        reach = self.quantile(share) * self.errors
        return np.column_stack([self.values - reach, self.values + reach])

    @property
    def correlation(self) -> np.ndarray:
        """Of the estimates (n, n)."""
        errors = self.errors
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.covariance / np.outer(errors, errors)


@one_thread()
def fit(f: Objective, v: np.ndarray) -> Fit | None:
    """What is known of parameters v (n,) that a sum of squares or a log-likelihood is best at; None where the
    objective is neither, or too large.

    Of a sum of squares the covariance is s^2 (J' J)^-1 with s^2 = r' r / (k - p), from k residuals r and
    their Jacobian J of rank p (Bates and Watts, Nonlinear Regression Analysis, 1988). Of a log-likelihood it
    is -H^-1, from its second derivatives H. What is held at a bound, or must be whole, counts as given. On a
    model with corners both hold as long as none of them stands at v: away from corners it is smooth.
    """
    if f.structure is None or not isinstance(f.sense, str) or len(v) > SMALL:
        return None
    squares = f.structure.squares[f.sense]
    if squares is not None and squares.count * len(v) <= ENTRIES:
        found = _of_squares(f, squares, v)
    elif squares is None and (scale := f.structure.likelihood_scale(f.sense)):
        found = _of_likelihood(f, v, scale)
    else:
        return None
    if (way := _in_the_way(f, v, squares is None or squares.is_stepped)) is not None:
        found = _unknown(found, dict.fromkeys(range(len(v)), way))
        return replace(found, leverage=None, no_bands=way)
    corners = _at_corners(f, v)
    if not corners:
        return found
    held = _held(f, v)
    found = _unknown(found, {i: why for i, why in corners.items() if i not in held})
    return replace(found, leverage=None, no_bands=next(iter(corners.values())))


def _in_the_way(f: Objective, v: np.ndarray, is_stepped: bool) -> str | None:
    """Why no parameter's error is known.

    is_stepped  whether steps on the way are in more than in how residuals are counted
    """
    if f.stepped and is_stepped:
        cell, function = f.stepped[0]
        return f"{function} in {cell} moves in steps, of which slopes know nothing"
    if f.constraints:
        active = np.flatnonzero(Optimality(f, v, 0.0).active)
        if active.size:
            return (
                f"the constraint {f.constraints[active[0]].text} binds, which the errors do not reckon with"
            )
    return None


def _at_corners(f: Objective, v: np.ndarray) -> dict[int, str]:
    assert f.structure is not None
    if f.structure.is_smooth:
        return {}
    number = {cell: i for i, cell in enumerate(f.cells)}
    kinks = f.kinks(v, REACH * np.maximum(np.abs(v), 1e-3))
    return {
        number[cell]: f"{_some(at)} {'stands' if len(at) == 1 else 'stand'} at a corner of MAX, IF or ABS,"
        " where slopes change"
        for cell, at in kinks.items()
    }


def _unknown(found: Fit, why: dict[int, str]) -> Fit:
    """The fit without what is known of some parameters."""
    covariance, numbers = found.covariance.copy(), list(why)
    covariance[numbers, :] = covariance[:, numbers] = np.nan
    return replace(found, covariance=covariance, why=dict(sorted((found.why | why).items())))


def _held(f: Objective, v: np.ndarray) -> dict[int, str]:
    found = {}
    for i, value in enumerate(v.tolist()):
        if f.whole[i]:
            found[i] = "it must be a whole number, which has no slope"
        elif f.lower[i] == f.upper[i]:
            found[i] = f"its bounds hold it at {value:g}"
        elif value <= f.lower[i] or value >= f.upper[i]:
            found[i] = f"it is held at its {'lower' if value <= f.lower[i] else 'upper'} bound {value:g}"
    return found


def _of_squares(f: Objective, squares: Squares, v: np.ndarray) -> Fit:
    why = _held(f, v)
    moving = np.array([i for i in range(len(v)) if i not in why], dtype=int)
    with np.errstate(all="ignore"):
        residuals, jacobian = squares.values(v), squares.jacobian(v)
    nothing = np.full((len(v), len(v)), np.nan)
    found = Fit(v, "least squares", "the residuals' Jacobian", nothing, why, np.nan, squares.count)
    if not (np.isfinite(residuals).all() and np.isfinite(jacobian).all()):
        return _none_known(found, moving, "a residual shows an error, or has no slope, at these values")
    found = replace(found, blank=_always_zero(f, squares, v))
    effects = _Effects(jacobian[:, moving])
    freedom = squares.count - effects.rank
    if freedom < 1:
        few = f"{squares.count} residuals leave nothing to judge their spread by"
        return _none_known(replace(found, freedom=freedom), moving, few)
    spread = float(np.sqrt(residuals @ residuals / freedom))
    covariance = spread**2 * effects.inverse
    away = effects.steps(residuals) / spread if spread else 0.0
    found = replace(found, freedom=freedom, spread=spread, away=away, leverage=effects.leverage)
    return _with_known(found, f, moving, covariance, effects.lost)


def _always_zero(f: Objective, squares: Squares, v: np.ndarray) -> int:
    points = (v, f.start, 1.01 * v + 0.01)
    with np.errstate(all="ignore"):
        return int(np.all([squares.values(point) == 0 for point in points], axis=0).sum())


class _Effects:
    """What parameters do to residuals, by a Jacobian (k, p): its singular values with columns scaled to 1."""

    def __init__(self, jacobian: np.ndarray):
        size = np.linalg.norm(jacobian, axis=0)
        self._size = np.where(size == 0, 1.0, size)
        self._left, self._lengths, self._ways = np.linalg.svd(jacobian / self._size, full_matrices=False)
        self.rank = int((self._lengths > ALIKE * self._lengths.max(initial=0.0)).sum())

    @property
    def inverse(self) -> np.ndarray:
        """(J' J)^-1 (p, p), of what can be told."""
        ways = self._ways[: self.rank].T / self._lengths[: self.rank] / self._size[:, None]
        return ways @ ways.T

    @property
    def leverage(self) -> np.ndarray:
        """(k,)"""
        return (self._left[:, : self.rank] ** 2).sum(axis=1)

    def steps(self, residuals: np.ndarray) -> float:
        """How far Gauss and Newton's next step leads, in units of the residuals' spread."""
        return float(np.linalg.norm(self._left[:, : self.rank].T @ residuals))

    @property
    def lost(self) -> np.ndarray:
        """The directions without effect (p, p), projected on."""
        known = self._ways[: self.rank]
        return np.eye(known.shape[1]) - known.T @ known


def _of_likelihood(f: Objective, v: np.ndarray, scale: float) -> Fit:
    why = _held(f, v)
    moving = np.array([i for i in range(len(v)) if i not in why], dtype=int)
    weights = np.zeros(1 + len(f.constraints))
    weights[0] = (-1.0 if f.sense == "max" else 1.0) / scale
    with np.errstate(all="ignore"):
        information = f.hessian(v, weights)[np.ix_(moving, moving)]
        slope = f.value_and_gradient(v)[1][moving] / scale
    nothing = np.full((len(v), len(v)), np.nan)
    source = "the second derivatives of the log-likelihood"
    if scale != 1:
        source += (
            f", {scale:g} times which the objective {'is' if f.sense == 'max' else 'is but for its sign'}"
        )
    found = Fit(v, "maximum likelihood", source, nothing, why, np.nan)
    if not (np.isfinite(information).all() and np.isfinite(slope).all()):
        return _none_known(found, moving, "the likelihood has no second derivatives at these values")
    size = np.sqrt(np.abs(np.diagonal(information)))
    size[size == 0] = 1.0
    bends, ways = np.linalg.eigh(information / np.outer(size, size))
    assert f.structure is not None
    noise = ALIKE if f.structure.has_exact_bends else BY_DIFFERENCES
    is_bent = np.abs(bends) > noise * np.abs(bends).max(initial=0.0)
    if (bends[is_bent] < 0).any():
        return _none_known(found, moving, "the likelihood bends upwards here: these values are no maximum")
    known = ways[:, is_bent] / np.sqrt(bends[is_bent])
    away = float(np.linalg.norm(known.T @ (slope / size)))
    lost = ways[:, ~is_bent] @ ways[:, ~is_bent].T
    covariance = known @ known.T / np.outer(size, size)
    return _with_known(replace(found, away=away), f, moving, covariance, lost)


def _none_known(found: Fit, moving: Iterable[int], why: str) -> Fit:
    return replace(_unknown(found, dict.fromkeys(map(int, moving), why)), no_bands=why)


def _with_known(
    found: Fit, f: Objective, moving: np.ndarray, covariance: np.ndarray, lost: np.ndarray
) -> Fit:
    """The fit with the covariance of what moves (p, p), but for parameters that have a part in the directions
    that are lost: (p, p), projected on."""
    whole = found.covariance.copy()
    whole[np.ix_(moving, moving)] = covariance
    why = {}
    for i, part in zip(moving.tolist(), lost, strict=True):
        alike = [f.cells[int(j)] for j in moving[np.abs(part) > 1e-6] if j != i]
        if alike:
            why[i] = f"the data do not tell its effect from that of {_some(alike)}"
        elif np.abs(part).max() > 1e-6:
            why[i] = "it has no effect on any residual here" if found.count else "it has no effect here"
    return _unknown(replace(found, covariance=whole), why)


def _some(cells: Sequence[str]) -> str:
    return ", ".join(cells[:3]) + (f" and {len(cells) - 3} more" if len(cells) > 3 else "")

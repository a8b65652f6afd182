"""Excel's category Statistical: two variables together, and least squares in several."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from xlcicf.formula import tape as t
from xlcicf.formula.coercion import taken_as_condition
from xlcicf.formula.context import Context, Fails
from xlcicf.formula.counted import Numbers
from xlcicf.formula.fitting import Fit, Pattern, counting_up, transposed
from xlcicf.formula.functions.math_trig import square_root
from xlcicf.formula.functions.statistical import is_nothing_beside
from xlcicf.formula.functions.table import (
    Empty,
    OrError,
    as_matrices,
    entered,
    failed_as_one,
    of_pairs,
    shown_as,
)
from xlcicf.formula.grid import (
    Errors,
    Grid,
    constant,
    errors_among,
    errors_of_both,
    errors_where,
    from_numbers,
    settled,
)
from xlcicf.formula.overflow import unhidden
from xlcicf.formula.running import first_errors

NO_PAIRS = Empty("#DIV/0!", "finds no pairs of numbers")
TWO_PAIRS = Empty("#DIV/0!", "needs two pairs of numbers or more", fewest=2)
THREE_PAIRS = Empty("#DIV/0!", "needs three pairs of numbers or more", fewest=3)
NO_SPREAD = "finds no spread among its numbers"
LEFT_OUT = constant(None)


def _sums(pairs: Numbers) -> tuple[t.Array, t.Array, t.Array, t.Array, t.Array]:
    """The means of x and y, and the sums of squares and products of what lies off them: xx, xy, yy."""
    x_mean, y_mean = pairs.mean(lambda x, y: x), pairs.mean(lambda x, y: y)
    return (
        x_mean,
        y_mean,
        pairs.total(lambda x, y: t.square(t.sub(x, x_mean))),
        pairs.total(lambda x, y: t.mul(t.sub(x, x_mean), t.sub(y, y_mean))),
        pairs.total(lambda x, y: t.square(t.sub(y, y_mean))),
    )


def _covariance(pairs: Numbers, degrees_lost: float) -> t.Array:
    return t.div(_sums(pairs)[3], t.sub(pairs.count, degrees_lost))


for name in ("COVAR", "COVARIANCE.P"):
    of_pairs(name, f"{name}(~{{3,2,4,5,6}},~{{9,7,12,15,17}})", empty=NO_PAIRS)(
        lambda pairs: _covariance(pairs, 0.0)
    )
of_pairs("COVARIANCE.S", "COVARIANCE.S(~{2,4,8},~{5,11,12})", empty=TWO_PAIRS)(
    lambda pairs: _covariance(pairs, 1.0)
)


def _correlation(pairs: Numbers) -> OrError:
    x_mean, y_mean, xx, xy, yy = _sums(pairs)
    xx, yy = unhidden(xx), unhidden(yy)
    none = t.either(is_nothing_beside(xx, x_mean), is_nothing_beside(yy, y_mean))
    xx, yy = (t.where(none, t.as_array(1.0), sum_) for sum_ in (xx, yy))
    return OrError(t.mul(t.div(xy, xx), t.sqrt(t.div(xx, yy))), none, "#DIV/0!", NO_SPREAD)


for name in ("CORREL", "PEARSON"):
    of_pairs(
        name, f"{name}(~{{3,2,4,5,6}},~{{9,7,12,15,17}})", f"{name}(~{{3;2;4}},~{{9;7;-12}})", empty=TWO_PAIRS
    )(_correlation)


@of_pairs("RSQ", "RSQ(~{2,3,9,1,8,7,5},~{6,5,11,7,5,4,4})", empty=TWO_PAIRS)
def determination(pairs):
    correlation = _correlation(pairs)
    return correlation._replace(num=t.square(correlation.num))


def _slope(pairs: Numbers, x_mean: t.Array, xx: t.Array, xy: t.Array) -> OrError:
    xx = unhidden(xx)
    none = t.both(is_nothing_beside(xx, x_mean), t.greater(pairs.how_many, 0.0))
    return OrError(t.div(xy, t.where(none, t.as_array(1.0), xx)), none, "#DIV/0!", NO_SPREAD)


@of_pairs("SLOPE", "SLOPE(~{2,3,9,1,8,7,5},~{6,5,11,7,5,4,4})", arrays=(1, 0), empty=TWO_PAIRS)
def slope(pairs):
    x_mean, _, xx, xy, _ = _sums(pairs)
    return _slope(pairs, x_mean, xx, xy)


@of_pairs("INTERCEPT", "INTERCEPT(~{2,3,9,1,8},~{6,5,11,7,5})", arrays=(1, 0), empty=TWO_PAIRS)
def intercept(pairs):
    return _at(pairs, t.as_array(0.0))


def _at(pairs: Numbers, x: t.Array) -> OrError:
    """What the line through the pairs comes to at x."""
    x_mean, y_mean, xx, xy, _ = _sums(pairs)
    by_x = _slope(pairs, x_mean, xx, xy)
    return by_x._replace(num=t.add(y_mean, t.mul(by_x.num, t.sub(x, x_mean))))


for name in ("FORECAST", "FORECAST.LINEAR"):
    of_pairs(
        name,
        f"{name}(~30,~{{6,7,9,15,21}},~{{20,28,31,38,40}})",
        f"SUMPRODUCT({name}(~{{5,-7}},~{{6;7;9}},~{{20;28;31}}),{{1,3}})",
        arity=(3, 3),
        arrays=(2, 1),
        empty=Empty("#N/A", "finds no pairs of numbers"),
    )(_at)


@of_pairs("STEYX", "STEYX(~{2,3,9,1,8,7,5},~{6,5,11,7,5,4,4})", arrays=(1, 0), empty=THREE_PAIRS)
def standard_error(pairs):
    """Of y on x, by what is left over at each of them."""
    x_mean, y_mean, xx, xy, _ = _sums(pairs)
    by_x = _slope(pairs, x_mean, xx, xy)
    squares = pairs.total(lambda x, y: t.square(t.sub(t.sub(y, y_mean), t.mul(by_x.num, t.sub(x, x_mean)))))
    return by_x._replace(num=square_root(t.div(squares, t.sub(pairs.count, 2.0))))


# --- least squares --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layout:
    """How numbers lie in the arrays of a fit: a variable in each column, in each row, or one in all."""

    of_one: bool
    in_rows: bool

    def table(self, a: t.Array) -> t.Array:
        """An array as a table with a column for each variable."""
        H, W, h, w = t.shape_of(a)
        if self.of_one:
            return t.reshape(a, shape=(H, W, h * w, 1))
        return transposed(a) if self.in_rows else a

    def array(self, column: t.Array, size: tuple[int, int]) -> t.Array:
        """A table's column as an array, of one variable in this size."""
        if self.of_one:
            return t.reshape(column, shape=(*t.shape_of(column)[:2], *size))
        return transposed(column) if self.in_rows else column


def _layout(y: Grid, x: Grid) -> Layout:
    (h, w), (rows, columns) = y.size, x.size
    if (h, w) == (rows, columns):
        return Layout(of_one=True, in_rows=False)
    if w == 1 and rows == h:
        return Layout(of_one=False, in_rows=False)
    if h == 1 and columns == w:
        return Layout(of_one=False, in_rows=True)
    raise Fails("#REF!", "fits numbers to variables of which there are not as many values")


def _fit(
    context: Context, y: Grid, x: Grid, constant: Grid, of_y: Callable[[t.Operand], t.Array]
) -> tuple[Fit, Layout, Errors | None]:
    """The fit of of_y(y) on x with a constant, unless FALSE says no; and the errors among these."""
    layout = _layout(y, x)
    with_constant, found = _condition(context, constant, otherwise=True)
    fit = Fit(layout.table(x.full()), layout.table(of_y(y.full())), with_constant)
    return fit, layout, shown_as("#VALUE!", errors_of_both(first_errors([y, x]), found))


def _known(context: Context, y: Grid, x: Grid) -> tuple[Grid, Grid]:
    """The arrays of y and of x, which is 1, 2, 3, ... where it is left out."""
    y = as_matrices(y, context)
    if x.is_left_out:
        return y, from_numbers(counting_up(*y.size))
    return y, as_matrices(x, context)


def _condition(context: Context, grid: Grid, otherwise: bool) -> tuple[Pattern, Errors | None]:
    """Whether TRUE is asked for (H, W, 1, 1), as 1 or 0; no changing cell may decide it."""
    if not grid.is_constant:
        raise context.refuse_changing()
    asked = taken_as_condition(constant(otherwise) if grid.is_left_out else grid.first())
    return t.value_of(t.as_number(t.not_equal(asked.num, 0.0))), errors_among([asked])


def _unchanged(y: t.Operand) -> t.Array:
    return t.as_array(y)


def _logarithm(y: t.Operand) -> t.Array:
    return t.within(t.greater(y, 0.0), y, 1.0, t.log)


def _coefficients(fit: Fit) -> t.Array:
    """Of the last variable first, then the constant (H, W, 1, p + 1)."""
    return t.join(_backwards(fit.slopes), fit.intercept, dim=3)


def _backwards(column: t.Array) -> t.Array:
    """A column as a row, last number first."""
    last = t.shape_of(column)[2] - 1
    return t.join(*(t.segment(column, dim=2, start=last - i, length=1) for i in range(last + 1)), dim=3)


def _quality(fit: Fit) -> t.Array:
    """What LINEST tells of a fit below its coefficients: standard errors; r squared and that of y; F and
    degrees of freedom; sums of squares explained and left over. (H, W, 4, p + 1), 0 in the place of #N/A."""
    errors = t.join(_backwards(square_root(fit.slope_variances)), square_root(fit.intercept_variance), dim=3)
    total = t.add(fit.explained, fit.left_over)
    share = t.where(t.equal(total, 0.0), t.as_array(1.0), t.div(fit.explained, _not_zero(total)))
    exact = t.either(t.equal(fit.left_over, 0.0), t.equal(fit.freedom, 0.0))
    ratio = t.div(t.mul(fit.explained, fit.freedom), _not_zero(t.mul(fit.left_over, fit.number_kept)))
    rows = [
        (share, square_root(fit.variance)),
        (t.where(exact, t.NAN, ratio), fit.freedom),
        (fit.explained, fit.left_over),
    ]
    H, W, _, columns = t.shape_of(errors)
    nothing = t.expand(t.as_array(0.0), (H, W, 1, columns - 2))
    cells = [[t.expand(x, (H, W, 1, 1)) for x in row] + [nothing] * (columns > 2) for row in rows]
    return t.join(errors, *(t.join(*row, dim=3) for row in cells), dim=2)


def _not_zero(x: t.Array) -> t.Array:
    return t.where(t.equal(x, 0.0), t.as_array(1.0), x)


def _unavailable(fit: Fit, shape: Sequence[int]) -> np.ndarray:
    """Where LINEST shows #N/A: beside its pairs of numbers, and the error of a constant that there is not."""
    out = np.zeros(shape, bool)
    out[:, :, 2:, 2:] = True
    out[:, :, 1, -1] = fit.constant.numpy()[:, :, 0, 0] == 0
    return out


def _regression(name: str, *examples: str, of_y: Callable, of_coefficients: Callable[[t.Array], t.Array]):
    """Enters LINEST, or LOGEST by logarithms."""

    def compute(
        context: Context, y: Grid, x: Grid = LEFT_OUT, constant: Grid = LEFT_OUT, told: Grid = LEFT_OUT
    ) -> Grid:
        fit, _, found = _fit(context, *_known(context, y, x), constant, of_y)
        tells, found_there = _condition(context, told, otherwise=False)
        if bool(tells.any()) and not bool(tells.all()):
            raise context.cell_by_cell("yields statistics in some cells and none in others")
        found = errors_of_both(found, shown_as("#VALUE!", found_there))
        out = of_coefficients(_coefficients(fit))
        if bool(tells.any()):
            out = t.join(out, _quality(fit), dim=2)
            unavailable = _unavailable(fit, t.shape_of(out))
            found = errors_where(unavailable, "#N/A", context.host, "has nothing to say there", after=found)
        return failed_as_one(context, settled(from_numbers(out), found, context.host))

    entered(name, examples, compute, arity=(1, 4), ranges="array", whole=lambda i: i < 2)


_regression(
    "LINEST",
    "SUMPRODUCT(LINEST(~{1;9;5;7.5},~{0;4;2;3}),{1,3})",
    "SUMPRODUCT(LINEST(~{1,9,5,7.5}),{1,3})",
    "SUMPRODUCT(LINEST(~{1,9,5,7.5},~{0,4,2,3},FALSE),{2,3})",
    "SUMPRODUCT(IFERROR(LINEST(~{1;9;5;7.5},~{0;4;2;3},TRUE,TRUE),0),{1,3;5,2;1,2;0.1,0.5;2,3})",
    "SUMPRODUCT(IFERROR(LINEST(~{1;9;5;7.5;6},~{0,1;4,2;2,2;3,5;1,4},TRUE,TRUE),0),{1,3,4;5,2,3;1,2,7;0.1,0.5,7;2,3,7})",
    "SUMPRODUCT(IFERROR(LINEST(~{1,9,5,7.5,6},~{0,4,2,3,1;1,2,2,5,4},FALSE,TRUE),0),{1,3,4;5,2,3;1,2,7;0.1,0.5,7;2,3,7})",
    "SUMPRODUCT(LINEST(~{1;9;5;7.5;6},~{0;4;2;3;1}^{1,2}),{1,3,4})",
    of_y=_unchanged,
    of_coefficients=_unchanged,
)
_regression(
    "LOGEST",
    "SUMPRODUCT(LOGEST(~{1;9;5;7.5},~{0;4;2;3}),{1,3})",
    "SUMPRODUCT(LOGEST(~{1,9,5,7.5}),{1,3})",
    "SUMPRODUCT(IFERROR(LOGEST(~{1;9;5;7.5;6},~{0,1;4,2;2,2;3,5;1,4},TRUE,TRUE),0),{1,3,4;5,2,3;1,2,7;0.1,0.5,7;2,3,7})",
    of_y=_logarithm,
    of_coefficients=t.exp,
)


def _prediction(name: str, *examples: str, of_y: Callable, back: Callable[[t.Array], t.Array]):
    """Enters TREND, or GROWTH by logarithms."""

    def compute(
        context: Context, y: Grid, x: Grid = LEFT_OUT, new: Grid = LEFT_OUT, constant: Grid = LEFT_OUT
    ) -> Grid:
        known = _known(context, y, x)
        fit, layout, found = _fit(context, *known, constant, of_y)
        new = known[1] if new.is_left_out else as_matrices(new, context)
        table = layout.table(new.full())
        if t.shape_of(table)[3] != t.shape_of(fit.x)[3]:
            raise Fails("#REF!", "asks for numbers of other variables than those known")
        out = layout.array(back(fit.at(table)), new.size)
        found = errors_of_both(found, shown_as("#VALUE!", first_errors([new])))
        return failed_as_one(context, settled(from_numbers(out), found, context.host))

    entered(name, examples, compute, arity=(1, 4), ranges="array", whole=lambda i: i < 3)


_prediction(
    "TREND",
    "SUMPRODUCT(TREND(~{1;9;5;7.5},~{0;4;2;3},~{5;6}),{1;3})",
    "SUMPRODUCT(TREND(~{1,9,5,7.5}),{1,3,2,5})",
    "SUMPRODUCT(TREND(~{1,9,5,7.5},~{0,4,2,3},~{5;6},FALSE),{1;3})",
    "SUMPRODUCT(TREND(~{1;9;5;7.5;6},~{0,1;4,2;2,2;3,5;1,4},~{5,6;7,1}),{1;3})",
    "SUMPRODUCT(TREND(~{1,9,5,7.5,6},~{0,4,2,3,1;1,2,2,5,4},~{5;6},TRUE))*~2",
    "SUMPRODUCT(TREND(~{1;9;5;7.5;6},~{0;4;2;3;1}^{1,2},~{5;6}^{1,2}),{1;3})",
    of_y=_unchanged,
    back=_unchanged,
)
_prediction(
    "GROWTH",
    "SUMPRODUCT(GROWTH(~{1;9;5;7.5},~{0;4;2;3},~{5;6}),{1;3})",
    "SUMPRODUCT(GROWTH(~{1,9,5,7.5}),{1,3,2,5})",
    "SUMPRODUCT(GROWTH(~{1;9;5;7.5;6},~{0,1;4,2;2,2;3,5;1,4},~{5,6;7,1},FALSE),{1;3})",
    of_y=_logarithm,
    back=t.exp,
)

"""IF and its kind: values chosen by conditions, with their kinds, sizes and errors."""

from collections.abc import Callable, Sequence

import numpy as np

from xlcicf.formula import tape as t
from xlcicf.formula.choice import Either, Value, either, of_each, why_apart
from xlcicf.formula.coercion import taken_as_condition, taken_as_scalar
from xlcicf.formula.context import Context
from xlcicf.formula.grid import (
    ERROR,
    Grid,
    aligned,
    constant,
    errors_among,
    from_truths,
    mask_tensor,
    merged,
    with_errors,
)
from xlcicf.formula.overflow import watch


def choose(context: Context, condition: Value, yes: Callable[[], Value], no: Callable[[], Value]) -> Value:
    """What `yes` yields where the condition holds, else what `no` yields; a range is handed on as a range.

    Where the condition is a constant, what is not taken is not even computed. An array of conditions makes
    an array of as many values."""
    return of_each(lambda grid: _chosen(context, taken_as_condition(grid), yes, no), condition)


def pick(
    context: Context, index: Value, options: Sequence[Callable[[], Value]], code: str = "#VALUE!"
) -> Value:
    """What the option of that number yields, counted from 1 and cut to a whole one; the error `code` where
    there is none. Options that no cell takes are not even computed."""

    def from_option(number: int) -> Value:
        if number == len(options):
            return context.error(code, f"chooses none of {len(options)} values")
        holds = of_each(lambda grid: _is_number(grid, number + 1), index)
        return choose(context, holds, options[number], lambda: from_option(number + 1))

    return from_option(0)


def _is_number(grid: Grid, number: int) -> Grid:
    """TRUE where the whole part of a number is `number`."""
    grid = taken_as_scalar(grid)
    holds = t.unless_nan(t.as_number(t.equal(t.truncated(grid.num), float(number))), grid.num)
    return with_errors(from_truths(holds, like=[grid]), errors_among([grid]))


def _chosen(context: Context, condition: Grid, yes: Callable[[], Value], no: Callable[[], Value]) -> Value:
    test = truth(condition.num)
    if t.holds_everywhere(test) or not t.may_hold(test):
        taken = yes() if t.holds_everywhere(test) else no()
        branches = taken, taken
    else:
        branches = yes(), no()
    if condition.is_single:
        out = branches[0] if branches[0] is branches[1] else either(test, *branches, by=context.function)
    else:
        out = of_each(lambda a, b: _of_arrays(context, condition, a, b), *branches)
    if isinstance(test, t.Var):
        still = [isinstance(branch, Grid) and branch.is_constant for branch in branches]
        test.tape.decide(test, idle=None if still[0] == still[1] else still[0])
    if condition.listed:
        out = of_each(Grid.as_array, out)
    return _failing(context, condition, out)


def _of_arrays(context: Context, condition: Grid, yes: Grid, no: Grid) -> Grid:
    """An array of values by an array of conditions."""
    condition, yes, no = aligned([condition, yes.as_value(), no.as_value()], context.host)
    size = np.broadcast_shapes(condition.size, yes.size, no.size)
    a, b = (_spread(grid.with_blanks_as_zeros(), size) for grid in (yes, no))
    outcome = _one_grid(context, truth(condition.num), a, b).varying_like(condition, a, b)
    return with_errors(outcome, errors_among([condition]))


def _failing(context: Context, condition: Grid, out: Value) -> Value:
    """The outcome, but the condition's error where that is one."""
    if condition.may_fail:
        nan = t.is_nan(condition.num)
        error = context.error("#NUM!")
        out = of_each(lambda grid: either(nan, _of_size(grid, error), grid, context.function), out)
    found = errors_among([condition])
    if found is None or not condition.is_single:
        return out
    failed, error = mask_tensor(found[0].shape, found[0]), with_errors(constant(0.0), found)
    return of_each(lambda grid: either(failed, _of_size(grid, error), grid, context.function), out)


def _of_size(grid: Grid, error: Grid) -> Grid:
    """An error in the place of an array of values; instead of a range it is one error."""
    if grid.is_single or not grid.is_range:
        return _spread(error, grid.size).at(grid.place)
    return error


def otherwise(context: Context, value: Value, fallback: Value) -> Value:
    """IFERROR: the fallback where the value is an error; a value of its own, no range any more."""
    return of_each(lambda a, b: _unless_error(context, a.as_value(), b.as_value()), value, fallback)


def instead_of_na(context: Context, value: Value, fallback: Value) -> Value:
    """IFNA: the same where the value is #N/A; other errors stay."""

    def unless_na(grid: Grid, other: Grid) -> Value:
        grid, other = aligned([grid.as_value(), other.as_value()], context.host)
        if grid.may_fail:
            raise context.refuse("asks whether a changing number is #N/A; use IFERROR")
        lacking = np.equal(grid.texts(), "#N/A") & (grid.kinds() == ERROR)
        if not lacking.any():
            return grid
        size = np.broadcast_shapes(grid.size, other.size)
        fine = mask_tensor(lacking.shape, ~lacking)
        return _one_grid(context, fine, _spread(grid, size), _spread(other, size))

    return of_each(unless_na, value, fallback)


def _unless_error(context: Context, grid: Grid, fallback: Grid) -> Value:
    grid, fallback = aligned([grid, fallback], context.host)
    size = np.broadcast_shapes(grid.size, fallback.size)
    if grid.has(ERROR):
        fine = mask_tensor(grid.shape, grid.kinds() != ERROR)
        grid = _one_grid(context, fine, _spread(grid, size), _spread(fallback, size))
    if not grid.may_fail:
        return grid
    grid, fallback = _spread(grid, size), _spread(fallback, size)
    fine = t.is_finite(grid.num)
    t.decide(fine, is_end=True)
    if grid.is_single:
        return either(fine, grid, fallback, context.function)
    return _one_grid(context, fine, grid, fallback).varying_like(grid, fallback)


def truth(num: t.Array) -> t.Array:
    """The boolean tensor behind a condition's numbers."""
    if isinstance(num, t.Var) and (pattern := num.tape.operand_of(num, t.as_number)) is not None:
        return pattern
    watch(num)
    return t.not_equal(num, 0.0)


def _one_grid(context: Context, condition: t.Array, yes: Grid, no: Grid) -> Grid:
    grid = merged(condition, yes, no)
    if grid is None:
        raise context.refuse(why_apart(Either(condition, yes, no, context.function)))
    return grid


def _spread(grid: Grid, size: tuple[int, int]) -> Grid:
    """A single value as often as an array has elements."""
    return grid if grid.size == size else grid.expanded((*grid.batch, *size))

"""Counts as primitives: what depends on whole numbers alone, or yields one, and is a step everywhere."""

import math

import numpy as np
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.incomplete import binomial_terms
from xlcicf.formula.vmapped import by_numpy

BLOCK = 4096  # chances computed at once
LOG_OF_ALL = 709.8  # no number has a greater logarithm


def _binomial_inverse(n: np.ndarray, p: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """The smallest k at which the distribution reaches a chance, to within rounding."""
    from scipy.special import betaincc

    low, high = np.broadcast_arrays(np.float64(-1), n + 0 * p * chance)[0], n + 0 * p * chance
    while (wide := high - low > 1).any():
        middle = np.floor((low + high) / 2)
        reached = betaincc(middle + 1, np.maximum(n - middle, 1.0), p) >= chance * (1 - 1e-14)
        low, high = np.where(wide & ~reached, middle, low), np.where(wide & reached, middle, high)
    return high


@t.Primitive
def smallest_reaching(n: Tensor, p: Tensor, chance: Tensor) -> Tensor:
    return by_numpy(_binomial_inverse, n, p, chance)


def _hypergeometric(
    k: np.ndarray, drawn: np.ndarray, marked: np.ndarray, number: np.ndarray, cumulative: np.ndarray
) -> np.ndarray:
    """The chance of k marked ones among so many drawn of a number of things; `cumulative`: of at most k."""
    share, others = drawn / number, number - marked - drawn
    at_k = binomial_terms(k, marked - k, share, 1 - share)
    at_k = at_k * binomial_terms(drawn - k, others + k, share, 1 - share)
    at_k = at_k / binomial_terms(drawn, number - drawn, share, 1 - share)
    upper = k > drawn * share * (marked / drawn)
    tail = np.vectorize(_beyond, otypes=[float])(k, drawn, marked, others, upper, cumulative != 0) * at_k
    return np.where(cumulative == 0, at_k, np.where(upper, 1 - tail, tail + at_k))


def _beyond(k: float, drawn: float, marked: float, others: float, upper: bool, wanted: bool) -> float:
    """The sum of the chances above k (`upper`) or below it, away from the mean, in units of that of k, until
    they no longer count; 0 if none is wanted."""
    total, last = 0.0, float(wanted)
    while last > total * 1e-17:
        at = k + np.arange(BLOCK) if upper else k - np.arange(BLOCK)
        if upper:
            ratios = (marked - at) * (drawn - at) / ((at + 1) * (others + at + 1))
        else:
            ratios = at * (others + at) / ((marked - at + 1) * (drawn - at + 1))
        ends = np.flatnonzero(ratios <= 0)
        chances = last * np.cumprod(ratios[: ends[0] if len(ends) else BLOCK])
        total += float(chances.sum())
        last = 0.0 if len(ends) else float(chances[-1])
        k = k + BLOCK if upper else k - BLOCK
    return total


@t.Primitive
def hypergeometric(k: Tensor, drawn: Tensor, marked: Tensor, number: Tensor, cumulative: Tensor) -> Tensor:
    return by_numpy(_hypergeometric, k, drawn, marked, number, cumulative)


def _permutations(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    """n! / (n - k)!, infinity beyond all numbers."""
    return np.vectorize(_product_down, otypes=[float])(n, k)


def _product_down(n: float, k: float) -> float:
    """n (n - 1) ... of k factors; none of them is below n - k + 1, nor they all below those of k!."""
    if max(k * math.log(n - k + 1), math.lgamma(k + 1)) > LOG_OF_ALL:
        return math.inf
    try:
        return float(math.perm(int(n), int(k)))
    except OverflowError:
        return math.inf


@t.Primitive
def falling_factorial(n: Tensor, k: Tensor) -> Tensor:
    return by_numpy(_permutations, n, k)

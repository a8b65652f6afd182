"""Test problems of W. Hock and K. Schittkowski (Test Examples for Nonlinear Programming Codes, 1981)
as sheets: their starts, their bounds and constraints as rows of Solver's list."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import Bounds, NonlinearConstraint, minimize

from tests.solve.models.model import Answer, Cells, Model, rows, worst
from xlcicf.solve import Constraint, Problem

FIRST = 4  # the row of x1
INF = np.inf


@dataclass(frozen=True)
class Published:
    """A problem, its formulas as on the sheet and, beside them, in numpy.

    objective    a formula of x1, x2, ...
    value        the same in numpy
    constraints  (left side as a formula, relation, right side)
    left         the left sides in numpy
    best         the optimum's value
    is_ticked    whether "non-negative" says the lower bounds, which are 0 then
    arguments    behind `xlcicf train BOOK`
    """

    number: int
    start: Sequence[float]
    objective: str
    value: Callable[[np.ndarray], np.floating]
    best: float
    constraints: Sequence[tuple[str, str, float]] = ()
    left: Callable[[np.ndarray], Sequence] = lambda x: ()
    lower: Sequence[float] = ()
    upper: Sequence[float] = ()
    is_ticked: bool = False
    arguments: tuple[str, ...] = ()

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        n = len(self.start)
        return np.array(self.lower or [-INF] * n), np.array(self.upper or [INF] * n)


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


ROSENBROCK = "=100*({x2}-{x1}^2)^2+(1-{x1})^2"
A = np.sqrt(598 / 1200)  # of the closed form of problem 2

PUBLISHED = [
    Published(1, [-2, 1], ROSENBROCK, rosenbrock, 0, lower=[-INF, -1.5]),
    Published(
        2, [-2, 1], ROSENBROCK, rosenbrock,
        float(rosenbrock([2 * A * np.cos(np.arccos(1 / (400 * A**3)) / 3), 1.5])),
        lower=[-INF, 1.5], arguments=("--restarts", "20"),
    ),
    Published(
        3, [10, 1], "={x2}+0.00001*({x2}-{x1})^2", lambda x: x[1] + 1e-5 * (x[1] - x[0]) ** 2, 0, lower=[-INF, 0]
    ),
    Published(
        5, [0, 0], "=SIN({x1}+{x2})+({x1}-{x2})^2-1.5*{x1}+2.5*{x2}+1",
        lambda x: np.sin(x[0] + x[1]) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1,
        -np.sqrt(3) / 2 - np.pi / 3, lower=[-1.5, -3], upper=[4, 3],
    ),
    Published(
        15, [-2, 1], ROSENBROCK, rosenbrock, 306.5,
        [("={x1}*{x2}", ">=", 1), ("={x1}+{x2}^2", ">=", 0)], lambda x: (x[0] * x[1], x[0] + x[1] ** 2),
        upper=[0.5, INF],
    ),
    Published(
        21, [-1, -1], "=0.01*{x1}^2+{x2}^2-100", lambda x: 0.01 * x[0] ** 2 + x[1] ** 2 - 100, -99.96,
        [("=10*{x1}-{x2}", ">=", 10)], lambda x: (10 * x[0] - x[1],), lower=[2, -50], upper=[50, 50],
    ),
    Published(
        24, [1, 0.5], "=(({x1}-3)^2-9)*{x2}^3/(27*SQRT(3))",
        lambda x: ((x[0] - 3) ** 2 - 9) * x[1] ** 3 / (27 * np.sqrt(3)), -1,
        [("={x1}/SQRT(3)-{x2}", ">=", 0), ("={x1}+SQRT(3)*{x2}", ">=", 0), ("={x1}+SQRT(3)*{x2}", "<=", 6)],
        lambda x: (x[0] / np.sqrt(3) - x[1], x[0] + np.sqrt(3) * x[1], x[0] + np.sqrt(3) * x[1]), is_ticked=True,
    ),
    Published(
        30, [1, 1, 1], "=SUMSQ({x1}:{x3})", lambda x: x @ x, 1,
        [("={x1}^2+{x2}^2", ">=", 1)], lambda x: (x[0] ** 2 + x[1] ** 2,),
        lower=[1, -10, -10], upper=[10, 10, 10],
    ),
    Published(
        33, [0, 0, 3], "=({x1}-1)*({x1}-2)*({x1}-3)+{x3}",
        lambda x: (x[0] - 1) * (x[0] - 2) * (x[0] - 3) + x[2], np.sqrt(2) - 6,
        [("={x3}^2-{x2}^2-{x1}^2", ">=", 0), ("=SUMSQ({x1}:{x3})", ">=", 4)],
        lambda x: (x[2] ** 2 - x[1] ** 2 - x[0] ** 2, x @ x), upper=[INF, INF, 5], is_ticked=True,
        arguments=("--restarts", "20"),
    ),
    Published(
        35, [0.5] * 3, "=9-8*{x1}-6*{x2}-4*{x3}+2*{x1}^2+2*{x2}^2+{x3}^2+2*{x1}*{x2}+2*{x1}*{x3}",
        lambda x: (
            9 - np.array([8, 6, 4]) @ x + x @ np.array([[2, 1, 1], [1, 2, 0], [1, 0, 1]]) @ x
        ), 1 / 9,
        [("={x1}+{x2}+2*{x3}", "<=", 3)], lambda x: (x[0] + x[1] + 2 * x[2],), is_ticked=True,
    ),
    Published(
        37, [10] * 3, "=-({x1}*{x2}*{x3})", lambda x: -x[0] * x[1] * x[2], -3456,
        [("={x1}+2*{x2}+2*{x3}", "<=", 72), ("={x1}+2*{x2}+2*{x3}", ">=", 0)],
        lambda x: (x[0] + 2 * x[1] + 2 * x[2],) * 2, lower=[0] * 3, upper=[42] * 3,
    ),
    Published(
        41, [2] * 4, "=2-{x1}*{x2}*{x3}", lambda x: 2 - x[0] * x[1] * x[2], 52 / 27,
        [("={x1}+2*{x2}+2*{x3}-{x4}", "=", 0)], lambda x: (x[0] + 2 * x[1] + 2 * x[2] - x[3],),
        lower=[0] * 4, upper=[1, 1, 1, 2],
    ),
    Published(
        50, [35, -31, 11, 5, -5], "=({x1}-{x2})^2+({x2}-{x3})^2+({x3}-{x4})^4+({x4}-{x5})^2",
        lambda x: (x[0] - x[1]) ** 2 + (x[1] - x[2]) ** 2 + (x[2] - x[3]) ** 4 + (x[3] - x[4]) ** 2, 0,
        [(f"={{x{i}}}+2*{{x{i + 1}}}+3*{{x{i + 2}}}", "=", 6) for i in (1, 2, 3)],
        lambda x: x[:3] + 2 * x[1:4] + 3 * x[2:],
    ),
    Published(
        63, [2] * 3, "=1000-{x1}^2-2*{x2}^2-{x3}^2-{x1}*{x2}-{x1}*{x3}",
        lambda x: 1000 - x[0] ** 2 - 2 * x[1] ** 2 - x[2] ** 2 - x[0] * x[1] - x[0] * x[2], 961.7151721301,
        [("=8*{x1}+14*{x2}+7*{x3}", "=", 56), ("=SUMSQ({x1}:{x3})", "=", 25)],
        lambda x: (np.array([8, 14, 7]) @ x, x @ x), is_ticked=True,
    ),
    Published(
        65, [-5, 5, 0], "=({x1}-{x2})^2+({x1}+{x2}-10)^2/9+({x3}-5)^2",
        lambda x: (x[0] - x[1]) ** 2 + (x[0] + x[1] - 10) ** 2 / 9 + (x[2] - 5) ** 2, 0.9535288568047,
        [("=SUMSQ({x1}:{x3})", "<=", 48)], lambda x: (x @ x,), lower=[-4.5, -4.5, -5], upper=[4.5, 4.5, 5],
    ),
    Published(
        71, [1, 5, 5, 1], "={x1}*{x4}*({x1}+{x2}+{x3})+{x3}",
        lambda x: x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2], 17.0140172892,
        [("=PRODUCT({x1}:{x4})", ">=", 25), ("=SUMSQ({x1}:{x4})", "=", 40)],
        lambda x: (x[0] * x[1] * x[2] * x[3], x @ x), lower=[1] * 4, upper=[5] * 4,
    ),
    Published(
        76, [0.5] * 4,
        "={x1}^2+0.5*{x2}^2+{x3}^2+0.5*{x4}^2-{x1}*{x3}+{x3}*{x4}-{x1}-3*{x2}+{x3}-{x4}",
        lambda x: (
            np.array([1, 0.5, 1, 0.5]) @ x**2 - x[0] * x[2] + x[2] * x[3] - np.array([1, 3, -1, 1]) @ x
        ), -103 / 22,
        [
            ("={x1}+2*{x2}+{x3}+{x4}", "<=", 5), ("=3*{x1}+{x2}+2*{x3}-{x4}", "<=", 4),
            ("={x2}+4*{x3}", ">=", 1.5),
        ],
        lambda x: np.array([[1, 2, 1, 1], [3, 1, 2, -1], [0, 1, 4, 0]]) @ x, is_ticked=True,
    ),
    Published(
        100, [1, 2, 0, 4, 0, 1, 1],
        "=({x1}-10)^2+5*({x2}-12)^2+{x3}^4+3*({x4}-11)^2+10*{x5}^6+7*{x6}^2+{x7}^4-4*{x6}*{x7}-10*{x6}-8*{x7}",
        lambda x: (
            (x[0] - 10) ** 2 + 5 * (x[1] - 12) ** 2 + x[2] ** 4 + 3 * (x[3] - 11) ** 2 + 10 * x[4] ** 6
            + 7 * x[5] ** 2 + x[6] ** 4 - 4 * x[5] * x[6] - 10 * x[5] - 8 * x[6]
        ), 680.6300573744,
        [
            ("=2*{x1}^2+3*{x2}^4+{x3}+4*{x4}^2+5*{x5}", "<=", 127),
            ("=7*{x1}+3*{x2}+10*{x3}^2+{x4}-{x5}", "<=", 282),
            ("=23*{x1}+{x2}^2+6*{x6}^2-8*{x7}", "<=", 196),
            ("=4*{x1}^2+{x2}^2-3*{x1}*{x2}+2*{x3}^2+5*{x6}-11*{x7}", "<=", 0),
        ],
        lambda x: (
            2 * x[0] ** 2 + 3 * x[1] ** 4 + x[2] + 4 * x[3] ** 2 + 5 * x[4],
            7 * x[0] + 3 * x[1] + 10 * x[2] ** 2 + x[3] - x[4],
            23 * x[0] + x[1] ** 2 + 6 * x[5] ** 2 - 8 * x[6],
            4 * x[0] ** 2 + x[1] ** 2 - 3 * x[0] * x[1] + 2 * x[2] ** 2 + 5 * x[5] - 11 * x[6],
        ),
    ),
    Published(
        110, [9] * 10,
        "=" + "+".join(f"LN({{x{i}}}-2)^2+LN(10-{{x{i}}})^2" for i in range(1, 11)) + "-PRODUCT({x1}:{x10})^0.2",
        lambda x: np.sum(np.log(x - 2) ** 2 + np.log(10 - x) ** 2) - np.prod(x) ** 0.2, -45.7784697074,
        lower=[2.001] * 10, upper=[9.999] * 10,
    ),
    Published(
        113, [2, 3, 5, 5, 1, 2, 7, 3, 6, 10],
        "={x1}^2+{x2}^2+{x1}*{x2}-14*{x1}-16*{x2}+({x3}-10)^2+4*({x4}-5)^2+({x5}-3)^2+2*({x6}-1)^2+5*{x7}^2"
        "+7*({x8}-11)^2+2*({x9}-10)^2+({x10}-7)^2+45",
        lambda x: (
            x[0] ** 2 + x[1] ** 2 + x[0] * x[1] - 14 * x[0] - 16 * x[1] + 45
            + np.array([1, 4, 1, 2, 5, 7, 2, 1]) @ (x[2:] - np.array([10, 5, 3, 1, 0, 11, 10, 7])) ** 2
        ), 24.3062090682,
        [
            ("=4*{x1}+5*{x2}-3*{x7}+9*{x8}", "<=", 105),
            ("=10*{x1}-8*{x2}-17*{x7}+2*{x8}", "<=", 0),
            ("=2*{x2}-8*{x1}+5*{x9}-2*{x10}", "<=", 12),
            ("=3*({x1}-2)^2+4*({x2}-3)^2+2*{x3}^2-7*{x4}", "<=", 120),
            ("=5*{x1}^2+8*{x2}+({x3}-6)^2-2*{x4}", "<=", 40),
            ("=0.5*({x1}-8)^2+2*({x2}-4)^2+3*{x5}^2-{x6}", "<=", 30),
            ("={x1}^2+2*({x2}-2)^2-2*{x1}*{x2}+14*{x5}-6*{x6}", "<=", 0),
            ("=6*{x2}-3*{x1}+12*({x9}-8)^2-7*{x10}", "<=", 0),
        ],
        lambda x: (
            4 * x[0] + 5 * x[1] - 3 * x[6] + 9 * x[7],
            10 * x[0] - 8 * x[1] - 17 * x[6] + 2 * x[7],
            -8 * x[0] + 2 * x[1] + 5 * x[8] - 2 * x[9],
            3 * (x[0] - 2) ** 2 + 4 * (x[1] - 3) ** 2 + 2 * x[2] ** 2 - 7 * x[3],
            5 * x[0] ** 2 + 8 * x[1] + (x[2] - 6) ** 2 - 2 * x[3],
            0.5 * (x[0] - 8) ** 2 + 2 * (x[1] - 4) ** 2 + 3 * x[4] ** 2 - x[5],
            x[0] ** 2 + 2 * (x[1] - 2) ** 2 - 2 * x[0] * x[1] + 14 * x[4] - 6 * x[5],
            -3 * x[0] + 6 * x[1] + 12 * (x[8] - 8) ** 2 - 7 * x[9],
        ),
    ),
    Published(
        4, [1.125, 0.125], "=({x1}+1)^3/3+{x2}", lambda x: (x[0] + 1) ** 3 / 3 + x[1], 8 / 3, lower=[1, 0]
    ),
    Published(
        6, [-1.2, 1], "=(1-{x1})^2", lambda x: (1 - x[0]) ** 2, 0,
        [("=10*({x2}-{x1}^2)", "=", 0)], lambda x: (10 * (x[1] - x[0] ** 2),),
    ),
    Published(
        7, [2, 2], "=LN(1+{x1}^2)-{x2}", lambda x: np.log(1 + x[0] ** 2) - x[1], -np.sqrt(3),
        [("=(1+{x1}^2)^2+{x2}^2", "=", 4)], lambda x: ((1 + x[0] ** 2) ** 2 + x[1] ** 2,),
    ),
    Published(
        10, [-10, 10], "={x1}-{x2}", lambda x: x[0] - x[1], -1,
        [("=3*{x1}^2-2*{x1}*{x2}+{x2}^2", "<=", 1)], lambda x: (3 * x[0] ** 2 - 2 * x[0] * x[1] + x[1] ** 2,),
    ),
    Published(
        11, [4.9, 0.1], "=({x1}-5)^2+{x2}^2-25", lambda x: (x[0] - 5) ** 2 + x[1] ** 2 - 25, -8.4984642232,
        [("={x2}-{x1}^2", ">=", 0)], lambda x: (x[1] - x[0] ** 2,),
    ),
    Published(
        12, [0, 0], "=0.5*{x1}^2+{x2}^2-{x1}*{x2}-7*{x1}-7*{x2}",
        lambda x: 0.5 * x[0] ** 2 + x[1] ** 2 - x[0] * x[1] - 7 * x[0] - 7 * x[1], -30,
        [("=4*{x1}^2+{x2}^2", "<=", 25)], lambda x: (4 * x[0] ** 2 + x[1] ** 2,),
    ),
    Published(
        14, [2, 2], "=({x1}-2)^2+({x2}-1)^2", lambda x: (x[0] - 2) ** 2 + (x[1] - 1) ** 2, 9 - 2.875 * np.sqrt(7),
        [("=0.25*{x1}^2+{x2}^2", "<=", 1), ("={x1}-2*{x2}", "=", -1)],
        lambda x: (0.25 * x[0] ** 2 + x[1] ** 2, x[0] - 2 * x[1]),
    ),
    Published(
        18, [2, 2], "=0.01*{x1}^2+{x2}^2", lambda x: 0.01 * x[0] ** 2 + x[1] ** 2, 5,
        [("={x1}*{x2}", ">=", 25), ("={x1}^2+{x2}^2", ">=", 25)],
        lambda x: (x[0] * x[1], x[0] ** 2 + x[1] ** 2), lower=[2, 0], upper=[50, 50],
    ),
    Published(
        19, [20.1, 5.84], "=({x1}-10)^3+({x2}-20)^3", lambda x: (x[0] - 10) ** 3 + (x[1] - 20) ** 3, -6961.8138755802,
        [("=({x1}-5)^2+({x2}-5)^2", ">=", 100), ("=({x2}-5)^2+({x1}-6)^2", "<=", 82.81)],
        lambda x: ((x[0] - 5) ** 2 + (x[1] - 5) ** 2, (x[1] - 5) ** 2 + (x[0] - 6) ** 2),
        lower=[13, 0], upper=[100, 100],
    ),
    Published(
        22, [2, 2], "=({x1}-2)^2+({x2}-1)^2", lambda x: (x[0] - 2) ** 2 + (x[1] - 1) ** 2, 1,
        [("={x1}+{x2}", "<=", 2), ("={x2}-{x1}^2", ">=", 0)], lambda x: (x[0] + x[1], x[1] - x[0] ** 2),
    ),
    Published(
        23, [3, 1], "={x1}^2+{x2}^2", lambda x: x @ x, 2,
        [
            ("={x1}+{x2}", ">=", 1), ("={x1}^2+{x2}^2", ">=", 1), ("=9*{x1}^2+{x2}^2", ">=", 9),
            ("={x1}^2-{x2}", ">=", 0), ("={x2}^2-{x1}", ">=", 0),
        ],
        lambda x: (x[0] + x[1], x @ x, 9 * x[0] ** 2 + x[1] ** 2, x[0] ** 2 - x[1], x[1] ** 2 - x[0]),
        lower=[-50, -50], upper=[50, 50],
    ),
    Published(
        27, [2, 2, 2], "=0.01*({x1}-1)^2+({x2}-{x1}^2)^2",
        lambda x: 0.01 * (x[0] - 1) ** 2 + (x[1] - x[0] ** 2) ** 2, 0.04,
        [("={x1}+{x3}^2", "=", -1)], lambda x: (x[0] + x[2] ** 2,),
    ),
    Published(
        28, [-4, 1, 1], "=({x1}+{x2})^2+({x2}+{x3})^2", lambda x: (x[0] + x[1]) ** 2 + (x[1] + x[2]) ** 2, 0,
        [("={x1}+2*{x2}+3*{x3}", "=", 1)], lambda x: (x[0] + 2 * x[1] + 3 * x[2],),
    ),
    Published(
        29, [1, 1, 1], "=-({x1}*{x2}*{x3})", lambda x: -x[0] * x[1] * x[2], -16 * np.sqrt(2),
        [("={x1}^2+2*{x2}^2+4*{x3}^2", "<=", 48)], lambda x: (x[0] ** 2 + 2 * x[1] ** 2 + 4 * x[2] ** 2,),
    ),
    Published(
        31, [1, 1, 1], "=9*{x1}^2+{x2}^2+9*{x3}^2", lambda x: 9 * x[0] ** 2 + x[1] ** 2 + 9 * x[2] ** 2, 6,
        [("={x1}*{x2}", ">=", 1)], lambda x: (x[0] * x[1],), lower=[-10, 1, -10], upper=[10, 10, 1],
    ),
    Published(
        32, [0.1, 0.7, 0.2], "=({x1}+3*{x2}+{x3})^2+4*({x1}-{x2})^2",
        lambda x: (x[0] + 3 * x[1] + x[2]) ** 2 + 4 * (x[0] - x[1]) ** 2, 1,
        [("=6*{x2}+4*{x3}-{x1}^3", ">=", 3), ("=SUM({x1}:{x3})", "=", 1)],
        lambda x: (6 * x[1] + 4 * x[2] - x[0] ** 3, x[0] + x[1] + x[2]), is_ticked=True,
    ),
    Published(
        34, [0, 1.05, 2.9], "=-{x1}", lambda x: -x[0], -np.log(np.log(10)),
        [("={x2}-EXP({x1})", ">=", 0), ("={x3}-EXP({x2})", ">=", 0)],
        lambda x: (x[1] - np.exp(x[0]), x[2] - np.exp(x[1])), lower=[0] * 3, upper=[100, 100, 10],
    ),
    Published(
        36, [10] * 3, "=-({x1}*{x2}*{x3})", lambda x: -x[0] * x[1] * x[2], -3300,
        [("={x1}+2*{x2}+2*{x3}", "<=", 72)], lambda x: (x[0] + 2 * x[1] + 2 * x[2],),
        upper=[20, 11, 42], is_ticked=True,
    ),
    Published(
        38, [-3, -1, -3, -1],
        "=100*({x2}-{x1}^2)^2+(1-{x1})^2+90*({x4}-{x3}^2)^2+(1-{x3})^2"
        "+10.1*(({x2}-1)^2+({x4}-1)^2)+19.8*({x2}-1)*({x4}-1)",
        lambda x: (
            rosenbrock(x) + 90 * (x[3] - x[2] ** 2) ** 2 + (1 - x[2]) ** 2
            + 10.1 * ((x[1] - 1) ** 2 + (x[3] - 1) ** 2) + 19.8 * (x[1] - 1) * (x[3] - 1)
        ), 0, lower=[-10] * 4, upper=[10] * 4,
    ),
    Published(
        39, [2] * 4, "=-{x1}", lambda x: -x[0], -1,
        [("={x2}-{x1}^3-{x3}^2", "=", 0), ("={x1}^2-{x2}-{x4}^2", "=", 0)],
        lambda x: (x[1] - x[0] ** 3 - x[2] ** 2, x[0] ** 2 - x[1] - x[3] ** 2),
    ),
    Published(
        40, [0.8] * 4, "=-PRODUCT({x1}:{x4})", lambda x: -x[0] * x[1] * x[2] * x[3], -0.25,
        [("={x1}^3+{x2}^2", "=", 1), ("={x1}^2*{x4}-{x3}", "=", 0), ("={x4}^2-{x2}", "=", 0)],
        lambda x: (x[0] ** 3 + x[1] ** 2, x[0] ** 2 * x[3] - x[2], x[3] ** 2 - x[1]),
    ),
    Published(
        42, [1] * 4, "=({x1}-1)^2+({x2}-2)^2+({x3}-3)^2+({x4}-4)^2",
        lambda x: np.sum((x - np.arange(1, 5)) ** 2), 28 - 10 * np.sqrt(2),
        [("={x1}", "=", 2), ("={x3}^2+{x4}^2", "=", 2)], lambda x: (x[0], x[2] ** 2 + x[3] ** 2),
    ),
    Published(
        43, [0] * 4, "={x1}^2+{x2}^2+2*{x3}^2+{x4}^2-5*{x1}-5*{x2}-21*{x3}+7*{x4}",
        lambda x: np.array([1, 1, 2, 1]) @ x**2 - np.array([5, 5, 21, -7]) @ x, -44,
        [
            ("=SUMSQ({x1}:{x4})+{x1}-{x2}+{x3}-{x4}", "<=", 8),
            ("={x1}^2+2*{x2}^2+{x3}^2+2*{x4}^2-{x1}-{x4}", "<=", 10),
            ("=2*{x1}^2+{x2}^2+{x3}^2+2*{x1}-{x2}-{x4}", "<=", 5),
        ],
        lambda x: (
            x @ x + x[0] - x[1] + x[2] - x[3],
            np.array([1, 2, 1, 2]) @ x**2 - x[0] - x[3],
            np.array([2, 1, 1, 0]) @ x**2 + 2 * x[0] - x[1] - x[3],
        ),
    ),
    Published(
        45, [2] * 5, "=2-PRODUCT({x1}:{x5})/120", lambda x: 2 - x[0] * x[1] * x[2] * x[3] * x[4] / 120, 1,
        lower=[0] * 5, upper=[1, 2, 3, 4, 5],
    ),
    Published(
        48, [3, 5, -3, 2, -2], "=({x1}-1)^2+({x2}-{x3})^2+({x4}-{x5})^2",
        lambda x: (x[0] - 1) ** 2 + (x[1] - x[2]) ** 2 + (x[3] - x[4]) ** 2, 0,
        [("=SUM({x1}:{x5})", "=", 5), ("={x3}-2*({x4}+{x5})", "=", -3)],
        lambda x: (x[0] + x[1] + x[2] + x[3] + x[4], x[2] - 2 * (x[3] + x[4])),
    ),
    Published(
        66, [0, 1.05, 2.9], "=0.2*{x3}-0.8*{x1}", lambda x: 0.2 * x[2] - 0.8 * x[0], 0.5181632741,
        [("={x2}-EXP({x1})", ">=", 0), ("={x3}-EXP({x2})", ">=", 0)],
        lambda x: (x[1] - np.exp(x[0]), x[2] - np.exp(x[1])), lower=[0] * 3, upper=[100, 100, 10],
    ),
    Published(
        72, [1] * 4, "=1+SUM({x1}:{x4})", lambda x: 1 + x[0] + x[1] + x[2] + x[3], 727.6793577895,
        [("=4/{x1}+2.25/{x2}+1/{x3}+0.25/{x4}", "<=", 0.0401), ("=0.16/{x1}+0.36/{x2}+0.64/{x3}+0.64/{x4}", "<=", 0.010085)],
        lambda x: (np.array([4, 2.25, 1, 0.25]) @ (1 / x), np.array([0.16, 0.36, 0.64, 0.64]) @ (1 / x)),
        lower=[0.001] * 4, upper=[4e5, 3e5, 2e5, 1e5],
    ),
    Published(
        16, [-2, 1], ROSENBROCK, rosenbrock, 0.25,
        (("={x1}+{x2}^2", ">=", 0), ("={x1}^2+{x2}", ">=", 0)), lambda x: (x[0] + x[1] ** 2, x[0] ** 2 + x[1]),
        lower=[-0.5, -INF], upper=[0.5, 1],
    ),
    Published(
        17, [-2, 1], ROSENBROCK, rosenbrock, 1,
        (("={x2}^2-{x1}", ">=", 0), ("={x1}^2-{x2}", ">=", 0)), lambda x: (x[1] ** 2 - x[0], x[0] ** 2 - x[1]),
        lower=[-0.5, -INF], upper=[0.5, 1],
    ),
    Published(
        20, [-2, 1], ROSENBROCK, rosenbrock, 81.5 - 25 * np.sqrt(3),
        (("={x1}+{x2}^2", ">=", 0), ("={x1}^2+{x2}", ">=", 0), ("={x1}^2+{x2}^2", ">=", 1)),
        lambda x: (x[0] + x[1] ** 2, x[0] ** 2 + x[1], x[0] ** 2 + x[1] ** 2),
        lower=[-0.5, -INF], upper=[0.5, INF],
    ),
    Published(
        61, [0, 0, 0], "=4*{x1}^2+2*{x2}^2+2*{x3}^2-33*{x1}+16*{x2}-24*{x3}",
        lambda x: 4 * x[0] ** 2 + 2 * x[1] ** 2 + 2 * x[2] ** 2 - 33 * x[0] + 16 * x[1] - 24 * x[2], -143.6461422,
        (("=3*{x1}-2*{x2}^2", "=", 7), ("=4*{x1}-{x3}^2", "=", 11)),
        lambda x: (3 * x[0] - 2 * x[1] ** 2, 4 * x[0] - x[2] ** 2),
    ),
    Published(
        64, [1, 1, 1], "=5*{x1}+50000/{x1}+20*{x2}+72000/{x2}+10*{x3}+144000/{x3}",
        lambda x: 5 * x[0] + 5e4 / x[0] + 20 * x[1] + 7.2e4 / x[1] + 10 * x[2] + 1.44e5 / x[2], 6299.842428,
        (("=4/{x1}+32/{x2}+120/{x3}", "<=", 1),), lambda x: (4 / x[0] + 32 / x[1] + 120 / x[2],),
        lower=[1e-5] * 3,
    ),
]  # fmt: skip


# --- in numpy


def excesses(p: Published, x: np.ndarray) -> list[float]:
    """By how much each constraint and each bound is broken."""
    lower, upper = p.bounds
    by_relation = {"<=": lambda gap: gap, ">=": lambda gap: -gap, "=": abs}
    broken = [
        by_relation[relation](left - right)
        for left, (_, relation, right) in zip(p.left(x), p.constraints, strict=True)
    ]
    return [*broken, *(lower - x), *(x - upper), *(-x if p.is_ticked else ())]


@cache
def found_by_scipy(number: int) -> Answer:
    """The best of SLSQP from many starts, with derivatives that are exact to rounding (complex steps)."""
    p = next(p for p in PUBLISHED if p.number == number)
    lower, upper = p.bounds
    lower = np.maximum(lower, 0) if p.is_ticked else lower
    limits = {"<=": (-INF, 0.0), ">=": (0.0, INF), "=": (0.0, 0.0)}
    constraints = [
        NonlinearConstraint(
            lambda x, i=i, right=right: p.left(x)[i] - right,
            *limits[relation],
            jac=lambda x, i=i: slopes(lambda z: p.left(z)[i], x),
        )
        for i, (_, relation, right) in enumerate(p.constraints)
    ]
    draw = np.random.default_rng(0)
    n = len(p.start)
    low = np.maximum(lower, -10)
    box = low, np.minimum(upper, np.maximum(low, 0) + 10)
    starts = [np.clip(np.array(p.start, float), lower, upper), *draw.uniform(*box, (12, n))]

    def run(x: np.ndarray) -> np.ndarray:
        return minimize(
            p.value, x, jac=lambda x: slopes(p.value, x), method="SLSQP", constraints=constraints,
            bounds=Bounds(lower, upper, keep_feasible=True), options={"ftol": 1e-15, "maxiter": 200},
        ).x  # fmt: skip

    ends = [run(run(start)) for start in starts]
    feasible = [x for x in ends if worst(excesses(p, x)) < 1e-11]
    best = min(feasible, key=p.value)
    return Answer(float(p.value(best)), best)


def slopes(function: Callable, x: np.ndarray) -> np.ndarray:
    h = 1e-30
    return np.array([function(x + 1j * h * unit).imag / h for unit in np.eye(len(x))])


# --- as a sheet


def sheet(p: Published) -> Model:
    """x1, x2, ... in B4 and below with their bounds beside them, the objective in B1, the constraints' left
    sides in column F."""
    n = len(p.start)
    name = f"Problem_{p.number}"
    x = {f"x{i + 1}": f"B{FIRST + i}" for i in range(n)}

    def cells() -> Cells:
        bounds = [[b if np.isfinite(b) else None for b in side] for side in p.bounds]
        variables = zip(x, p.start, *bounds, strict=True)
        limits = [(left.format(**x), relation, right) for left, relation, right in p.constraints]
        return (
            rows(f"{name}!A1", [("Objective", p.objective.format(**x))])
            | rows(f"{name}!A3", [("Variable", "Value", "At least", "At most"), *variables])
            | rows(f"{name}!F3", [("Left side", "", "Right side"), *limits])
        )

    return Model(
        name=name,
        cells=cells,
        problem=Problem(
            f"{name}!B1", down(name, "B", n), constraints=tuple(solvers_rows(p, name)), non_negative=p.is_ticked
        ),
        objective=lambda v: float(p.value(v)),
        violation=lambda v: worst(excesses(p, v)),
        answer=lambda: found_by_scipy(p.number),
        arguments=p.arguments,
    )  # fmt: skip


def solvers_rows(p: Published, name: str) -> Iterator[Constraint]:
    """The constraints against their right sides' cells, a lone one against its number; the bounds as one row
    where each variable has one, else as numbers."""
    for i, (_, relation, right) in enumerate(p.constraints):
        left = f"{name}!F{FIRST + i}"
        yield Constraint(left, relation, f"{name}!H{FIRST + i}" if len(p.constraints) > 1 else right)
    for relation, column, bounds in zip((">=", "<="), "CD", p.bounds, strict=True):
        if np.isfinite(bounds).all():
            n = len(bounds)
            yield Constraint(down(name, "B", n), relation, down(name, column, n))
        else:
            for i in np.flatnonzero(np.isfinite(bounds)):
                yield Constraint(f"{name}!B{FIRST + i}", relation, float(bounds[i]))


def down(name: str, column: str, n: int) -> str:
    return f"{name}!{column}{FIRST}:{column}{FIRST + n - 1}"


SHEETS = [sheet(p) for p in PUBLISHED]

"""What to make, ship, load, assign, order, hold and visit: everyday plans as workbooks, with optima from elsewhere."""

from functools import cache

import numpy as np
from scipy.optimize import linear_sum_assignment, linprog

from tests.solve.models.model import (
    SIMPLEX,
    Answer,
    Cells,
    Model,
    apart,
    array_formula,
    rows,
    worst,
)
from xlcicf.formula.address import column_letters
from xlcicf.solve import Constraint, Problem

LINEAR = {"engine": SIMPLEX}

# --- portfolio: the smallest variance for a return of at least so much


def portfolio(n: int) -> Model:
    """n shares with their covariances on a sheet of their own; the variance as one matrix product for a few
    shares, as a column of products for many."""
    draw = np.random.default_rng(n)
    loadings = draw.normal(0, 0.05, (n, 3)) + [0.12, 0, 0]
    covariance = (loadings @ loadings.T + np.diag(draw.uniform(0.01, 0.09, n))).round(9)
    expected = draw.uniform(0.01, 0.12, n).round(5)
    target = 0.085
    last = column_letters(n + 1)
    weights, table = f"B9:B{n + 8}", f"Covariance!B2:{last}{n + 1}"

    def cells() -> Cells:
        names = [f"Share {i}" for i in range(1, n + 1)]
        held = zip(names, [1 / n] * n, expected.tolist(), strict=True)
        squares = zip(names, *covariance.tolist(), strict=True)
        summed = {
            "Portfolio!B2": f"=SUMPRODUCT({weights},C9:C{n + 8})",
            "Portfolio!B3": f"=SUM({weights})",
        }
        if n > 50:
            summed |= array_formula(f"Portfolio!D9:D{n + 8}", f"=MMULT({table},{weights})")
            summed["Portfolio!B1"] = f"=SUMPRODUCT({weights},D9:D{n + 8})"
        else:
            summed |= array_formula(
                "Portfolio!B1:B1", f"=MMULT(TRANSPOSE({weights}),MMULT({table},{weights}))"
            )
        return (
            rows("Portfolio!A1", [("Variance",), ("Expected return",), ("Sum of weights",)])
            | rows("Portfolio!A4", [("Return of at least", target)])
            | rows("Portfolio!A8", [("Share", "Weight", "Expected return", "Covariance x weight"), *held])
            | rows("Covariance!A1", [("", *names), *squares])
            | summed
        )

    return Model(
        name=f"portfolio of {n} shares",
        cells=cells,
        problem=Problem(
            "Portfolio!B1",
            f"Portfolio!{weights}",
            constraints=(
                Constraint("Portfolio!B3", "=", 1.0),
                Constraint("Portfolio!B2", ">=", "Portfolio!B4"),
            ),
            non_negative=True,
        ),
        objective=lambda w: float(w @ covariance @ w),
        violation=lambda w: worst(-w, abs(w.sum() - 1), target - expected @ w),
        answer=cache(lambda: smallest_variance(covariance, expected, target)),
    )


def smallest_variance(covariance: np.ndarray, expected: np.ndarray, target: float) -> Answer:
    """An active-set method: shares leave while their weights are below 0 and come back while that pays; the
    conditions of Karush, Kuhn and Tucker, which prove the optimum, are asserted."""
    n = len(expected)
    sums, wanted = np.array([np.ones(n), expected]), np.array([1.0, target])
    held = np.ones(n, bool)
    for _ in range(10 * n):
        k = held.sum()
        of_held = sums[:, held]
        system = np.block([[2 * covariance[np.ix_(held, held)], -of_held.T], [of_held, np.zeros((2, 2))]])
        solved = np.linalg.solve(system, np.concatenate([np.zeros(k), wanted]))
        w, prices = np.zeros(n), solved[k:]
        w[held] = solved[:k]
        pays = np.where(held, 0, 2 * covariance @ w - prices @ sums)
        if (w >= 0).all() and (pays >= 0).all():
            break
        if (w < 0).any():
            held &= w >= 0
        else:
            held[pays.argmin()] = True
    slack = 2 * covariance @ w - prices @ sums
    assert (w >= 0).all() and (slack > -1e-12).all() and prices[1] > 0 and abs(slack @ w) < 1e-12
    return Answer(float(w @ covariance @ w), w)


# --- linear plans


def product_mix() -> Model:
    """Five products from four resources, for the most profit."""
    profit = np.array([45.0, 60, 30, 52.5, 38])
    use = np.array([[3.0, 5, 2, 4, 1], [2, 1, 1.5, 3, 2.5], [0, 4, 1, 2, 3], [1, 1, 1, 1, 1]])
    stock = np.array([480.0, 320, 300, 170])
    products = [f"Product {letter}" for letter in "ABCDE"]

    def cells() -> Cells:
        used = [
            (f"Resource {i + 1}", *use[i], f"=SUMPRODUCT(B{7 + i}:F{7 + i},$B$4:$F$4)", "<=", stock[i])
            for i in range(4)
        ]
        return (
            rows("Mix!A1", [("Profit", "=SUMPRODUCT(B4:F4,B5:F5)")])
            | rows("Mix!A3", [("", *products), ("Units", *[0] * 5), ("Profit a unit", *profit)])
            | rows("Mix!A6", [("Needs", *products, "Used", "", "In stock"), *used])
        )

    def answer() -> Answer:
        found = linprog(-profit, use, stock)
        return Answer(-found.fun, found.x)

    return Model(
        name="product mix",
        cells=cells,
        problem=Problem(
            "Mix!B1",
            "Mix!B4:F4",
            "max",
            (Constraint("Mix!G7:G10", "<=", "Mix!I7:I10"),),
            non_negative=True,
            options=LINEAR,
        ),
        objective=lambda v: float(profit @ v),
        violation=lambda v: worst(-v, use @ v - stock),
        answer=answer,
    )


def transport_figures(m: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Costs (m, n), what each of m plants has and each of n customers wants."""
    draw = np.random.default_rng(100 * m + n)
    costs = draw.integers(5, 60, (m, n)) + draw.integers(0, 100, (m, n)) / 100
    wanted = draw.integers(20, 120, n).astype(float)
    shares = draw.uniform(0.5, 1.5, m)
    supply = np.ceil(1.15 * wanted.sum() * shares / shares.sum())
    return costs, supply, wanted


def transport(m: int, n: int) -> Model:
    """From m plants to n customers at the least cost: a table of costs, below it one of what is shipped, and
    sums at its right and foot."""
    costs, supply, wanted = transport_figures(m, n)
    last = column_letters(n + 1)
    out, limit = (column_letters(n + 2 + k) for k in range(2))
    first = m + 6  # the row of the first plant's shipments
    shipped = f"Transport!B{first}:{last}{first + m - 1}"
    total = first + m

    def cells() -> Cells:
        plants, customers = (
            [f"{who} {i + 1}" for i in range(k)] for who, k in (("Plant", m), ("Customer", n))
        )
        sent = [(plants[i], *[0] * n, f"=SUM(B{first + i}:{last}{first + i})", supply[i]) for i in range(m)]
        letters = [column_letters(j + 2) for j in range(n)]
        arrived = [f"=SUM({letter}{first}:{letter}{first + m - 1})" for letter in letters]
        return (
            rows("Transport!A1", [("Cost", f"=SUMPRODUCT(B4:{last}{m + 3},B{first}:{last}{first + m - 1})")])
            | rows(
                "Transport!A3", [("Cost a unit", *customers), *zip(plants, *costs.T.tolist(), strict=True)]
            )
            | rows(f"Transport!A{first - 1}", [("Shipped", *customers, "Sent", "In stock"), *sent])
            | rows(f"Transport!A{total}", [("Arrived", *arrived), ("Wanted", *wanted)])
        )

    def answer() -> Answer:
        sent = np.kron(np.eye(m), np.ones(n))
        arrived = np.kron(np.ones(m), np.eye(n))
        found = linprog(costs.ravel(), sent, supply, arrived, wanted)
        return Answer(found.fun, found.x)

    def violation(v: np.ndarray) -> float:
        ships = v.reshape(m, n)
        return worst(-v, ships.sum(1) - supply, abs(ships.sum(0) - wanted))

    return Model(
        name=f"transport {m} x {n}",
        cells=cells,
        problem=Problem(
            "Transport!B1",
            shipped,
            constraints=(
                Constraint(
                    f"Transport!{out}{first}:{out}{total - 1}",
                    "<=",
                    f"Transport!{limit}{first}:{limit}{total - 1}",
                ),
                Constraint(
                    f"Transport!B{total}:{last}{total}", "=", f"Transport!B{total + 1}:{last}{total + 1}"
                ),
            ),
            non_negative=True,
            options=LINEAR,
        ),
        objective=lambda v: float(costs.ravel() @ v),
        violation=violation,
        answer=cache(answer),
    )


# --- whole numbers


def knapsack() -> Model:
    """Which of thirty parcels a van of 300 kg takes."""
    draw = np.random.default_rng(30)
    weight = draw.integers(8, 60, 30)
    worth = weight + draw.integers(-5, 25, 30)
    capacity = 300

    def cells() -> Cells:
        parcels = [(f"Parcel {i + 1}", int(weight[i]), int(worth[i]), 0) for i in range(30)]
        return (
            rows("Van!A1", [("Worth", "=SUMPRODUCT(C5:C34,D5:D34)")])
            | rows("Van!A2", [("Weight", "=SUMPRODUCT(B5:B34,D5:D34)", "<=", capacity)])
            | rows("Van!A4", [("Parcel", "Weight", "Worth", "Taken"), *parcels])
        )

    def answer() -> Answer:
        """Dynamic programming: the best worth by parcels so far and weight at most."""
        best = np.zeros((31, capacity + 1))
        for i in range(30):
            best[i + 1] = best[i]
            best[i + 1, weight[i] :] = np.maximum(best[i, weight[i] :], best[i, : -weight[i]] + worth[i])
        taken, room = np.zeros(30), capacity
        for i in reversed(range(30)):
            if best[i + 1, room] != best[i, room]:
                taken[i], room = 1, room - weight[i]
        return Answer(float(best[-1, -1]), taken)

    draws = np.random.default_rng(1).integers(0, 2, (2, 30)).astype(float)
    return Model(
        name="knapsack",
        cells=cells,
        problem=Problem(
            "Van!B1",
            "Van!D5:D34",
            "max",
            (Constraint("Van!B2", "<=", "Van!D2"), Constraint("Van!D5:D34", "bin")),
            options=LINEAR,
        ),
        objective=lambda v: float(worth @ v),
        violation=lambda v: worst(weight @ v - capacity, np.minimum(abs(v), abs(v - 1))),
        answer=answer,
        tolerance=1e-9,
        others=(*draws.tolist(), [0.25] * 30),
    )


def assignment(n: int = 9) -> Model:
    """n people, n tasks, each one; the least hours in all."""
    hours = np.random.default_rng(n).integers(4, 40, (n, n))
    last = column_letters(n + 1)
    sums = column_letters(n + 2)
    first = n + 6

    def cells() -> Cells:
        people, tasks = ([f"{what} {i + 1}" for i in range(n)] for what in ("Person", "Task"))
        chosen = [(people[i], *[0] * n, f"=SUM(B{first + i}:{last}{first + i})") for i in range(n)]
        letters = [column_letters(j + 2) for j in range(n)]
        return (
            rows("Rota!A1", [("Hours", f"=SUMPRODUCT(B4:{last}{n + 3},B{first}:{last}{first + n - 1})")])
            | rows("Rota!A3", [("Hours", *tasks), *zip(people, *hours.T.tolist(), strict=True)])
            | rows(f"Rota!A{first - 1}", [("Does it", *tasks, "Tasks"), *chosen])
            | rows(
                f"Rota!A{first + n}", [("People", *(f"=SUM({c}{first}:{c}{first + n - 1})" for c in letters))]
            )
        )

    def answer() -> Answer:
        people, tasks = linear_sum_assignment(hours)
        chosen = np.zeros((n, n))
        chosen[people, tasks] = 1
        return Answer(float(hours[people, tasks].sum()), chosen.ravel())

    def violation(v: np.ndarray) -> float:
        chosen = v.reshape(n, n)
        return worst(np.minimum(abs(v), abs(v - 1)), abs(chosen.sum(0) - 1), abs(chosen.sum(1) - 1))

    draws = np.random.default_rng(2).integers(0, 2, (2, n * n)).astype(float)
    chosen = f"Rota!B{first}:{last}{first + n - 1}"
    return Model(
        name=f"assignment of {n}",
        cells=cells,
        problem=Problem(
            "Rota!B1",
            chosen,
            constraints=(
                Constraint(f"Rota!{sums}{first}:{sums}{first + n - 1}", "=", 1.0),
                Constraint(f"Rota!B{first + n}:{last}{first + n}", "=", 1.0),
                Constraint(chosen, "bin"),
            ),
            options=LINEAR,
        ),
        objective=lambda v: float(hours.ravel() @ v),
        violation=violation,
        answer=answer,
        tolerance=1e-9,
        others=tuple(draws.tolist()),
    )


MOST, SPACE = 120, 330  # of a lot, and in the store


def lots(discount: float) -> Model:
    """Six order quantities, whole numbers, that share a store. With a discount, prices fall along a curve of S
    shape as lots grow, and the cost has several valleys."""
    demand = np.array([900.0, 400, 1500, 260, 720, 1100])
    setup = np.array([40.0, 65, 25, 90, 30, 55])
    hold = np.array([2.4, 1.1, 3.0, 0.8, 4.0, 1.7])
    size = np.array([1, 2, 1, 1, 1, 1])

    def cost(q: np.ndarray) -> np.ndarray:
        """Of each item (6,) or of many lots of each (6, k)."""
        d, k, h = (a.reshape(-1, *[1] * (q.ndim - 1)) for a in (demand, setup, hold))
        return d * k / q + h * q / 2 + d * (1 - discount / (1 + np.exp((80 - q) / 3)))

    def cells() -> Cells:
        price = f"1-{discount}/(1+EXP((80-F{{r}})/3))" if discount else "1"
        table = [
            (
                f"Item {i + 1}", demand[i], setup[i], hold[i], int(size[i]), 20,
                f"=B{r}*C{r}/F{r}", f"=D{r}*F{r}/2", f"=B{r}*({price.format(r=r)})", f"=SUM(G{r}:I{r})",
            )
            for i, r in enumerate(range(6, 12))
        ]  # fmt: skip
        header = ("Item", "Demand", "Setup", "Holding", "Space", "Lot", "Setups", "Held", "Bought", "Cost")
        return (
            rows("Lots!A1", [("Cost a year", "=SUM(J6:J11)")])
            | rows(
                "Lots!A2", [("Space used", "=SUMPRODUCT(E6:E11,F6:F11)", "<=", SPACE), ("Largest lot", MOST)]
            )
            | rows("Lots!A5", [header, *table])
        )

    def answer() -> Answer:
        """Dynamic programming over the space that the items so far take."""
        sizes = np.arange(1, MOST + 1)
        of_lot = cost(np.tile(sizes.astype(float), (6, 1)))
        best, choices = np.zeros(SPACE + 1), []
        for i in range(6):
            reached, chosen = np.full(SPACE + 1, np.inf), np.zeros(SPACE + 1, int)
            for lot in sizes:
                room = lot * size[i]
                if room > SPACE:
                    break
                after = best[: SPACE + 1 - room] + of_lot[i, lot - 1]
                better = after < reached[room:]
                reached[room:][better], chosen[room:][better] = after[better], lot
            best = reached
            choices.append(chosen)
        room = int(best.argmin())
        total, found = best[room], np.zeros(6)
        for i in reversed(range(6)):
            found[i] = choices[i][room]
            room -= int(found[i]) * size[i]
        return Answer(float(total), found)

    draws = np.random.default_rng(3).integers(1, MOST, (3, 6)).astype(float)
    return Model(
        name="lot sizes with a discount" if discount else "lot sizes",
        cells=cells,
        problem=Problem(
            "Lots!B1",
            "Lots!F6:F11",
            constraints=(
                Constraint("Lots!B2", "<=", "Lots!D2"),
                Constraint("Lots!F6:F11", ">=", 1.0),
                Constraint("Lots!F6:F11", "<=", "Lots!B3"),
                Constraint("Lots!F6:F11", "int"),
            ),
        ),
        objective=lambda q: float(cost(q).sum()),
        violation=lambda q: worst(size @ q - SPACE, 1 - q, q - MOST, apart(q)),
        answer=cache(answer),
        tolerance=1e-9,
        arguments=("--restarts", "20") if discount else (),
        others=tuple(draws.tolist()),
    )


# --- an order


def tour(n: int = 15) -> Model:
    """The shortest way round n towns: their order, and each leg looked up in a table of distances."""
    places = np.random.default_rng(n).uniform(0, 300, (n, 2))
    distance = np.sqrt(((places[:, None] - places) ** 2).sum(2)).round(1)
    last = column_letters(n + 5)

    def cells() -> Cells:
        nexts = [*range(5, n + 4), 4]
        table = f"$F$4:${last}${n + 3}"
        legs = [(i + 1, i + 1, f"=INDEX({table},B{i + 4},B{after})") for i, after in enumerate(nexts)]
        towns = [f"Town {i + 1}" for i in range(n)]
        return (
            rows("Tour!A1", [("Kilometres", f"=SUM(C4:C{n + 3})")])
            | rows("Tour!A3", [("Stop", "Town", "Leg"), *legs])
            | rows("Tour!E3", [("Distances", *towns), *zip(towns, *distance.tolist(), strict=True)])
        )

    def length(v: np.ndarray) -> float:
        order = v.astype(int) - 1
        return float(distance[order, np.roll(order, -1)].sum())

    draw = np.random.default_rng(4)
    return Model(
        name=f"tour of {n} towns",
        cells=cells,
        problem=Problem(
            "Tour!B1", f"Tour!B4:B{n + 3}", constraints=(Constraint(f"Tour!B4:B{n + 3}", "dif"),)
        ),
        objective=length,
        violation=lambda v: worst(abs(np.sort(v) - np.arange(1, n + 1))),
        answer=cache(lambda: shortest_tour(distance)),
        tolerance=1e-9,
        others=tuple((draw.permutation(n) + 1.0).tolist() for _ in range(3)),
    )


def shortest_tour(distance: np.ndarray) -> Answer:
    """Held and Karp's dynamic programming: by the set of towns seen and the town one stands in, from the last."""
    n = len(distance) - 1
    seen = np.arange(2**n)
    length = np.full((2**n, n), np.inf)
    before = np.zeros((2**n, n), int)
    length[1 << np.arange(n), np.arange(n)] = distance[n, :n]
    for towns in seen:
        here = length[towns]
        for town in range(n):
            if towns >> town & 1 and towns != 1 << town:
                ways = length[towns ^ 1 << town] + distance[:n, town]
                before[towns, town] = ways.argmin()
                here[town] = ways[before[towns, town]]
    towns, closed = 2**n - 1, length[-1] + distance[:n, n]
    town = int(closed.argmin())
    order = [n]
    while towns:
        order.append(town)
        towns, town = towns ^ 1 << town, int(before[towns, town])
    return Answer(float(closed.min()), np.array(order) + 1.0)


def trips(n: int) -> Model:
    """How many go from each of n districts to each: what makes the least assumptions, where it is known how many
    leave and arrive. One of these equations follows from the others, as always where sums are balanced."""
    draw = np.random.default_rng(n)
    leave, arrive = (draw.uniform(50, 400, n).round(1) for _ in range(2))
    arrive[0] += leave.sum() - arrive.sum()
    last, out, known = (column_letters(n + k) for k in (1, 2, 3))
    foot = n + 5

    def cells() -> Cells:
        letters = [column_letters(j + 2) for j in range(n)]
        districts = [f"District {i + 1}" for i in range(n)]
        table = [(districts[i], *[1] * n, f"=SUM(B{i + 5}:{last}{i + 5})", float(leave[i])) for i in range(n)]
        arriving = [f"=SUM({letter}5:{letter}{foot - 1})" for letter in letters]
        return (
            rows("Trips!A1", [("Entropy", f"=-SUMPRODUCT(B5:{last}{foot - 1},LN(B5:{last}{foot - 1}))")])
            | rows("Trips!A4", [("From, to", *districts, "Leave", "Known"), *table])
            | rows(f"Trips!A{foot}", [("Arrive", *arriving), ("Known", *arrive.tolist())])
        )

    def entropy(v: np.ndarray) -> float:
        return -float(np.sum(v * np.log(v)))

    def violation(v: np.ndarray) -> float:
        table = v.reshape(n, n)
        return worst(1e-6 - v, abs(table.sum(1) - leave), abs(table.sum(0) - arrive))

    def answer() -> Answer:
        best = np.outer(leave, arrive) / leave.sum()
        return Answer(entropy(best), best.ravel())

    return Model(
        name=f"trips between {n} districts",
        cells=cells,
        problem=Problem(
            "Trips!B1",
            f"Trips!B5:{last}{foot - 1}",
            "max",
            constraints=(
                Constraint(f"Trips!{out}5:{out}{foot - 1}", "=", f"Trips!{known}5:{known}{foot - 1}"),
                Constraint(f"Trips!B{foot}:{last}{foot}", "=", f"Trips!B{foot + 1}:{last}{foot + 1}"),
                Constraint(f"Trips!B5:{last}{foot - 1}", ">=", 1e-6),
            ),
        ),
        objective=entropy,
        violation=violation,
        answer=answer,
    )


PLANNING = [
    portfolio(20), product_mix(), transport(20, 30), knapsack(), assignment(), lots(0), lots(0.3), tour(), trips(3), trips(5),
]  # fmt: skip
LARGE = [portfolio(500), transport(60, 100)]

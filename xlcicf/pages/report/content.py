"""What the reports of a solved problem say: sections of sentences and tables, for every writer the same."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from xlcicf.errors import TrainingError
from xlcicf.formula.address import Area, cell_address
from xlcicf.formula.references import resolve
from xlcicf.optim.fit import Fit
from xlcicf.optim.methods import METHODS
from xlcicf.optim.sensitivity import residual, room, sensitivity
from xlcicf.optim.steps import listed
from xlcicf.solve.answer import BINDS, ConstraintRow, room_taken
from xlcicf.solve.cell_labels import CellLabels
from xlcicf.solve.constraints import RIGHT_SIDES
from xlcicf.solve.fitted import Fitted, fitted
from xlcicf.solve.problem import goal_of
from xlcicf.solve.solved import Solved
from xlcicf.words import RESTARTS, SEED, STEPS

PRICED = 8  # constraints that are told in words
MOST_DRAWN = 30  # constraints in a chart
MOST_CORRELATED = 20  # parameters, up to which a report shows how they correlate
FAR_OFF = 1e-5  # of the objective: a slope that is left, scaled, beyond which values are no optimum
MANY = 200  # changing cells, from which on corners are not looked for
AT_A_CORNER = 1e-6  # of a value: a corner no farther off
SHOWN_VALUES = 8  # changing cells of another optimum


@dataclass(frozen=True)
class Live:
    """A number or word, and the formula that gives it in a sheet: {key} in it is the cell of that column in
    the same row."""

    value: float | str | None
    formula: str


Entry = str | float | None | Live


@dataclass(frozen=True)
class Drawing:
    """A chart of a table: its first column is x, or names; the next `columns` are lines, or bars; the first
    `dots` of the lines are dots."""

    title: str
    columns: int
    dots: int = 0
    bars: bool = False


@dataclass(frozen=True)
class Table:
    """columns  key -> header; rows have an entry for each
    shares   keys of the columns whose numbers are shares
    """

    key: str
    title: str
    columns: Mapping[str, str]
    rows: Sequence[Sequence[Entry]]
    shares: tuple[str, ...] = ()
    drawing: Drawing | None = None


@dataclass(frozen=True)
class Section:
    """A report of Solver's, or one of ours: `said` are its sentences."""

    key: str
    title: str
    said: Sequence[str]
    tables: Sequence[Table] = ()


@dataclass(frozen=True)
class Report:
    """All reports of one solved problem; `constraints` and `fitted` are what pictures show."""

    title: str
    sections: Sequence[Section]
    constraints: Sequence[ConstraintRow] = ()
    fitted: Fitted | None = None

    def to_json(self) -> dict:
        """Section -> its sentences (`said`) and its tables, each a list of rows by column."""
        return {
            section.key: {"said": list(section.said)}
            | {
                table.key: [dict(zip(table.columns, map(plain, row), strict=True)) for row in table.rows]
                for table in section.tables
            }
            for section in self.sections
        }


def plain(entry: Entry) -> str | float | None:
    """An entry as it is now; None for a number that is none."""
    value = entry.value if isinstance(entry, Live) else entry
    if not isinstance(value, float):
        return value
    return None if math.isnan(value) else value + 0.0  # -0.0 is 0


def report_of(solved: Solved) -> Report:
    """The reports of a problem at its values."""
    told = _Told(solved)
    sections = [
        told.answer(),
        told.sensitivity(),
        told.limits(),
        told.binding(),
        told.fit(),
        told.other_optima(),
        told.what_was_done(),
    ]
    title = f"Report: {solved.f.objective}, {goal_of(solved.f.sense)}"
    return Report(title, [s for s in sections if s], solved.answer.constraints, told.fitted)


class _Told:
    """The sections, of which some do not apply."""

    def __init__(self, solved: Solved):
        self.solved, self.f, self.problem = solved, solved.f, solved.problem
        self._labels = CellLabels(solved.problem.book)
        try:
            self._sensitivity = sensitivity(self.f, solved.values, solved.multipliers)
            self._refusal = ""
        except TrainingError as error:
            self._sensitivity, self._refusal = None, str(error)

    # --- answer

    def answer(self) -> Section:
        solved, facts = self.solved, self.solved.facts
        objective = self._cell(self.f.objective, solved.before, solved.value)
        said = [f"{facts['status']}: {facts['reason']}."] if "status" in facts else [UNKNOWN]
        if solved.answer.missed > BINDS:
            said.append(f"Constraints are missed, by {solved.answer.missed:.2g} at most.")
        tables = [Table("objective", "Objective", _CELL, [objective]), self._variables()]
        if solved.answer.constraints:
            tables.append(self._constraints())
        return Section("answer", "Answer", said, tables)

    def binding(self) -> Section | None:
        """Which constraints bind, at a glance; bounds of changing cells stand among these."""
        limits = [row for row in self.solved.answer.constraints if row.limited and not row.is_bound]
        if not 1 < len(limits) <= MOST_DRAWN:
            return None
        rows = []
        for row in limits:
            taken = self._taken(row)
            assert isinstance(taken.value, float)
            rows.append([row.text, taken, Live(max(0.0, 1 - taken.value), "=MAX(0,1-{taken})")])
        columns = {"constraint": "Constraint", "taken": "Room taken", "left": "Room left"}
        drawing = Drawing("Which constraints bind", 2, bars=True)
        table = Table("room", "Room that each takes", columns, rows, ("taken", "left"), drawing)
        return Section("binding", "Which constraints bind", [TAKEN], [table])

    def _taken(self, row: ConstraintRow) -> Live:
        """As `room_taken`, of the person's cells."""
        assert row.limited is not None and row.right is not None
        left, right = row.limited.left, f"({self._right_side(row)[1:]})"
        slack = {"<=": f"{right}-{left}", ">=": f"{left}-{right}", "=": f"-ABS({right}-{left})"}
        larger = f"MAX(ABS({left}),ABS({right}))"
        formula = f"=IF({larger}=0,1,MAX(0,1-({slack[row.limited.relation]})/{larger}))"
        return Live(room_taken(row.left, row.limited.relation, row.right), formula)

    def _cell(self, cell: str, before: float, after: float) -> list[Entry]:
        return [cell, self._name(cell), before, Live(after, f"={cell}"), _difference(after, before)]

    def _variables(self) -> Table:
        solved, f = self.solved, self.f
        rows = []
        for i, (cell, before, after) in enumerate(
            zip(f.cells, solved.start.tolist(), solved.values.tolist(), strict=True)
        ):
            lower, upper = float(f.lower[i]), float(f.upper[i])
            row = [*self._cell(cell, before, after), _finite(lower), _finite(upper), self._kind(i)]
            rows.append([*row, _at(after, lower, upper)])
        columns = _CELL | {"lower": "Lower bound", "upper": "Upper bound", "kind": "Kind", "at": "At a bound"}
        return Table("variables", "Changing cells", columns, rows)

    def _kind(self, i: int) -> str:
        if any(i in order for order in self.f.orders):
            return "all different"
        if not self.f.whole[i]:
            return "any number"
        return "0 or 1" if (self.f.lower[i], self.f.upper[i]) == (0, 1) else "whole"

    def _constraints(self) -> Table:
        rows = [self._constraint(row) for row in self.solved.answer.constraints]
        columns = {
            "constraint": "Constraint", "name": "Name", "left": "Left side", "right": "Right side",
            "slack": "Slack", "status": "Status",
        }  # fmt: skip
        return Table("constraints", "Constraints", columns, rows)

    def _constraint(self, row: ConstraintRow) -> list[Entry]:
        if row.limited is None:  # whole numbers and orders have no right side
            return [row.text, self._name(row.text.rpartition(" ")[0]), row.left, None, None, "holds"]
        right = Live(row.right, self._right_side(row)) if isinstance(row.limited.right, str) else row.right
        slack = "={right}-{left}" if row.limited.relation == "<=" else "={left}-{right}"
        return [
            row.text,
            self._name(row.limited.left),
            Live(row.left, f"={row.limited.left}"),
            right,
            Live(row.slack, slack),
            Live(_status(row), _STATUS["=" if row.limited.relation == "=" else "<="]),
        ]

    def _right_side(self, row: ConstraintRow) -> str:
        """As a formula."""
        assert row.limited is not None
        if row.limited.formula is None:
            return f"={row.limited.right}"
        assert isinstance(row.limited.right, str)
        (cell,) = resolve(self.problem.book, row.limited.right, "a right side")
        return self.problem.book.sheets[RIGHT_SIDES].formulas[cell.top, cell.left]

    def _name(self, address: str) -> str:
        (area,) = resolve(self.problem.book, address, "a cell")
        return self._labels.of(area)

    # --- sensitivity

    def sensitivity(self) -> Section:
        title, found = "Sensitivity", self._sensitivity
        if found is None:
            return Section("sensitivity", title, [f"There is none: {self._refusal}."])
        limits = [row for row in self.solved.answer.constraints if row.limited and not row.is_bound]
        said = [*self._reservations(), *self._prices_in_words(limits, found.prices.tolist())]
        tables = [self._reduced()]
        if limits:
            tables.append(self._prices(limits))
        intro = BENT
        if found.ranges is not None:
            intro = CORNERED if np.isnan(found.ranges.slopes).all() else LINEAR
        return Section("sensitivity", title, [intro, *said], tables)

    def _reservations(self) -> Iterator[str]:
        """What a reader of slopes should know of these."""
        if self.f.stepped:
            cells = listed([f"{cell} ({function})" for cell, function in self.f.stepped])
            yield f"Mind that {cells} moves in steps, which no slope sees."
        if found := self._corners():
            yield f"A corner of MAX, IF or ABS lies here ({listed(found)}): slopes differ on its two sides."
        elif self._residual > FAR_OFF:
            yield f"The values are no optimum yet: slopes are left ({self._residual:.2g}, {SCALED})."

    def _corners(self) -> list[str]:
        """Cells in which one lies at the values of a model that bends."""
        is_linear = self._sensitivity is not None and self._sensitivity.ranges is not None
        if is_linear or self.f.structure.is_smooth or len(self.f.cells) > MANY:
            return []
        kinks = self.f.kinks(self.solved.values, AT_A_CORNER * np.maximum(np.abs(self.solved.values), 1e-3))
        return list(dict.fromkeys(cell for cells in kinks.values() for cell in cells))

    @cached_property
    def _residual(self) -> float:
        if self._sensitivity is None:
            return 0.0
        return residual(self.f, self.solved.values, self._sensitivity.reduced)

    def _reduced(self) -> Table:
        found = self._sensitivity
        assert found is not None
        head = "Reduced cost" if found.ranges else "Reduced gradient"
        columns = {"cell": "Cell", "name": "Name", "value": "Final value", "reduced": head}
        parts = [self.solved.values, found.reduced]
        if found.ranges and not np.isnan(found.ranges.slopes).all():
            columns |= {"coefficient": "Coefficient", **_ALLOWED}
            parts += [found.ranges.slopes, found.ranges.slope_rise, found.ranges.slope_fall]
        names = [self._name(cell) for cell in self.f.cells]
        numbers = zip(*(part.tolist() for part in parts), strict=True)
        rows = [
            [cell, name, *map(_finite, row)]
            for cell, name, row in zip(self.f.cells, names, numbers, strict=True)
        ]
        return Table("variables", "Changing cells", columns, rows)

    def _prices(self, limits: Sequence[ConstraintRow]) -> Table:
        found = self._sensitivity
        assert found is not None
        head = "Shadow price" if found.ranges else "Lagrange multiplier"
        columns = {
            "constraint": "Constraint", "name": "Name", "value": "Final value", "price": head,
            "right": "Right side",
        }  # fmt: skip
        parts = [found.prices.tolist()]
        if found.ranges:
            columns |= _ALLOWED
            parts += [found.ranges.right_rise.tolist(), found.ranges.right_fall.tolist()]
        rows = []
        for row, (price, *allowed) in zip(limits, zip(*parts, strict=True), strict=True):
            assert row.limited is not None
            name = self._name(row.limited.left)
            rows.append([row.text, name, row.left, price, row.right, *map(_finite, allowed)])
        return Table("constraints", "Constraints", columns, rows)

    def _prices_in_words(self, limits: Sequence[ConstraintRow], prices: Sequence[float]) -> Iterator[str]:
        """What one more unit of a right side is worth, the dearest first."""
        found = self._sensitivity
        assert found is not None
        order = sorted(range(len(prices)), key=lambda i: -abs(prices[i]))
        dear = [i for i in order if abs(prices[i]) > BINDS * max(1e-300, max(map(abs, prices)))]
        for i in dear[:PRICED]:
            text = f"One more on the right side of {limits[i].text} changes"
            text = f"{text} {self.f.objective} by {prices[i]:+.6g}"
            if found.ranges:
                rise, fall = found.ranges.right_rise[i], found.ranges.right_fall[i]
                yield f"{text}; so it does {_while(rise, fall)}."
            else:
                yield f"{text}, near where it is."
        if len(dear) > PRICED:
            yield f"{len(dear) - PRICED} more constraints have a price; the table has them."

    # --- limits

    def limits(self) -> Section | None:
        found = room(self.f, self.solved.values)
        if found is None or not np.isfinite(found).any():
            return None
        rows = []
        for i, (cell, value) in enumerate(zip(self.f.cells, self.solved.values.tolist(), strict=True)):
            row: list[Entry] = [cell, self._name(cell), value]
            for end in found[i].tolist():
                row += [_finite(end), self._objective_with(i, end)]
            rows.append(row)
        columns = {
            "cell": "Cell", "name": "Name", "value": "Value", "lowest": "Lowest", "objective_lowest":
            "Objective there", "highest": "Highest", "objective_highest": "Objective there",
        }  # fmt: skip
        table = Table("variables", "Changing cells, one at a time", columns, rows)
        return Section("limits", "Limits", [LIMITS], [table])

    def _objective_with(self, i: int, end: float) -> float | str | None:
        if not math.isfinite(end):
            return None
        moved = self.solved.values.copy()
        moved[i] = end
        value = self.f.value(moved)
        return value if math.isfinite(value) else "no number"

    # --- fit

    def fit(self) -> Section | None:
        """How far the parameters of a fit are known."""
        found = self.solved.answer.fit
        if found is None:
            return None
        said = [f"{found.kind.capitalize()}; standard errors are from {found.source}."]
        if found.spread is not None:
            said.append(
                f"{found.count} residuals, {found.freedom} degrees of freedom; the standard deviation of a"
                f" residual is {found.spread:.8g}."
            )
        if found.blank:
            said.append(f"{found.blank} residuals are always 0, as of empty rows; they count all the same.")
        if found.is_rough:
            said.append(
                f"The values stand {found.away:.2g} standard errors from where slopes vanish: the run ended"
                " too early, or at a corner, for the errors to mean much."
            )
        tables = [self._estimates(found)]
        if 1 < len(found.values) <= MOST_CORRELATED:
            tables.append(self._correlation(found))
        if self.fitted is None:
            return Section("fit", "Fit", said, tables)
        said.append(BANDS if self.fitted.why is None else f"There are no bands: {self.fitted.why}.")
        return Section("fit", "Fit", said, [*tables, *_observations(self.fitted)])

    @cached_property
    def fitted(self) -> Fitted | None:
        """The data of a fit with its bands."""
        found = self.solved.answer.fit
        if found is None:
            return None
        return fitted(self.problem, self.f, self.solved.values, found)

    def _estimates(self, found: Fit) -> Table:
        columns = {
            "cell": "Parameter", "name": "Name", "value": "Estimate", "error": "Standard error",
            "t": "t" if found.freedom else "z", "lower": "95% from", "upper": "to", "why": "Why not known",
        }  # fmt: skip
        numbers = np.column_stack([found.values, found.errors, found.t, found.interval()])
        rows = [
            [cell, self._name(cell), *map(_finite, row), found.why.get(i)]
            for i, (cell, row) in enumerate(zip(self.f.cells, numbers.tolist(), strict=True))
        ]
        return Table("parameters", "Parameters", columns, rows)

    def _correlation(self, found: Fit) -> Table:
        known = found.correlation
        np.fill_diagonal(known, np.where(np.isnan(np.diagonal(known)), np.nan, 1.0))  # without rounding
        rows = [[cell, *map(_finite, row)] for cell, row in zip(self.f.cells, known.tolist(), strict=True)]
        columns = {"cell": "Parameter"} | {cell: cell for cell in self.f.cells}
        return Table("correlation", "Correlation of the estimates", columns, rows)

    # --- what was done

    def other_optima(self) -> Section | None:
        others = self.solved.others
        if not others:
            return None
        shown = self.f.cells[:SHOWN_VALUES] if all(len(values) for _, values in others) else []
        columns = {"objective": self.f.objective, "worse": "Worse by"} | {cell: cell for cell in shown}
        best = self.solved.value
        rows = [[loss, abs(loss - best), *values[: len(shown)]] for loss, values in others]
        said = (
            "Other starts ended at these, from where no way that is allowed leads on either; none is better."
        )
        return Section("other_optima", "Other optima", [said], [Table("optima", "Optima", columns, rows)])

    def what_was_done(self) -> Section:
        facts = self.solved.facts
        rows = [[what, facts[key]] for what, key in _DONE.items() if facts.get(key) is not None]
        scaling = _scaling(str(facts.get("method", "")))
        if scaling:
            rows.insert(2, ["scaling", scaling])
        rows.append(["largest miss of a constraint", self.solved.answer.missed])
        if self._sensitivity is not None:
            rows.append([f"largest slope left, {SCALED}", self._residual])
        table = Table("facts", "The run", {"what": "What", "value": "Value"}, rows)
        return Section("what_was_done", "What was done", [] if facts else [UNKNOWN], [table])


def _observations(fitted: Fitted) -> Iterator[Table]:
    """The data with what the model says of them, and the residuals: by x, so that lines through them are
    lines; without x by what the model says."""
    y, predicted, x = (_cells(area) for area in (fitted.data, fitted.predictions, fitted.across))
    at, along = (fitted.predicted, predicted) if fitted.x is None else (fitted.x, x)
    order = np.argsort(at, kind="stable").tolist()
    head = {"x": fitted.x_name or "Predicted"}
    columns = head | {
        "y": fitted.y_name, "predicted": "Predicted", "curve_lower": "Curve, 95% from", "curve_upper":
        "Curve, to", "new_lower": "New observation, 95% from", "new_upper": "New observation, to",
    }  # fmt: skip
    bands = np.column_stack([fitted.curve, fitted.new])
    shown = [
        [
            Live(float(at[i]), f"={along[i]}"),
            Live(float(fitted.y[i]), f"={y[i]}"),
            Live(float(fitted.predicted[i]), f"={predicted[i]}"),
            *map(_finite, bands[i].tolist()),
        ]
        for i in order
    ]
    lines = 6 if fitted.why is None else 2
    drawing = Drawing("Data, what the model says, and its bands", lines, dots=1)
    yield Table("data", "Data and model", columns, shown, drawing=drawing)
    left = [
        [Live(float(at[i]), f"={along[i]}"), Live(float(fitted.residual[i]), f"={y[i]}-{predicted[i]}")]
        for i in order
    ]
    drawing = Drawing("Residuals", 1, dots=1)
    yield Table("residuals", "Residuals", head | {"residual": "Residual"}, left, drawing=drawing)


def _cells(area: Area | None) -> list[str]:
    return [] if area is None else [cell_address(area.sheet, *cell) for cell in area.cells()]


# ---- words -----------------------------------------------------------------------------------------------

UNKNOWN = "How these values came about is not known: the last run recorded beside the book left others."
LINEAR = (
    "A linear model. A reduced cost is by how much the objective changes for each 1 by which the cell's bound"
    " moves, a shadow price the same for a right side. A coefficient or a right side may rise and fall by as"
    " much as is allowed, each alone, and these figures hold; blank: without limit."
)
CORNERED = (
    "A model that is linear but for its corners. A reduced cost is by how much the objective changes for each"
    " 1 by which the cell's bound moves, a shadow price the same for a right side, which may rise and fall by"
    " as much as is allowed; blank: without limit."
)
BENT = (
    "A model that bends. A reduced gradient is the slope that is left along a cell, 0 unless a bound holds"
    " it; a multiplier is how the objective follows a right side. Both are true near these values only."
)
LIMITS = (
    "Each cell alone, with all others as they are: how far constraints and bounds let it go, and what the"
    " objective is there; blank: without limit."
)
TAKEN = "100%: nothing to spare; 0%: the sides are as far apart as the larger of them is large."
SCALED = "scaled"
BANDS = (
    "The band of the curve holds the model's true value in 95 of 100 such data sets, at each x by itself; the"
    " wider one holds a new observation there."
)
_CELL = {"cell": "Cell", "name": "Name", "before": "Before", "after": "After", "change": "Change"}
_ALLOWED = {"increase": "Allowable increase", "decrease": "Allowable decrease"}
_MISSED = f"{BINDS:.6f}*MAX(1,ABS({{right}}))"
_STATUS = {
    "<=": f'=IF({{slack}}<-{_MISSED},"missed",IF({{slack}}<={_MISSED},"binding","not binding"))',
    "=": f'=IF(ABS({{slack}})>{_MISSED},"missed","binding")',
}
_DONE = {
    "status": "status",
    "method": "method",
    STEPS.name: STEPS.name,
    "starts": RESTARTS.name,
    SEED.name: SEED.name,
    "evaluations of the objective": "evaluations",
    "seconds": "seconds",
    "when": "when",
    "software": "software",
}


def _difference(after: float, before: float) -> Live:
    return Live(after - before, "={after}-{before}")


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _at(value: float, lower: float, upper: float) -> str:
    if lower == upper:
        return "fixed"
    near = BINDS * max(1.0, abs(value))
    return "lower" if value - lower <= near else "upper" if upper - value <= near else ""


def _status(row: ConstraintRow) -> str:
    assert row.limited is not None and row.slack is not None and row.right is not None
    if row.binds:
        return "binding"
    return "missed" if row.slack < 0 or row.limited.relation == "=" else "not binding"


def _while(rise: float, fall: float) -> str:
    up, down = (f"at most {by:.6g}" if math.isfinite(by) else "any amount" for by in (rise, fall))
    return f"while that rises by {up} and falls by {down}"


def _scaling(method: str) -> str:
    name = method.partition(":")[0]
    return METHODS[name].scaling if name in METHODS else ""

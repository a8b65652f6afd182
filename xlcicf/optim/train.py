"""Training as a generator of steps: ribbon, command line, chart, undo and tests consume this one loop."""

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from xlcicf import notebook
from xlcicf.errors import TrainingError
from xlcicf.optim.choosing import choose
from xlcicf.optim.elsewhere import Elsewhere, Nowhere
from xlcicf.optim.methods import AUTO, CONSTRAINTS, METHODS, ORDERS, WHOLE, Method
from xlcicf.optim.objective import Objective, one_thread, require_start
from xlcicf.optim.starting import more_starts
from xlcicf.optim.steps import Step
from xlcicf.words import SETTINGS, STOPPED

MAX_STARTS = 10_000_000  # numbers in all starts together: 80 MB, and far more in a first-order batch


def train(
    f: Objective,
    optimizer="auto",
    steps=None,
    restarts=1,
    seed=0,
    lr=None,
    time_limit: float | None = None,
    elsewhere: Elsewhere | None = None,
) -> Iterator[Step]:
    """Train f and yield a Step after each step; to stop early, close the generator or leave it alone.

    f          a SheetFunction, or anything else that is an Objective
    optimizer  a method's name, see `optim.methods`: "lbfgs" (L-BFGS-B), "least-squares", "slsqp", "linear",
               ..., "adam"; "auto" chooses from what the objective and its constraints are made of
    steps      the most steps of each restart; None: as many as are usual with the method
    restarts   how many starts in all; the first is f.start, the others are drawn, see `starts`. "auto" makes
               several of one where every slope is 0 at f.start
    seed       of the drawn starts; the same seed gives the same numbers
    lr         learning rate of a first-order optimiser; None takes its own
    time_limit   seconds after which the run ends with the best so far
    elsewhere  other processes, for restarts that take long: to the same result

    f.sense "min" lowers the objective, "max" raises it, a number brings it near that number by minimising
    the squared distance. Bounds are honoured: by L-BFGS-B itself, by projection after a first-order step.
    In a notebook the loss is drawn below the cell as the steps are taken.
    The last Step says how the run ended (`status`), why (`reason`), and which method made it.
    Raises TrainingError where the settings make no run, and at the first step where f.start gives no number.
    """
    settings = {"optimizer": optimizer, "steps": steps, "restarts": restarts, "seed": seed, "lr": lr}
    for name, value in settings.items():
        SETTINGS[name].require(value)
    if lr is not None and (optimizer == AUTO or METHODS[optimizer].lr is None):
        raise TrainingError(
            f"{optimizer} finds its own step length; leave the learning rate out, or choose adam"
        )
    if restarts * len(f.start) > MAX_STARTS:
        raise TrainingError(
            f"{restarts:,} restarts are too many here; at most {MAX_STARTS // len(f.start):,} are possible"
        )
    if optimizer != AUTO:
        _require_service(f, METHODS[optimizer])
    run = _run(f, optimizer, steps, restarts, seed, lr, elsewhere or Nowhere(), time_limit)
    return run if notebook.shell() is None else notebook.live(run, getattr(f, "objective", "the objective"))


def _require_service(f: Objective, method: Method) -> None:
    """Raises TrainingError for what the problem demands and the method does not keep to."""
    demanded = {CONSTRAINTS: bool(len(f.constraints)), WHOLE: bool(f.whole.any()), ORDERS: bool(f.orders)}
    for demand, is_demanded in demanded.items():
        if is_demanded and demand not in method.serves:
            raise TrainingError(f"{method.name} cannot keep to {demand}; choose auto, which finds what can")


def _run(f: Objective, optimizer, steps, restarts, seed, lr, elsewhere, time_limit) -> Iterator[Step]:
    until = math.inf if time_limit is None else time.monotonic() + time_limit
    with one_thread():
        before = f.evaluations
        require_start(f)
        name, why = choose(f) if optimizer == AUTO else (optimizer, "")
        method = METHODS[name]
        if optimizer == AUTO and restarts == 1 and method.goes_by_slopes:
            restarts, more = more_starts(f)
            why += more
    settings = steps or method.steps, restarts, seed, method.lr if lr is None else lr, elsewhere
    said = f"{name}: {why}" if why else name
    if method.lr is None:
        import scipy.linalg  # noqa: F401  # brings a BLAS of its own, which must be there to be held
    with one_thread():
        for step in chain(_conflict(f, method), method.run(f, *settings)):
            if step.reason is None and time.monotonic() > until:
                reason = f"the time is up, {time_limit:g} s; more of it may find better values"
                yield replace(step, reason=reason, status=STOPPED, method=said)
                return
            if step.reason is None:
                yield step
                continue
            evaluations = f.evaluations - before if step.evaluations is None else step.evaluations
            yield replace(step, method=said, evaluations=evaluations)
            return


def _conflict(f: Objective, method: Method) -> Iterator[Step]:
    """The end of a run by a method that would seek in vain, and long, for values that hold."""
    if len(f.constraints) and not method.tells_conflicts:
        from xlcicf.optim.methods.programs import conflict

        yield from conflict(f)

"""Training as a generator of steps: ribbon, command line, chart, undo and tests consume this one loop."""

from collections.abc import Iterator

from xlcicf.errors import TrainingError
from xlcicf.optim.elsewhere import Elsewhere, Nowhere
from xlcicf.optim.methods import METHODS
from xlcicf.optim.objective import Objective, one_thread, require_start
from xlcicf.optim.steps import Step
from xlcicf.words import SETTINGS

MAX_STARTS = 10_000_000  # numbers in all starts together: 80 MB, and far more in a first-order batch


def train(
    f: Objective,
    optimizer="lbfgs",
    steps=200,
    restarts=1,
    seed=0,
    lr=None,
    elsewhere: Elsewhere | None = None,
) -> Iterator[Step]:
    """Train f and yield a Step after each step; to stop early, close the generator or leave it alone.

    f          a SheetFunction, or anything else that is an Objective
    optimizer  a method's name: "lbfgs" (L-BFGS-B), "sgd", "momentum" (0.9), "rmsprop" or "adam"
    steps      the most steps of each restart
    restarts   how many starts in all; the first is f.start, the others are drawn, see `starts`
    seed       of the drawn starts; the same seed gives the same numbers
    lr         learning rate of a first-order optimiser; None takes its own
    elsewhere  other processes, for restarts that take long: to the same result

    f.sense "min" lowers the objective, "max" raises it, a number brings it near that number by minimising
    the squared distance. Bounds are honoured: by L-BFGS-B itself, by projection after a first-order step.
    Raises TrainingError where the settings make no run, and at the first step where f.start gives no number.
    """
    settings = {"optimizer": optimizer, "steps": steps, "restarts": restarts, "seed": seed, "lr": lr}
    for name, value in settings.items():
        SETTINGS[name].require(value)
    method = METHODS[optimizer]
    if method.lr is None and lr is not None:
        raise TrainingError(
            f"{optimizer} finds its own step length; leave the learning rate out, or choose adam"
        )
    if restarts * len(f.start) > MAX_STARTS:
        raise TrainingError(
            f"{restarts:,} restarts are too many here; at most {MAX_STARTS // len(f.start):,} are possible"
        )
    lr = method.lr if lr is None else lr
    return _run(f, method.run, steps, restarts, seed, lr, elsewhere or Nowhere())


def _run(f: Objective, run, *settings) -> Iterator[Step]:
    with one_thread():
        require_start(f)
        yield from run(f, *settings)

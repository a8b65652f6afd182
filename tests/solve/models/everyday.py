"""The everyday models, all of them: plans, estimates, steps on the way, and those without an answer."""

from tests.solve.models.estimating import ESTIMATING
from tests.solve.models.no_answer import GOAL, NO_ANSWER
from tests.solve.models.planning import LARGE, PLANNING
from tests.solve.models.steps_on_the_way import STEPS_ON_THE_WAY

ANSWERED = [*PLANNING, *LARGE, *ESTIMATING, *STEPS_ON_THE_WAY, GOAL]
EVERYDAY = [*ANSWERED, *NO_ANSWER]

"""The everyday models, all of them: plans, estimates, corners, steps on the way, and those without an answer."""

from tests.solve.models.corners import CORNERS
from tests.solve.models.estimating import ESTIMATING
from tests.solve.models.no_answer import GOAL, NO_ANSWER, ONLY_LIMITS
from tests.solve.models.planning import LARGE, PLANNING
from tests.solve.models.steps_on_the_way import STEPS_ON_THE_WAY

ANSWERED = [*PLANNING, *LARGE, *ESTIMATING, *CORNERS, *STEPS_ON_THE_WAY, *ONLY_LIMITS, GOAL]
EVERYDAY = [*ANSWERED, *NO_ANSWER]

import math

import pytest

from robolearn.errors import RobotError
from robolearn.hardware.settings import require_positive


def test_positive_numbers_pass():
    require_positive(release_s=1.0, slow_speed=0.8)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_others_are_named(value):
    with pytest.raises(RobotError, match="release_s must be a positive number"):
        require_positive(slow_speed=0.8, release_s=value)

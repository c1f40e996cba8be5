"""What settings of a robot must be, whichever robot it is."""

from __future__ import annotations

import math

from robolearn.errors import RobotError


def require_positive(**settings: float) -> None:
    """Checks settings, given by name, that switch something off unless they are positive.

    Raises:
        RobotError: if one is not a positive, finite number.
    """
    for name, value in settings.items():
        if not (math.isfinite(value) and value > 0):
            raise RobotError(f"{name} must be a positive number, got {value}")

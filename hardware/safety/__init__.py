"""What keeps an arm from harm: limits as data, a limiter of actions, a monitor of servos."""

from robolearn.hardware.safety.action_limiter import ActionLimiter, LimitedAction
from robolearn.hardware.safety.limits import LIMIT_NAMES, ArmLimits
from robolearn.hardware.safety.state_monitor import StateMonitor

__all__ = ["LIMIT_NAMES", "ActionLimiter", "ArmLimits", "LimitedAction", "StateMonitor"]

"""Shipped checks of the interfaces, and fakes: test your own robot, task or policy with them.

A contract takes three lines in a test of yours::

    def test_my_robot_keeps_the_contract():
        check_robot(MyRobot(port="/dev/ttyACM0"))
"""

from robolearn.testing.environment_contract import check_environment
from robolearn.testing.fakes import (
    FakeClock,
    FakePolicy,
    FakeRobot,
    FakeTask,
    FakeTeleoperator,
    ScriptedPolicy,
)
from robolearn.testing.policy_contract import check_policy
from robolearn.testing.robot_contract import check_robot
from robolearn.testing.teleoperator_contract import check_teleoperator

__all__ = [
    "FakeClock",
    "FakePolicy",
    "FakeRobot",
    "FakeTask",
    "FakeTeleoperator",
    "ScriptedPolicy",
    "check_environment",
    "check_policy",
    "check_robot",
    "check_teleoperator",
]

import dataclasses
import math

import pytest

from robolearn.errors import RobotError, UnknownNameError
from robolearn.hardware.safety import LIMIT_NAMES, ArmLimits

BOX = {"workspace_lower_m": (-0.3, -0.5, 0.0), "workspace_upper_m": (0.5, 0.5, 0.6)}


def test_everything_is_on_by_default():
    limits = ArmLimits(**BOX)
    assert all(limits.is_on(name) for name in LIMIT_NAMES)


def test_a_limit_is_turned_off_by_its_name_alone():
    limits = ArmLimits(**BOX, off=["workspace"])
    assert [name for name in LIMIT_NAMES if not limits.is_on(name)] == ["workspace"]


def test_an_unknown_word_turns_nothing_off():
    with pytest.raises(UnknownNameError, match=r"'workspce'.*workspace"):
        ArmLimits(**BOX, off=["workspce"])


@pytest.mark.parametrize("value", [None, math.inf, math.nan, 0.0, -1.0, "fast", True])
def test_a_number_that_would_turn_a_limit_off_in_silence_is_refused(value):
    with pytest.raises(RobotError, match=r"joint_speed_radps must be a positive number.*off=\["):
        ArmLimits(**BOX, joint_speed_radps=value)


@pytest.mark.parametrize("corner", [None, (0.0, 0.0), (0.0, 0.0, math.inf), 0.5])
def test_a_workspace_needs_two_corners(corner):
    with pytest.raises(RobotError, match="workspace_lower_m must be three finite numbers"):
        dataclasses.replace(ArmLimits(**BOX), workspace_lower_m=corner)


def test_an_empty_workspace_is_refused():
    with pytest.raises(RobotError, match="is empty"):
        ArmLimits(workspace_lower_m=(0.0, 0.0, 0.2), workspace_upper_m=(0.5, 0.5, 0.1))

"""An arm on fake servos, calibrated, in time that passes only when somebody sleeps."""

import numpy as np
import pytest

from robolearn.hardware.arms.so101 import SO101_ASSEMBLY
from robolearn.hardware.calibration import Calibration, JointCalibration
from robolearn.hardware.safety import ArmLimits
from robolearn.hardware.servo_arm import ServoArm
from robolearn.hardware.servo_bus import RAD_PER_STEP, ServoMemory
from tests.hardware.fakes.servos import FakeClock, FakeServoBus

LIMITS = ArmLimits(workspace_lower_m=(-0.3, -0.5, 0.0), workspace_upper_m=(0.5, 0.5, 0.6))
SPEC = SO101_ASSEMBLY.embodiment.action_spec
JAW_STEPS = 1250  # between the ends of the gripper


def make_calibration(robot_id="default", homing_offset_steps=37):
    """A plausible arm: every joint's zero reads 2048."""
    joints = {}
    for joint, low, high in zip(SO101_ASSEMBLY.joints, SPEC.low, SPEC.high, strict=True):
        ends = [1500, 1500 + JAW_STEPS]
        if joint.channel != "gripper":
            ends = sorted(round(2048 + joint.direction * x / RAD_PER_STEP) for x in (low, high))
        memory = ServoMemory(homing_offset_steps, *ends)
        joints[joint.channel] = JointCalibration(
            joint.servo_id, joint.direction, 2048, *ends, memory
        )
    return Calibration("so101", robot_id, joints)


class ArmBench:
    """A calibrated arm with what it stands on."""

    def __init__(self, folder, **bus_options):
        self.clock = FakeClock()
        self.bus = FakeServoBus(SO101_ASSEMBLY.servo_ids, self.clock, **bus_options)
        self.calibration = make_calibration()
        self.path = folder / "calibration.json"
        self.calibration.save(self.path)
        for joint in self.calibration.joints.values():
            self.bus.servos[joint.servo_id].memory = joint.memory
        self.said = []
        self.place(SO101_ASSEMBLY.embodiment.rest_position)

    def make(self, **options):
        options = {"calibration": str(self.path), "limits": LIMITS, **options}
        options = {"tell": self.said.append, **options}
        return ServoArm(SO101_ASSEMBLY, self.bus, clock=self.clock, **options)

    def place(self, position):
        """Puts the arm somewhere by hand."""
        for servo_id, steps in self.calibration.to_steps(np.array(position), SPEC).items():
            servo = self.bus.servos[servo_id]
            servo.actual_steps = steps + servo.memory.homing_offset_steps

    @property
    def position(self):
        steps = {i: servo.present_steps for i, servo in self.bus.servos.items()}
        return self.calibration.to_position(steps, SPEC)


@pytest.fixture
def bench(tmp_path):
    return ArmBench(tmp_path)

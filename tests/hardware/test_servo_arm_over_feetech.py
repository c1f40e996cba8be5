"""`ServoArm` through the real driver: bytes on a pseudo-terminal, emulated servos behind it."""

import numpy as np
import pytest

from robolearn.embodiments import so101
from robolearn.hardware.arms.so101 import SO101_ARM
from robolearn.hardware.calibration_procedure import CalibrationProcedure
from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.feetech import FeetechServos
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.hardware.feetech import registers as reg
from robolearn.hardware.feetech.bus import FeetechBus
from robolearn.hardware.servo_arm import ServoArm
from robolearn.plant import LagPlant
from robolearn.testing import check_robot
from tests.hardware.conftest import LIMITS

SPEC = so101.SO101.action_spec
# Horns are never screwed on straight.
ZERO_STEPS = (2048, 700, 3900, 2100, 10, 1500)


def to_rad(action):
    """Angles of the actuators for an action."""
    jaw_rad = so101.JAW_CLOSED_RAD + action[5] * (so101.JAW_OPEN_RAD - so101.JAW_CLOSED_RAD)
    return (*action[:5], jaw_rad)


class EmulatedArm:
    """An SO-101 of emulated servos that a hand can move."""

    def __init__(self, folder):
        self.plant = LagPlant(SO101_ARM.embodiment.action_spec.channels)
        setups = {
            joint.servo_id: ServoSetup(joint.channel, joint.direction, zero)
            for joint, zero in zip(SO101_ARM.joints, ZERO_STEPS, strict=True)
        }
        self.device = FeetechServos(self.plant, setups)
        self.port = EmulatedPort(self.device, folder / "arm")
        self.emulation = Emulation(self.plant, [self.port])
        self.calibration, self.said = folder / "calibration.json", []

    def place(self, action):
        def act():
            for channel, angle_rad in zip(self.plant.actuators, to_rad(action), strict=True):
                self.plant.place(channel, angle_rad)

        self.emulation.call(act)

    def measure(self):
        def act():
            return [self.plant.measure(name).position_rad for name in self.plant.actuators]

        return np.array(self.emulation.call(act))

    def make(self, **options):
        return ServoArm(
            SO101_ARM,
            FeetechBus(str(self.port.path)),
            LIMITS,
            calibration=str(self.calibration),
            tell=self.said.append,
            release_s=0.2,
            slow_speed=3.0,
            **options,
        )

    def calibrate(self):
        """Plays the person: middle pose, then every joint from stop to stop."""
        procedure = CalibrationProcedure(self.make())
        try:
            middle = np.where(np.array(SPEC.units) == "rad", 0.0, 0.5)
            self.place(middle)
            procedure.start()
            procedure.take_middle()
            self.place(middle + 0.2)
            procedure.take_directions()
            for share in (0.0, 0.5, 1.0, 0.5, 0.0):
                self.place(SPEC.low + share * (SPEC.high - SPEC.low))
                procedure.update()
            procedure.finish()
        finally:
            procedure.close()
        self.place(so101.SO101.rest_position)


@pytest.fixture(scope="module")
def arm(tmp_path_factory):
    arm = EmulatedArm(tmp_path_factory.mktemp("arm"))
    with arm.emulation:
        arm.calibrate()
        yield arm


def test_it_keeps_the_promises_of_a_robot(arm):
    check_robot(arm.make())
    assert arm.said == []


def test_what_is_asked_is_where_the_arm_goes(arm):
    with arm.make() as robot:
        robot.prepare()
        seen = robot.get_observation().values["observation.state"]
        home = np.array(so101.SO101.home_position)
        assert np.abs(seen - home).max() < 0.02
        assert np.abs(arm.measure() - to_rad(home)).max() < 0.03
        assert robot.get_health().limit_violations == 0
    rest = np.array(so101.SO101.rest_position)
    assert np.abs(arm.measure() - to_rad(rest)).max() < 0.05
    assert not any(servo.get(reg.TORQUE_ENABLE) for servo in arm.device.servos.values())

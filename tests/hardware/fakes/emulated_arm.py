"""An arm of emulated servos on a pseudo-terminal, which a hand can move."""

import dataclasses

import numpy as np

from robolearn.hardware.calibration_procedure import CalibrationProcedure
from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.hardware.servo_arm import ServoArm
from robolearn.plant import LagPlant
from tests.hardware.conftest import LIMITS

SWEEP = (0.0, 0.5, 1.0, 0.5, 0.0)  # from stop to stop by way of the middle


class EmulatedArm:
    """Emulated servos with horns that are never screwed on straight, and a plant behind them.

    Attributes:
        plant: what the servos move.
        device: the servos.
        port: where they are.
        emulation: runs them.
        said: what the robot told a person.
    """

    def __init__(self, arm, folder, make_device, make_bus, jaw_rad, zero_steps, directions):
        self.arm, self._make_bus = arm, make_bus
        self.spec = arm.embodiment.action_spec
        self._jaw_rad = jaw_rad
        self.plant = LagPlant(self.spec.channels)
        setups = {
            joint.servo_id: ServoSetup(joint.channel, direction, zero)
            for joint, direction, zero in zip(arm.joints, directions, zero_steps, strict=True)
        }
        self.device = make_device(self.plant, setups)
        self.port = EmulatedPort(self.device, folder / "arm")
        self.emulation = Emulation(self.plant, [self.port])
        self.calibration, self.said = folder / "calibration.json", []

    def to_rad(self, action):
        """Angles of the actuators for an action."""
        closed_rad, open_rad = self._jaw_rad
        return np.array([*action[:5], closed_rad + action[5] * (open_rad - closed_rad)])

    def place(self, action):
        """Moves the arm by hand."""

        def act():
            for channel, angle_rad in zip(self.plant.actuators, self.to_rad(action), strict=True):
                self.plant.place(channel, float(angle_rad))

        self.emulation.call(act)

    def measure(self):
        """Returns where the actuators are [rad]."""

        def act():
            return [self.plant.measure(name).position_rad for name in self.plant.actuators]

        return np.array(self.emulation.call(act))

    def make(self, **options):
        """Returns the robot on the port, not connected."""
        return ServoArm(
            self.arm,
            self._make_bus(str(self.port.path)),
            dataclasses.replace(LIMITS, lowest_voltage_v=4.5),
            calibration=str(self.calibration),
            tell=self.said.append,
            **{"release_s": 0.2, "slow_speed": 3.0, **options},
        )

    def calibrate(self):
        """Plays the person: middle pose, a turn of every joint, then each from stop to stop."""
        procedure = CalibrationProcedure(self.make())
        try:
            middle = np.where(np.array(self.spec.units) == "rad", 0.0, 0.5)
            self.place(middle)
            procedure.start()
            procedure.take_middle()
            self.place(middle + 0.2)
            procedure.take_directions()
            for share in SWEEP:
                self.place(self.spec.low + share * (self.spec.high - self.spec.low))
                procedure.update()
            calibration = procedure.finish()
        finally:
            procedure.close()
        self.place(self.arm.embodiment.rest_position)
        return calibration

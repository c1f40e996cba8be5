"""`EmulatedArm`: the servos of one particular arm, with the calibration that fits them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

from robolearn.hardware.arms import ArmAssembly, ServoJoint
from robolearn.hardware.calibration import Calibration, JointCalibration
from robolearn.hardware.emulators.port import Device
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.hardware.servo_bus import MIDDLE_STEPS, STEPS_PER_TURN, ServoBus, ServoMemory
from robolearn.plant import Plant

# A horn has 25 teeth and is screwed on by hand: no two arms have their zero at the same step.
LARGEST_HORN_ERROR_STEPS = 80


class EmulatedArm:
    """An arm whose horns sit a little differently for every `robot_id`, as on real arms.

    Attributes:
        device: the servos on their line.
    """

    def __init__(
        self,
        plant: Plant,
        assembly: ArmAssembly,
        make_servos: Callable[[Plant, Mapping[int, ServoSetup]], Device],
        make_bus: Callable[[str], ServoBus],
        robot_id: str = "default",
        is_calibrated: bool = True,
    ) -> None:
        """Screws the horns on.

        Args:
            plant: the arm's physics; its actuators are named like the arm's channels.
            assembly: which servo moves what.
            make_servos: gives the emulated servos.
            make_bus: gives the driver that writes a calibration into them, from a port.
            robot_id: name of the arm.
            is_calibrated: whether it comes calibrated, or as from the workshop.
        """
        random = Random(robot_id)
        self._assembly, self._robot_id = assembly, robot_id
        self._is_calibrated, self._make_bus = is_calibrated, make_bus
        self._setups = {
            joint.servo_id: ServoSetup(
                joint.channel,
                joint.direction or random.choice((1, -1)),
                MIDDLE_STEPS + random.randint(-LARGEST_HORN_ERROR_STEPS, LARGEST_HORN_ERROR_STEPS),
            )
            for joint in assembly.joints
        }
        self.device = make_servos(plant, self._setups)

    def calibrate(self, port: str, folder: Path) -> Path | None:
        """Writes the true calibration into the servos, through their port, and into a file.

        Args:
            port: where the servos answer.
            folder: where the file goes.

        Returns:
            The file; None for an arm that is to come uncalibrated.
        """
        if not self._is_calibrated:
            return None
        joints = {joint.channel: self._make_joint(joint) for joint in self._assembly.joints}
        bus = self._make_bus(port)
        bus.open(self._assembly.servo_ids)
        try:
            bus.write_memory({joint.servo_id: joint.memory for joint in joints.values()})
        finally:
            bus.close()
        path = folder / "calibration.json"
        Calibration(self._assembly.embodiment.name, self._robot_id, joints).save(path)
        return path

    def _make_joint(self, joint: ServoJoint) -> JointCalibration:
        setup = self._setups[joint.servo_id]
        ends = [round(setup.to_steps(angle_rad)) for angle_rad in self._find_ends_rad(joint)]
        lower_steps, upper_steps = max(0, min(ends)), min(STEPS_PER_TURN - 1, max(ends))
        return JointCalibration(
            servo_id=joint.servo_id,
            direction=setup.direction,
            zero_steps=setup.zero_steps,
            lower_steps=lower_steps,
            upper_steps=upper_steps,
            memory=ServoMemory(0, lower_steps, upper_steps),
        )

    def _find_ends_rad(self, joint: ServoJoint) -> tuple[float, float]:
        """Angles of the actuator at both ends of the channel."""
        body = self._assembly.embodiment
        place = body.action_spec.channels.index(joint.channel)
        if body.action_spec.units[place] == "rad":
            return float(body.action_spec.low[place]), float(body.action_spec.high[place])
        return body.gripper_closed, body.gripper_open

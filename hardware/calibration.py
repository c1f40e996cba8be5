"""`Calibration`: which steps of which servo are which position, for one particular arm.

It lives in two places, a file and the memory of the servos, and only the comparison of both tells
that the file belongs to the arm on the port.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robolearn.errors import RobotError
from robolearn.hardware.servo_bus import RAD_PER_STEP, ServoMemory
from robolearn.specs import Array, BoundedArraySpec

FORMAT = 1
FOLDER = Path("~/.config/robolearn/calibration")


@dataclass(frozen=True)
class JointCalibration:
    """One servo in one arm.

    A joint's position is `direction * (steps - zero_steps) * RAD_PER_STEP`; a gripper's opening
    runs from 0 to 1 between its two ends, in the same direction.

    Attributes:
        servo_id: id on the bus.
        direction: +1 if steps grow with the position, -1 if they fall.
        zero_steps: where a joint is at 0 [steps].
        lower_steps: lower end of what it can reach [steps].
        upper_steps: upper end [steps].
        memory: what the servo itself was told.
    """

    servo_id: int
    direction: int
    zero_steps: int
    lower_steps: int
    upper_steps: int
    memory: ServoMemory

    def __post_init__(self) -> None:
        if self.direction not in (1, -1):
            raise ValueError(f"direction must be 1 or -1, got {self.direction}")
        if not self.lower_steps < self.upper_steps:
            raise ValueError(f"its range {self.lower_steps} to {self.upper_steps} is empty")


@dataclass(frozen=True)
class Calibration:
    """One particular arm.

    Attributes:
        embodiment: name of the body.
        robot_id: name that tells this arm from others of its kind.
        joints: by channel, in the order of the embodiment's channels.
    """

    embodiment: str
    robot_id: str
    joints: Mapping[str, JointCalibration]

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        text = json.dumps(self._to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def servo_ids(self) -> tuple[int, ...]:
        """Ids of the servos, in the order of the channels."""
        return tuple(joint.servo_id for joint in self.joints.values())

    def to_position(self, steps: Mapping[int, int], spec: BoundedArraySpec) -> Array:
        """Returns positions in the channels of an action, float64.

        Args:
            steps: of each servo, by its id [steps].
            spec: of the embodiment's action; its units tell a joint from a gripper.
        """
        zeros, scales = self._find_lines(spec)
        return (np.array([steps[i] for i in self.servo_ids], float) - zeros) * scales

    def to_steps(self, position: Array, spec: BoundedArraySpec) -> dict[int, int]:
        """Returns the nearest steps of each servo, by its id; inverse of `to_position`."""
        zeros, scales = self._find_lines(spec)
        steps = np.rint(zeros + np.asarray(position, float) / scales).astype(int)
        return dict(zip(self.servo_ids, steps.tolist(), strict=True))

    def find_reach(self, spec: BoundedArraySpec) -> tuple[Array, Array]:
        """Returns lowest and highest position that each servo can reach."""
        joints = self.joints.values()
        ends = [
            self.to_position(
                {joint.servo_id: end for joint, end in zip(joints, row, strict=True)}, spec
            )
            for row in ([j.lower_steps for j in joints], [j.upper_steps for j in joints])
        ]
        return np.minimum(*ends), np.maximum(*ends)

    def _find_lines(self, spec: BoundedArraySpec) -> tuple[Array, Array]:
        """Steps where each channel is 0, and units per step."""
        zeros, scales = [], []
        for joint, unit in zip(self.joints.values(), spec.units, strict=True):
            if unit == "rad":
                zeros.append(joint.zero_steps)
                scales.append(joint.direction * RAD_PER_STEP)
            else:
                closed = joint.lower_steps if joint.direction > 0 else joint.upper_steps
                zeros.append(closed)
                scales.append(joint.direction / (joint.upper_steps - joint.lower_steps))
        return np.array(zeros, float), np.array(scales)

    def find_differences(self, memories: Mapping[int, ServoMemory]) -> list[str]:
        """Says of each servo whose memory differs how; empty if all agree."""
        differences = []
        for channel, joint in self.joints.items():
            held, told = asdict(memories[joint.servo_id]), asdict(joint.memory)
            for name in told:
                if held[name] != told[name]:
                    differences.append(
                        f"servo {joint.servo_id} ({channel}) holds {name} {held[name]} instead of"
                        f" {told[name]}"
                    )
        return differences

    def save(self, path: Path) -> None:
        """Writes the file at once or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        content = {**self._to_json(), "sha256": self.digest}
        unfinished.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
        unfinished.replace(path)

    def _to_json(self) -> dict[str, Any]:
        joints = {channel: asdict(joint) for channel, joint in self.joints.items()}
        return {
            "format": FORMAT,
            "embodiment": self.embodiment,
            "robot_id": self.robot_id,
            "joints": joints,
        }


def find_path(embodiment: str, robot_id: str) -> Path:
    """Returns where the file of an arm lies unless it is named."""
    return FOLDER.expanduser() / embodiment / f"{robot_id}.json"


def load_calibration(
    path: Path, embodiment: str, robot_id: str, channels: Sequence[str]
) -> Calibration:
    """Reads the file of an arm.

    Args:
        path: of the file.
        embodiment: the body it must be of.
        robot_id: the arm it must be of.
        channels: the channels it must have, in this order.

    Raises:
        RobotError: if it is missing, damaged, or of another arm.
    """
    remedy = f"run `robolearn calibrate robot={embodiment} port=…`"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise RobotError(f"there is no calibration {path}: {remedy}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RobotError(f"the calibration {path} cannot be read ({error}): {remedy}") from error
    try:
        calibration = _parse(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RobotError(f"the calibration {path} is damaged ({error}): {remedy}") from error
    if (calibration.embodiment, calibration.robot_id) != (embodiment, robot_id):
        raise RobotError(
            f"the calibration {path} is of {calibration.embodiment} {calibration.robot_id!r}, not"
            f" of {embodiment} {robot_id!r}: name the right file, or {remedy}"
        )
    if tuple(calibration.joints) != tuple(channels):
        raise RobotError(
            f"the calibration {path} has {', '.join(calibration.joints)} where {embodiment} has"
            f" {', '.join(channels)}: {remedy}"
        )
    return calibration


def _parse(data: Any) -> Calibration:
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']!r}, known: {FORMAT}")
    joints = {
        str(channel): JointCalibration(
            **{name: _to_int(entry[name]) for name in JointCalibration.__match_args__[:-1]},
            memory=ServoMemory(**{name: _to_int(value) for name, value in entry["memory"].items()}),
        )
        for channel, entry in data["joints"].items()
    }
    calibration = Calibration(str(data["embodiment"]), str(data["robot_id"]), joints)
    if data["sha256"] != calibration.digest:
        raise ValueError("its content does not agree with its sha256")
    return calibration


def _to_int(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a whole number")
    return value

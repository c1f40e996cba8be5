"""Names and units of the entries of robosuite's observations and actions.

Orders are robosuite's own: quaternions have their scalar last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from robolearn.specs import Array

Channels = list[tuple[str, str]]

HAND_STEP = ("step_x", "step_y", "step_z", "turn_x", "turn_y", "turn_z")
AXES = ("x", "y", "z")
QUATERNION = ("qx", "qy", "qz", "qw")
SLIDE, HINGE = 2, 3  # mjtJoint
UNIT_OF_JOINT = {SLIDE: "m", HINGE: "rad"}
UNIT_OF_SCALAR = {"wipe_radius": "m"}


def name_actions(parts: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """Returns the names of an action's entries.

    Args:
        parts: names of the parts of the body that take a share of it, in order, with its length.
    """
    names: list[str] = []
    for part, length in parts:
        if part.endswith("gripper"):
            names += _number("grip", length)
        elif part in ("right", "left") and length == len(HAND_STEP):
            names += HAND_STEP
        else:
            names += _number(part, length)
    return tuple(names)


def name_proprioception(
    kind: str, value: Array, arm: Sequence[tuple[str, int]], gripper: Sequence[tuple[str, int]]
) -> Channels:
    """Returns name and unit of each entry of an observable of the robot itself.

    Args:
        kind: its name without the robot's prefix, e.g. `joint_pos`.
        value: a value of it.
        arm: name and type (mjtJoint) of each joint of the arm.
        gripper: likewise of the gripper.
    """
    joints = {"joint_pos": arm, "joint_vel": arm, "gripper_qpos": gripper, "gripper_qvel": gripper}
    if kind not in joints:
        return name_object(kind.removesuffix("_pos").removesuffix("_quat"), kind, value)
    is_speed = kind.endswith("vel")
    return [
        (f"{name}_speed" if is_speed else name, UNIT_OF_JOINT[type_] + ("/s" if is_speed else ""))
        for name, type_ in joints[kind]
    ]


def name_object(part: str, key: str, value: Array) -> Channels:
    """Returns name and unit of each entry of an observable, by its key and its length.

    Args:
        part: what the names begin with.
        key: the observable's own name.
        value: a value of it.
    """
    length = int(np.size(value))
    if key.endswith("quat") and length == 4:
        return [(f"{part}_{axis}", "1") for axis in QUATERNION]
    if length == 3:
        return [(f"{part}_{axis}", "m") for axis in AXES]
    if length == 1:
        unit = "rad" if key.endswith("qpos") else UNIT_OF_SCALAR.get(key, "1")
        return [(part, unit)]
    return [(name, "1") for name in _number(part, length)]


def name_objects(observables: dict[str, Any], values: dict[str, Array]) -> Channels:
    """Returns name and unit of each entry of `object-state`.

    Args:
        observables: robosuite's, by name.
        values: an observation.
    """
    channels: Channels = []
    for key, observable in observables.items():
        if observable.modality == "object" and observable.is_enabled() and observable.is_active():
            part = key.removesuffix("_pos").removesuffix("_quat")
            channels += name_object(part, key, values[key])
    return channels


def _number(name: str, length: int) -> list[str]:
    return [name] if length == 1 else [f"{name}_{index}" for index in range(length)]

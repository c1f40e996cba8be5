"""The state of a world as plain numbers, from which another world becomes its mirror."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import mujoco
import numpy as np

from robolearn.errors import IncompatibleError
from robolearn.sim.world import World
from robolearn.specs import Array

# What a state is made of, beside the time: all of `MjData` that `mj_forward` needs.
ARRAYS = ("qpos", "qvel", "ctrl", "mocap_pos", "mocap_quat")


def get_world_state(world: World) -> dict[str, list[float]]:
    """Returns the state; its time is that since the episode began."""
    arrays = {name: getattr(world.data, name).ravel().tolist() for name in ARRAYS}
    return {"time_s": [world.data.time], **arrays}


def set_world_state(world: World, state: Mapping[str, object]) -> None:
    """Takes over the state of another world with the same scene; further entries are ignored.

    Raises:
        IncompatibleError: if it is not the state of such a world; then nothing has changed.
    """
    arrays = {name: getattr(world.data, name) for name in ARRAYS}
    sizes = {"time_s": 1} | {name: array.size for name, array in arrays.items()}
    values = {name: _read_numbers(state.get(name), name, size) for name, size in sizes.items()}
    world.data.time = float(values["time_s"][0])
    for name, array in arrays.items():
        array[:] = values[name].reshape(array.shape)
    world.forward()


def copy_configuration(source: mujoco.MjData, target: mujoco.MjData) -> None:
    """Copies where everything is, from which `mj_kinematics` finds all poses; no velocities."""
    target.qpos[:] = source.qpos
    target.mocap_pos[:] = source.mocap_pos
    target.mocap_quat[:] = source.mocap_quat


def _read_numbers(values: object, name: str, size: int) -> Array:
    """Returns what came from outside as finite numbers, shape (size,)."""
    if isinstance(values, list) and all(isinstance(value, int | float) for value in values):
        if len(values) != size:
            raise IncompatibleError(
                f"{name} has {len(values)} numbers and would need {size}: this is the state of"
                " another scene"
            )
        with contextlib.suppress(OverflowError):  # an integer beyond all floats
            numbers = np.array(values, float)
            if np.isfinite(numbers).all():
                return numbers
    raise IncompatibleError(f"{name} is no list of finite numbers: this is no world's state")

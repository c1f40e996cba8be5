"""Perturbed evaluation: one aspect of a task at a time is changed, each by a strength from 0 to 1.

The axes are those of LIBERO-plus (camera, light, texture, start pose, distractors, object
positions, wording); what each strength means is our own and stands in each class.
"""

from __future__ import annotations

from collections.abc import Mapping

from robolearn.errors import RobolearnError, UnknownNameError
from robolearn.sim.perturbations.layout import Distractors, Positions, StartPose
from robolearn.sim.perturbations.looks import Camera, Light, Texture
from robolearn.sim.perturbations.perturbation import Perturbation
from robolearn.sim.perturbations.wording import Wording
from robolearn.sim.tasks.sim_task import SimTask
from robolearn.task import Task

AXES: Mapping[str, type[Perturbation]] = {
    "camera": Camera,
    "light": Light,
    "texture": Texture,
    "start_pose": StartPose,
    "distractors": Distractors,
    "positions": Positions,
    "wording": Wording,
}


def perturb(task: Task, strengths: Mapping[str, float]) -> None:
    """Has a task perturbed at each reset, along every axis with a strength above 0.

    Args:
        task: one that is not bound to a robot yet.
        strengths: by axis, 0 (not at all) to 1.

    Raises:
        UnknownNameError: if there is no such axis.
        RobolearnError: if a strength is out of bounds, or the task is no simulated one of ours.
    """
    for axis, strength in strengths.items():
        if axis not in AXES:
            raise UnknownNameError("axis", axis, AXES, "of perturbation")
        if not 0 <= strength <= 1:
            raise RobolearnError(f"perturb.{axis} takes 0 to 1, got {strength}")
    chosen = {axis: strength for axis, strength in strengths.items() if strength > 0}
    if not chosen:
        return
    if not isinstance(task, SimTask):
        raise RobolearnError(
            f"task {task.name!r} cannot be perturbed ({', '.join(chosen)}): it has no scene of ours"
        )
    task.perturbations = tuple(AXES[axis](strength) for axis, strength in chosen.items())

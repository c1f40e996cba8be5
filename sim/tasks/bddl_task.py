"""`BddlTask`: a task that a BDDL file describes, on any arm that has a scale for it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import mujoco
import numpy as np

from robolearn.robot import Robot
from robolearn.sim.bddl.parser import load_problem
from robolearn.sim.bddl.problem import BddlError, Problem
from robolearn.sim.bddl_scene import BddlScene
from robolearn.sim.catalogue.cable_line import NUM_TRACKED_POINTS
from robolearn.sim.catalogue.category import Category
from robolearn.sim.catalogue.fixtures.cables import Cable
from robolearn.sim.catalogue.markers import Marker
from robolearn.sim.experts.planner import PlanningExpert
from robolearn.sim.judgement import make_judgement
from robolearn.sim.predicates import ConsecutiveSteps
from robolearn.sim.tasks.sim_task import SimTask, pose_channels
from robolearn.sim.world import World
from robolearn.specs import Array

# How large a scene is built for an arm, by its reach: LIBERO's scenes lie 0.3 to 0.9 m before a
# Panda, which is 0.12 to 0.36 m before an SO-101 at this scale.
SCENE_SCALES = {"panda": 1.0, "so101": 0.4, "koch": 0.33}

BASE_TIME_S, RELATION_TIME_S = 10.0, 12.0  # of a time limit: to begin with, and per relation


class BddlTask(SimTask):
    """All relations of the goal hold; see `robolearn.sim.judgement` for when one does.

    A file of household size serves every arm. One in an arm's own metres serves that arm; beside
    `NAME.bddl` there may be `NAME.ARM.bddl`, the same task laid out for another.

    The privileged state is the pose of every thing that moves and the position of every moving
    part, then where fixtures and markers are and whether lamps are lit, in the order of the file;
    then points along the cables.

    Attributes:
        problem: what the file says, for the robot once bound.
        scene: the things and places, once bound.
    """

    def __init__(
        self,
        file: str | Path,
        name: str | None = None,
        instruction: str | None = None,
        time_limit_s: float | None = None,
        judgement: str = "strict",
    ) -> None:
        """Reads the file.

        Args:
            file: the BDDL file.
            name: of the task; by default that of the file.
            instruction: the goal in words; by default the file's own.
            time_limit_s: after this long the episode is truncated [s]; by default by the number of
                relations in the goal.
            judgement: `strict`, or `loose` as LIBERO's own.

        Raises:
            RobolearnError: if the file cannot be read.
            BddlError: if it is wrong; says file, line and column.
        """
        self._judgement_name = judgement
        self._problems = load_layouts(Path(file))
        self.embodiment_names = tuple(self._problems)
        self.problem = self._problems[self.embodiment_names[0]]
        self.scene = BddlScene(self.problem, scale=1.0)
        self.state_channels = list_channels(self.scene)
        limit_s = time_limit_s or BASE_TIME_S + RELATION_TIME_S * len(self.problem.goal)
        super().__init__(name or Path(file).stem, instruction or self.problem.language, limit_s)

    def bind(self, robot: Robot) -> None:
        """Builds the scene at the robot's scale; see `Task.bind`."""
        arm = robot.embodiment.name
        self.problem = self._problems.get(arm, self.problem)
        self.scene = BddlScene(self.problem, SCENE_SCALES.get(arm, 1.0))
        super().bind(robot)

    def build_scene(self, spec: mujoco.MjSpec) -> None:
        """Adds everything that the file declares."""
        self.scene.build(spec)

    def find_parts(self, world: World) -> None:
        """Takes hold of the things, and checks that the goal can be judged."""
        self.scene.take_hold(world)
        self.judgement = make_judgement(self._judgement_name, self.scene)
        self._success = ConsecutiveSteps(self.judgement.hold_steps)
        for relation in self.problem.goal:
            self.judgement.check(relation)
        things = self.scene.things.values()
        self._indices = np.array([i for thing in things for i in thing.qpos_indices], int)
        self._fixed = [thing for thing in things if thing.category.is_fixture]
        self._state = np.empty(len(self.state_channels))

    def place_parts(self, rng: np.random.Generator) -> None:
        """Draws a start that the file allows."""
        self.scene.set_out(rng)

    def list_categories(self) -> Collection[str]:
        """Returns the categories of everything that the file declares."""
        return {category.name for category in self.scene.inventory.categories.values()}

    def get_state(self) -> Array:
        """What moves, then what stands, lamps and cables; valid until the next call."""
        num_moving = len(self._indices)
        self._state[:num_moving] = self.world.data.qpos[self._indices]
        fixed = [value for thing in self._fixed for value in thing.get_fixed_state()]
        for cable in self.scene.cables.values():
            fixed += cable.tracked_points_w.ravel().tolist()
        self._state[num_moving:] = fixed
        return self._state

    def is_goal_reached(self) -> bool:
        """Whether all relations of the goal hold at this moment."""
        self.judgement.watch(self.problem.goal)
        return all(self.judgement.holds(relation) for relation in self.problem.goal)

    def make_expert(self) -> PlanningExpert:
        """Returns the policy that solves this task by looking at the world."""
        return PlanningExpert(self.scene, self.judgement)


def load_layouts(file: Path) -> dict[str, Problem]:
    """Reads a file and those that lay the same task out for other arms.

    Returns:
        What to build, by the name of the arm.

    Raises:
        RobolearnError: if a file cannot be read.
        BddlError: if one is wrong, or lays out another task.
    """
    main = load_problem(file)
    scene = BddlScene(main, scale=1.0)  # is whole for every scale, or for none
    arm = scene.workspace.embodiment_name
    if arm is None:
        return dict.fromkeys(SCENE_SCALES, main)
    layouts = {arm: main}
    for path in sorted(file.parent.glob(f"{file.stem}.*{file.suffix}")):
        other = load_problem(path)
        other_scene = BddlScene(other, scale=1.0)
        arm = other_scene.workspace.embodiment_name
        place = next(iter(other.instances.values())).location
        if arm is None or arm in layouts or arm != path.stem.removeprefix(f"{file.stem}."):
            raise BddlError(place, f"expected the desk of the arm that the file {path.name} names")
        if list_channels(other_scene) != list_channels(scene) or other.goal != main.goal:
            raise BddlError(place, f"expected the same things and the same goal as in {file.name}")
        layouts[arm] = other
    return layouts


def list_channels(scene: BddlScene) -> tuple[tuple[str, str], ...]:
    """Returns name and unit of each entry of the privileged state."""
    moving: list[tuple[str, str]] = []
    fixed: list[tuple[str, str]] = []
    points: list[tuple[str, str]] = []
    for name, category in scene.inventory.categories.items():
        if name == scene.inventory.workspace_name:
            continue
        if category.is_fixture:
            fixed += _list_fixed_channels(name, category)
        else:
            moving += pose_channels(name)
        moving += [(f"{name}_{part}_position", "1") for part in category.moving_parts]
        if isinstance(category, Cable):
            for index in range(1, NUM_TRACKED_POINTS + 1):
                points += [(f"{name}_point{index}_{axis}", "m") for axis in "xyz"]
    return (*moving, *fixed, *points)


def _list_fixed_channels(name: str, category: Category) -> list[tuple[str, str]]:
    """The channels of `Thing.get_fixed_state`."""
    channels = [(f"{name}_x", "m"), (f"{name}_y", "m")]
    if category.height_range_m is not None:
        channels.append((f"{name}_z", "m"))
    if not isinstance(category, Marker):
        channels.append((f"{name}_yaw", "rad"))
    if category.lamp is not None:
        channels.append((f"{name}_lamp", "1"))
    return channels

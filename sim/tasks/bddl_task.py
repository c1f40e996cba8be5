"""`BddlTask`: a task that a BDDL file describes, on any arm that has a scale for it."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np

from robolearn.robot import Robot
from robolearn.sim.bddl.parser import load_problem
from robolearn.sim.bddl_scene import BddlScene
from robolearn.sim.catalogue.cable_line import NUM_TRACKED_POINTS
from robolearn.sim.catalogue.fixtures.cables import Cable
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

    The privileged state is the pose of every thing that moves, the position of every moving part,
    and x, y and yaw of every fixture, in the order of the file; then points along the cables.

    Attributes:
        problem: what the file says.
        scene: the things and places, once bound.
    """

    embodiment_names = tuple(SCENE_SCALES)

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
        self.problem = load_problem(Path(file))
        self._judgement_name = judgement
        self.scene = BddlScene(self.problem, scale=1.0)  # is whole for every scale, or for none
        self.state_channels = self._list_channels()
        limit_s = time_limit_s or BASE_TIME_S + RELATION_TIME_S * len(self.problem.goal)
        super().__init__(name or Path(file).stem, instruction or self.problem.language, limit_s)

    def bind(self, robot: Robot) -> None:
        """Builds the scene at the robot's scale; see `Task.bind`."""
        scale = SCENE_SCALES.get(robot.embodiment.name, 1.0)
        self.scene = BddlScene(self.problem, scale)
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
        self._fixtures = [thing for thing in things if thing.category.is_fixture]

    def place_parts(self, rng: np.random.Generator) -> None:
        """Draws a start that the file allows."""
        self.scene.set_out(rng)
        self.judgement.reset()

    def get_state(self) -> Array:
        """Poses and positions of parts, x, y and yaw of the fixtures, points of the cables."""
        fixed = [(*thing.position_w[:2], thing.yaw_rad) for thing in self._fixtures]
        cables = [cable.tracked_points_w.ravel() for cable in self.scene.cables.values()]
        return np.concatenate((self.world.data.qpos[self._indices], np.ravel(fixed), *cables))

    def is_goal_reached(self) -> bool:
        """Whether all relations of the goal hold at this moment."""
        self.judgement.watch(self.problem.goal)
        return all(self.judgement.holds(relation) for relation in self.problem.goal)

    def make_expert(self) -> PlanningExpert:
        """Returns the policy that solves this task by looking at the world."""
        return PlanningExpert(self.scene, self.judgement)

    def _list_channels(self) -> tuple[tuple[str, str], ...]:
        moving: list[tuple[str, str]] = []
        fixed: list[tuple[str, str]] = []
        points: list[tuple[str, str]] = []
        for name, category in self.scene.categories.items():
            if name == self.scene.workspace_name:
                continue
            if category.is_fixture:
                fixed += [(f"{name}_x", "m"), (f"{name}_y", "m"), (f"{name}_yaw", "rad")]
            else:
                moving += pose_channels(name)
            moving += [(f"{name}_{part}_position", "1") for part in category.moving_parts]
            if isinstance(category, Cable):
                for index in range(1, NUM_TRACKED_POINTS + 1):
                    points += [(f"{name}_point{index}_{axis}", "m") for axis in "xyz"]
        return (*moving, *fixed, *points)

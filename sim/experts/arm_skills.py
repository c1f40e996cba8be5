"""Skills of an arm with a gripper: move, grasp, release, from which plans are made."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from robolearn.embodiments.arm import require_arm
from robolearn.sim.world import World
from robolearn.specs import Array

DOWN_RAD = math.pi / 2
SPEED_MPS = 0.25
TURN_RATE_RADPS = 2.5


class ArmSkills:
    """Moves a setpoint (tool position, angles of the hand, opening) and turns it into actions.

    Every skill is a generator of actions; `yield from` strings them together. The setpoint moves
    at bounded speed, so the arm can follow, and does not depend on where the arm really is: noise
    on the arm is corrected because the next target lies on the planned path again.

    Attributes:
        body: the arm as data.
        num_grasp_steps: control steps for the gripper to close on an object, or to let go of it.
        position_w: the setpoint of the tool [m].
        pitch_rad: the pitch asked for; the inverse kinematics lowers it where it must [rad].
        roll_rad: the roll [rad].
        azimuth_rad: where the hand points, seen from above [rad]; None: away from the base, which
            is all that a five-joint arm can do.
        opening: of the gripper, 0 to 1.
    """

    def __init__(self, world: World) -> None:
        """Takes the arm of this world.

        Raises:
            IncompatibleError: if its body is none.
        """
        self.body = require_arm(world.embodiment)
        self._joints = [world.joint(name) for name in self.body.action_spec.channels]
        self._kinematics = self.body.make_inverse_kinematics()
        self.num_grasp_steps = round(self.body.grasp_duration_s / self.body.control_period_s)
        self.reset()

    def reset(self) -> None:
        """Takes the setpoint from the arm as it stands."""
        self._joint_pos = np.array([joint.position for joint in self._joints[:-1]])
        body = self.body
        self.opening = (self._joints[-1].position - body.gripper_closed) / body.gripper_range
        self.position_w = body.chain.compute_tool_pose(self._joint_pos)[0]
        angles = self._kinematics.compute_angles(self._joint_pos)
        self.azimuth_rad, self.pitch_rad, self.roll_rad = angles

    def make_action(self) -> Array:
        """Returns the action for the present setpoint."""
        solution = self._kinematics.solve(
            self.position_w, self.pitch_rad, self.roll_rad, self._joint_pos, self.azimuth_rad
        )
        self._joint_pos = solution.joint_pos
        action = np.array([*solution.joint_pos, self.opening], np.float32)
        return self.body.action_spec.clip(action)

    def move(
        self,
        position_w: Array,
        *,
        pitch_rad: float = DOWN_RAD,
        roll_rad: float | None = None,
        azimuth_rad: float | None = None,
        speed_mps: float = SPEED_MPS,
    ) -> Iterator[Array]:
        """Moves the tool in a straight line, turning on the way.

        Args:
            position_w: where to, shape (3,) [m].
            pitch_rad: of the hand at the end [rad].
            roll_rad: likewise; None: as it is [rad].
            azimuth_rad: likewise; None: away from the base, all the way if it is so already [rad].
            speed_mps: of the tool [m/s]; turning may take longer.
        """
        start_w, goal_w = self.position_w, np.asarray(position_w, float)
        goal_roll_rad = self.roll_rad if roll_rad is None else roll_rad
        start_azimuth_rad, turn_rad = self._plan_azimuth(goal_w, azimuth_rad)
        start_angles = np.array([self.pitch_rad, self.roll_rad])
        goal_angles = np.array([pitch_rad, goal_roll_rad])
        largest_rad = max(float(np.abs(goal_angles - start_angles).max()), abs(turn_rad))
        duration_s = max(
            float(np.linalg.norm(goal_w - start_w)) / speed_mps, largest_rad / TURN_RATE_RADPS
        )
        num_steps = max(1, math.ceil(duration_s / self.body.control_period_s))
        for step in range(1, num_steps + 1):
            share = step / num_steps
            self.position_w = start_w + share * (goal_w - start_w)
            pitch_roll = start_angles + share * (goal_angles - start_angles)
            self.pitch_rad, self.roll_rad = pitch_roll.tolist()
            if start_azimuth_rad is not None:
                self.azimuth_rad = start_azimuth_rad + share * turn_rad
                if step == num_steps and azimuth_rad is None:
                    self.azimuth_rad = None
            yield self.make_action()

    def _plan_azimuth(self, goal_w: Array, azimuth_rad: float | None) -> tuple[float | None, float]:
        """Returns where the azimuth starts and how far it turns; None: away from the base."""
        if self.azimuth_rad is None and azimuth_rad is None:
            return None, 0.0
        start_rad = _find_bearing(self.position_w) if self.azimuth_rad is None else self.azimuth_rad
        goal_rad = _find_bearing(goal_w) if azimuth_rad is None else azimuth_rad
        return start_rad, math.remainder(goal_rad - start_rad, 2 * math.pi)

    def wait(self, num_steps: int) -> Iterator[Array]:
        """Stays where it is, for the arm to catch up with the setpoint."""
        for _ in range(num_steps):
            yield self.make_action()

    def close_gripper(self) -> Iterator[Array]:
        """Closes the gripper; on an object it presses with the servo's full limit."""
        self.opening = 0.0
        yield from self.wait(self.num_grasp_steps)

    def open_gripper(self, opening: float | None = None) -> Iterator[Array]:
        """Opens the gripper; if not told how far, wide enough for a block."""
        self.opening = self.body.grasp_opening if opening is None else opening
        yield from self.wait(self.num_grasp_steps)

    def find_roll(self, position_w: Array, heading_rad: float, symmetry_rad: float) -> float:
        """Returns the roll that turns the jaw towards a heading, the hand pointing down there.

        Args:
            position_w: where the tool will be; the hand points away from the base there.
            heading_rad: direction from finger to jaw, seen from above [rad].
            symmetry_rad: headings this far apart are as good, e.g. pi/2 for a cube [rad].

        Returns:
            Of all equally good rolls the one nearest to pi/2: jaw and finger side by side seen from
            the base, so that a hand that leans outwards keeps both over the table.
        """
        roll_rad = heading_rad - _find_bearing(position_w)
        turns = round((DOWN_RAD - roll_rad) / symmetry_rad)
        return roll_rad + turns * symmetry_rad

    def find_aim(self, position_w: Array, roll_rad: float, offset_m: float) -> Array:
        """Returns the tool position that leaves an object `offset_m` nearer to the open jaw.

        A fixed finger stands only a few millimetres off the axis of a centred block; closing slides
        the block onto it. Two fingers that move alike take the object in the middle.
        """
        if not self.body.has_fixed_finger:
            return np.asarray(position_w, float)
        heading_rad = roll_rad + _find_bearing(position_w)
        aside = np.array([math.cos(heading_rad), math.sin(heading_rad), 0.0])
        return np.asarray(position_w - offset_m * aside, float)


def _find_bearing(position_w: Array) -> float:
    """Returns the direction of a point from the base, seen from above [rad]."""
    return math.atan2(position_w[1], position_w[0])

"""Skills of an arm with a gripper: move, grasp, release, from which plans are made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from robolearn.embodiments.arm import require_arm
from robolearn.inverse_kinematics import IkSolution
from robolearn.sim.experts.hand_target import DOWN_RAD, HandTarget, find_bearing
from robolearn.sim.world import World
from robolearn.specs import Array

SPEED_MPS = 0.25
# A block of 3 cm in the middle of the open hand clears a fixed finger by 2 mm; with this much more
# on both sides the hand comes down around it, wherever it is exactly.
CENTRED_HALF_M, ASIDE_M = 0.015, 0.005
TURN_RATE_RADPS = 2.5
JOINT_RATE_RADPS = 2.5


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
        self._joint_pos = self.measure_joint_pos()
        body = self.body
        self.opening = (self._joints[-1].position - body.gripper_closed) / body.gripper_range
        self._take_setpoint()

    def _take_setpoint(self) -> None:
        self.position_w = self.body.chain.compute_tool_pose(self._joint_pos)[0]
        angles = self._kinematics.compute_angles(self._joint_pos)
        self.azimuth_rad, self.pitch_rad, self.roll_rad = angles

    def make_action(self) -> Array:
        """Returns the action for the present setpoint."""
        solution = self.solve(self.target)
        self._joint_pos = solution.joint_pos
        return self._pack_action()

    def _pack_action(self) -> Array:
        action = np.array([*self._joint_pos, self.opening], np.float32)
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
        roll_rad = self.roll_rad if roll_rad is None else roll_rad
        goal = HandTarget(np.asarray(position_w, float), pitch_rad, roll_rad, azimuth_rad)
        yield from self.move_to(goal, speed_mps=speed_mps)

    def move_to(
        self,
        goal: HandTarget,
        *,
        speed_mps: float = SPEED_MPS,
        turn_rate_radps: float = TURN_RATE_RADPS,
    ) -> Iterator[Array]:
        """Moves the hand in a straight line, turning on the way; see `move`."""
        way = self.target.find_way(goal)
        duration_s = max(way.length_m / speed_mps, way.turn_rad / turn_rate_radps)
        num_steps = max(1, math.ceil(duration_s / self.body.control_period_s))
        for target in way.split(num_steps):
            self.target = target
            yield self.make_action()

    def move_joints(
        self, goal_rad: Array, *, rate_radps: float = JOINT_RATE_RADPS
    ) -> Iterator[Array]:
        """Moves all joints evenly, wherever that leads the hand; shape (num_joints,) [rad]."""
        start_rad = self._joint_pos
        duration_s = float(np.abs(goal_rad - start_rad).max()) / rate_radps
        num_steps = max(1, math.ceil(duration_s / self.body.control_period_s))
        for step in range(1, num_steps + 1):
            self._joint_pos = start_rad + step / num_steps * (goal_rad - start_rad)
            self._take_setpoint()
            yield self._pack_action()

    def move_through(
        self,
        knots: Iterable[tuple[HandTarget, Array]],
        *,
        speed_mps: float = SPEED_MPS,
        turn_rate_radps: float = TURN_RATE_RADPS,
    ) -> Iterator[Array]:
        """Moves through targets whose joint positions are known, without a stop; see `move_to`."""
        start, start_rad, early_s = self.target, self._joint_pos, 0.0
        for goal, goal_rad in knots:
            way = start.find_way(goal)
            largest_rad = float(np.abs(goal_rad - start_rad).max())
            duration_s = max(
                way.length_m / speed_mps,
                way.turn_rad / turn_rate_radps,
                largest_rad / JOINT_RATE_RADPS,
                1e-9,
            )
            # Steps fall where they fall between knots: `early_s` after the last one already.
            time_s = self.body.control_period_s - early_s
            while time_s <= duration_s:
                share = time_s / duration_s
                self.target = way.at(share)
                self._joint_pos = start_rad + share * (goal_rad - start_rad)
                yield self._pack_action()
                time_s += self.body.control_period_s
            early_s = duration_s - time_s + self.body.control_period_s
            start, start_rad = goal, goal_rad
        self.target, self._joint_pos = start, start_rad
        yield self._pack_action()

    @property
    def target(self) -> HandTarget:
        """The setpoint of the hand."""
        return HandTarget(self.position_w, self.pitch_rad, self.roll_rad, self.azimuth_rad)

    @target.setter
    def target(self, target: HandTarget) -> None:
        self.position_w, self.azimuth_rad = target.position_w, target.azimuth_rad
        self.pitch_rad, self.roll_rad = target.pitch_rad, target.roll_rad

    def solve(self, target: HandTarget, start_joint_pos: Array | None = None) -> IkSolution:
        """Returns the joint positions of a target, near the arm's own or near others."""
        return self._kinematics.solve(
            target.position_w,
            target.pitch_rad,
            target.roll_rad,
            self._joint_pos if start_joint_pos is None else start_joint_pos,
            target.azimuth_rad,
        )

    def find_aside(self, width_m: float) -> float:
        """Returns how far off the hand's axis, towards the jaw, what it takes is best.

        Something beside a fixed finger is off the axis by half its width [m].
        """
        if not self.body.has_fixed_finger:
            return 0.0
        return width_m / 2 - CENTRED_HALF_M + ASIDE_M

    def find_closed_aside(self) -> float:
        """Returns how far from the hand's axis closed fingers meet, towards the jaw [m]."""
        return -CENTRED_HALF_M if self.body.has_fixed_finger else 0.0

    def measure_joint_pos(self) -> Array:
        """Returns where the joints really are [rad], without the gripper."""
        return np.array([joint.position for joint in self._joints[:-1]])

    def measure_position(self) -> Array:
        """Returns where the tool really is [m], shape (3,)."""
        return self.body.chain.compute_tool_pose(self.measure_joint_pos())[0]

    def measure_opening_rate(self) -> float:
        """Returns how fast the gripper opens or closes [1/s]."""
        return abs(self._joints[-1].velocity / self.body.gripper_range)

    @property
    def joint_pos(self) -> Array:
        """The setpoint of the joints [rad], without the gripper."""
        return self._joint_pos

    @property
    def has_azimuth(self) -> bool:
        """Whether the arm can choose where its hand points."""
        return self._kinematics.has_azimuth

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
        roll_rad = heading_rad - find_bearing(position_w)
        turns = round((DOWN_RAD - roll_rad) / symmetry_rad)
        return roll_rad + turns * symmetry_rad

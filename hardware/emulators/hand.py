"""`HandPlant`: a person's hand on an emulated arm, moving the joints that are without torque."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from robolearn.embodiments import Arm
from robolearn.errors import UnknownNameError
from robolearn.hardware.arms import ArmAssembly
from robolearn.plant import ActuatorState, Drive, ImuState, Plant
from robolearn.specs import Array

# However far the hand has to go, it turns no joint faster.
LARGEST_SPEED_RADPS = 2.0


@dataclass(frozen=True)
class Move:
    """The hand goes to a pose smoothly, and stays there.

    A pose is told in shares of what each channel has from the programme's centre to its limits: 0
    is the centre, 1 the upper limit, -1 the lower. Channels it does not name are at the centre.

    Attributes:
        pose: share by channel.
        move_s: how long it takes to get there [s].
        stay_s: how long it then stays [s].
    """

    pose: Mapping[str, float] = field(default_factory=dict)
    move_s: float = 2.0
    stay_s: float = 0.0


@dataclass(frozen=True)
class Programme:
    """What a hand does, as plain data.

    Attributes:
        words: the same for a person to read.
        moves: one after the other; none for a hand that keeps off.
        repeats_from: index of the move that follows the last one.
        is_about_home: whether the centre is the home position, or every joint at zero and the
            gripper half open.
    """

    words: str = ""
    moves: tuple[Move, ...] = ()
    repeats_from: int = 0
    is_about_home: bool = False


POSITIVE_POSE = dict.fromkeys(
    ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"), 0.25
)
# Bent away from the table, as a person bends an arm to move one of its joints all the way.
RAISED_FOREARM = {"elbow_flex": -1.0}
RAISED_HAND = {"wrist_flex": -0.9}
PROGRAMMES: dict[str, Programme] = {
    "none": Programme(),
    "lead": Programme(
        words="leads about the home position, and opens and closes the gripper",
        moves=(
            Move({}, 3.0, 2.0),
            Move({"shoulder_pan": 0.25, "elbow_flex": -0.1, "gripper": 0.8}),
            Move({"shoulder_lift": 0.1}),
            Move({"shoulder_pan": -0.25, "wrist_roll": -0.2, "gripper": -0.8}),
            Move({"elbow_flex": 0.1}),
        ),
        repeats_from=1,
        is_about_home=True,
    ),
    "calibrate": Programme(
        words=(
            "20 s in the middle pose, then 30 s in the positive pose, then every joint from stop to"
            " stop, again every 24 s"
        ),
        moves=(
            Move({}, 2.0, 18.0),
            Move(POSITIVE_POSE, 2.0, 28.0),
            Move({"shoulder_pan": -1.0, "gripper": -1.0}),
            Move({"shoulder_pan": 1.0, "gripper": 1.0}, 3.0),
            Move({"shoulder_lift": -1.0, "wrist_roll": -1.0, **RAISED_FOREARM}, 2.5),
            Move({"shoulder_lift": 1.0, "wrist_roll": 1.0, **RAISED_FOREARM}, 3.5),
            Move({"elbow_flex": -1.0, **RAISED_HAND}, 2.5),
            Move({"elbow_flex": 1.0, **RAISED_HAND}, 3.0),
            Move({"wrist_flex": -1.0, "elbow_flex": -0.6}, 2.5),
            Move({"wrist_flex": 1.0, "elbow_flex": -0.6}, 3.0),
            Move({}),
        ),
        repeats_from=2,
    ),
}


class Hand:
    """Where a programme takes an arm, at any time.

    Attributes:
        words: what the hand does, for a person to read; empty if it keeps off.
        is_off: whether it keeps off.
    """

    def __init__(self, assembly: ArmAssembly, programme: str = "none") -> None:
        """Learns a programme.

        Args:
            assembly: of the arm.
            programme: name of one of `PROGRAMMES`.

        Raises:
            UnknownNameError: if there is none of that name.
        """
        if programme not in PROGRAMMES:
            raise UnknownNameError("hand's programme", programme, PROGRAMMES)
        self._arm, self._programme = assembly.embodiment, PROGRAMMES[programme]
        self.words, self.is_off = self._programme.words, not self._programme.moves

    def get_targets(self, time_s: float) -> dict[str, float]:
        """Returns where the hand wants each actuator, so long after it began [rad]."""
        before, move, since_s = self._find_move(time_s)
        share = min(since_s / move.move_s, 1.0)
        smooth = share * share * (3.0 - 2.0 * share)  # at rest at both ends
        return {
            name: _to_actuator_rad(
                self._arm,
                name,
                (1.0 - smooth) * self._get_position(place, before)
                + smooth * self._get_position(place, move),
            )
            for place, name in enumerate(self._arm.action_spec.channels)
        }

    def _find_move(self, time_s: float) -> tuple[Move, Move, float]:
        """Returns the move before, the move of this time, and the time since that began [s]."""
        moves, first = self._programme.moves, self._programme.repeats_from
        begin_s = sum(move.move_s + move.stay_s for move in moves[:first])
        period_s = sum(move.move_s + move.stay_s for move in moves[first:])
        has_repeated = time_s >= begin_s + period_s
        since_s = begin_s + (time_s - begin_s) % period_s if has_repeated else time_s
        before = moves[0]
        for index, move in enumerate(moves):
            if has_repeated and index == first:
                before = moves[-1]
            if since_s < move.move_s + move.stay_s:
                break
            since_s -= move.move_s + move.stay_s
            before = move
        return before, move, since_s

    def _get_position(self, place: int, move: Move) -> float:
        """Returns a channel's position in the pose of a move [unit of the channel]."""
        spec = self._arm.action_spec
        name = spec.channels[place]
        low, high = float(spec.low[place]), float(spec.high[place])
        if self._programme.is_about_home:
            centre = self._arm.home_position[place]
        else:
            centre = 0.0 if spec.units[place] == "rad" else (low + high) / 2
        share = move.pose.get(name, 0.0)
        return centre + abs(share) * ((high if share > 0 else low) - centre)


class HandPlant(Plant):
    """An arm whose joints a hand moves wherever they are without torque; else as it was."""

    def __init__(self, plant: Plant, hand: Hand) -> None:
        """Lays the hand on an arm.

        Args:
            plant: the arm; its actuators are named like the arm's channels.
            hand: what moves it.
        """
        self.actuators, self.cameras = plant.actuators, plant.cameras
        self._plant, self._hand = plant, hand
        self._held_rad: dict[str, float] = {}
        for actuator in () if hand.is_off else plant.actuators:
            self.drive(actuator, Drive.OFF)

    def drive(
        self, actuator: str, drive: Drive, target: float = 0.0, max_effort: float = 1.0
    ) -> None:
        """See `Plant.drive`; the hand takes hold of what is switched off, and lets go of it."""
        if drive is Drive.OFF and not self._hand.is_off:
            position_rad = self._plant.measure(actuator).position_rad
            self._held_rad.setdefault(actuator, position_rad)
        else:
            self._held_rad.pop(actuator, None)
            self._plant.drive(actuator, drive, target, max_effort)

    def measure(self, actuator: str) -> ActuatorState:
        """See `Plant.measure`; what the hand moves gives no torque of its own."""
        state = self._plant.measure(actuator)
        if actuator not in self._held_rad:
            return state
        return ActuatorState(state.position_rad, state.velocity_radps, 0.0)

    def advance(self, duration_s: float) -> None:
        """See `Plant.advance`."""
        if self._held_rad:
            targets = self._hand.get_targets(self.now_s + duration_s)
            largest_rad = LARGEST_SPEED_RADPS * duration_s
            for actuator, held_rad in self._held_rad.items():
                away_rad = targets[actuator] - held_rad
                held_rad += min(max(away_rad, -largest_rad), largest_rad)
                self._held_rad[actuator] = held_rad
                self._plant.drive(actuator, Drive.POSITION, held_rad)
        self._plant.advance(duration_s)

    @property
    def now_s(self) -> float:
        """See `Plant.now_s`."""
        return self._plant.now_s

    def measure_imu(self) -> ImuState:
        """See `Plant.measure_imu`."""
        return self._plant.measure_imu()

    def render(self, camera: str) -> Array:
        """See `Plant.render`."""
        return self._plant.render(camera)

    def begin_episode(self, seed: int) -> None:
        """See `Plant.begin_episode`."""
        self._plant.begin_episode(seed)

    def get_state(self) -> Mapping[str, list[float]]:
        """See `Plant.get_state`."""
        return self._plant.get_state()

    def close(self) -> None:
        """See `Plant.close`."""
        self._plant.close()


def _to_actuator_rad(arm: Arm, channel: str, position: float) -> float:
    """Returns the angle of the actuator behind a channel: the gripper's opening is not one."""
    spec = arm.action_spec
    if spec.units[spec.channels.index(channel)] == "rad":
        return position
    return arm.gripper_closed + position * arm.gripper_range

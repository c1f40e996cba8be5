"""`ActionLimiter`: shortens a move to what an arm may do at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robolearn.embodiments import Embodiment
from robolearn.hardware.safety.limits import ArmLimits
from robolearn.hardware.safety.workspace import Workspace
from robolearn.kinematics import SerialChain
from robolearn.specs import Array

# A call may come this much earlier than its period, as timers do, without being slowed for it.
EARLIEST_CALL = 0.8
# After a pause of so many periods the arm has come to rest at its last command.
PAUSE_PERIODS = 3.0
SHORTEST_PERIOD_S = 1e-4  # two calls at once: hardly any move for the second
ROUNDING = 1e-6  # of a command to float32


@dataclass(frozen=True)
class LimitedAction:
    """What became of an action.

    Attributes:
        applied: the action to apply, within the spec.
        acted: names of the limits that changed it; empty if it is applied as asked.
    """

    applied: Array
    acted: tuple[str, ...]


class ActionLimiter:
    """Walks a command towards the action asked for, no faster than the limits allow.

    The command moves from the *last commanded* value, for the same action from the measured one
    would make an arm creep or swing. What is asked for is first brought into the joints' box, near
    the measured position and into the workspace; then each channel takes one step towards it whose
    size changes by no more than the acceleration allows, and never so long that it could not brake
    before the target. So with a target that stands, the command arrives without overshoot, and it
    stays in the box whatever the targets do.

    Laws: the command is always in the box; per call of `period_s` it moves by at most speed times
    period, and its step changes by at most acceleration times period squared. Only the edge of the
    workspace is a harder stop: there a move ends at once, with more than that acceleration.
    """

    def __init__(
        self, embodiment: Embodiment, chain: SerialChain, limits: ArmLimits, period_s: float
    ) -> None:
        """Prepares; `begin` must be called before `limit`.

        Args:
            embodiment: its action is in rad for joints, in 1 for a gripper's opening.
            chain: of the joints that place the tool; they are channels of the action.
            limits: what the arm may do.
            period_s: between two calls [s].
        """
        self._spec, self._period_s = embodiment.action_spec, period_s
        is_joint = np.array([unit == "rad" for unit in self._spec.units])
        margin = limits.joint_margin_rad if limits.is_on("joint_margin") else 0.0
        self._low = self._spec.low.astype(float) + margin * is_joint
        self._high = self._spec.high.astype(float) - margin * is_joint

        def choose(name: str, joint: float, gripper: float) -> Array:
            if not limits.is_on(name):
                return np.full(self._spec.shape, np.inf)
            return np.where(is_joint, joint, gripper)

        self._speed = choose("speed", limits.joint_speed_radps, limits.gripper_speed_per_s)
        self._acceleration = choose(
            "acceleration", limits.joint_acceleration_radps2, limits.gripper_acceleration_per_s2
        )
        self._step = choose("step", limits.joint_step_rad, limits.gripper_step)
        # A gripper that holds something stays behind its command for good: that is its grip.
        self._lag = choose("lag", limits.lag_rad, np.inf)
        self._workspace = (
            Workspace(
                chain,
                [self._spec.channels.index(name) for name in chain.joint_names],
                limits.workspace_lower_m,
                limits.workspace_upper_m,
            )
            if limits.is_on("workspace")
            else None
        )
        self._command, self._velocity = np.zeros(self._spec.shape), np.zeros(self._spec.shape)

    @property
    def box(self) -> tuple[Array, Array]:
        """Lowest and highest command of each channel."""
        return self._low, self._high

    @property
    def command(self) -> Array:
        """The last command."""
        return self._command.astype(self._spec.dtype)

    def narrow(self, low: Array, high: Array) -> None:
        """Cuts the box down to what a calibration says can be reached."""
        self._low, self._high = np.maximum(self._low, low), np.minimum(self._high, high)

    def begin(self, position: Array) -> None:
        """Takes a position as the last command, at rest; it may lie outside the box."""
        self._command = np.array(position, float)
        self._velocity = np.zeros_like(self._command)

    def limit(self, action: Array, measured: Array, elapsed_s: float) -> LimitedAction:
        """Returns what may be applied of an action now, and takes it as the last command.

        Args:
            action: what is asked for; must fit the action's spec.
            measured: where the channels are, as long as the action.
            elapsed_s: since the last command was sent [s].

        Raises:
            SpecError: if the action does not fit, e.g. is not finite; nothing has changed then.
        """
        asked = self._spec.validate(action).astype(float)
        acted: list[str] = []
        target = self._note(acted, "joint_margin", asked, np.clip(asked, self._low, self._high))
        near = np.clip(target, measured - self._lag, measured + self._lag)
        target = self._note(acted, "lag", target, near)
        if self._workspace is not None:
            inside = self._workspace.pull_in(target, self._command, self._low, self._high)
            target = self._note(acted, "workspace", target, inside)
        period_s = min(max(elapsed_s / EARLIEST_CALL, SHORTEST_PERIOD_S), self._period_s)
        if elapsed_s > PAUSE_PERIODS * self._period_s:
            self._velocity = np.zeros_like(self._velocity)
        move = self._shorten(target - self._command, period_s, acted)
        reached = self._command + move
        if self._workspace is not None:
            kept = self._workspace.cut_short(reached, self._command, self._low, self._high)
            reached = self._note(acted, "workspace", reached, kept)
        applied = self._spec.clip(reached)
        self._velocity = (applied - self._command) / period_s
        self._command = applied.astype(float)
        return LimitedAction(applied, tuple(dict.fromkeys(acted)))

    def _shorten(self, wanted: Array, period_s: float, acted: list[str]) -> Array:
        """Returns the longest step in the wanted direction that the limits allow."""
        fastest = self._note(
            acted, "speed", wanted, _clip(wanted, self._speed * period_s), tolerance=ROUNDING
        )
        move = self._note(acted, "step", fastest, _clip(fastest, self._step), tolerance=ROUNDING)
        change = self._acceleration * period_s**2
        braking = np.minimum(np.abs(move), _find_braking_step(np.abs(wanted), change))
        before = self._velocity * period_s
        steady = np.clip(np.sign(wanted) * braking, before - change, before + change)
        # Braking from an earlier target must not take the command out of the box.
        kept = np.clip(self._command + steady, *self._widened_box()) - self._command
        return self._note(acted, "acceleration", move, kept, tolerance=ROUNDING)

    def _widened_box(self) -> tuple[Array, Array]:
        """The box, or where the command began outside it, the way back into it."""
        return np.minimum(self._low, self._command), np.maximum(self._high, self._command)

    @staticmethod
    def _note(
        acted: list[str], name: str, before: Array, after: Array, tolerance: float = ROUNDING
    ) -> Array:
        if np.abs(after - before).max() > tolerance:
            acted.append(name)
        return after


def _clip(wanted: Array, largest: Array) -> Array:
    return np.clip(wanted, -largest, largest)


def _find_braking_step(distance: Array, change: Array) -> Array:
    """Returns the longest step from which steps shrinking by `change` still end at `distance`.

    Steps u, u - A, u - 2A … of which n are whole ones add up to (n + 1) u - A n (n + 1) / 2; the
    largest n that fits the distance d is the one with A n (n + 1) / 2 <= d.
    """
    bounded = np.isfinite(change)
    safe = np.where(bounded, np.maximum(change, 1e-12), 1.0)
    num_steps = np.floor((np.sqrt(1.0 + 8.0 * distance / safe) - 1.0) / 2.0)
    step = (distance + safe * num_steps * (num_steps + 1.0) / 2.0) / (num_steps + 1.0)
    return np.where(bounded, step, distance)

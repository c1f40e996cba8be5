"""`AsynchronousPolicy`: a chunk policy whose network never keeps the control loop waiting."""

from __future__ import annotations

import functools
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import numpy as np

from robolearn import keys
from robolearn.action_plan import ActionPlan, advance_chunk
from robolearn.embodiments import Embodiment
from robolearn.errors import RobolearnError, RobotError, SpecError
from robolearn.inference_worker import (
    Describe,
    Description,
    InferenceWorker,
    Job,
    Predict,
    Prediction,
    Reset,
)
from robolearn.policy import ChunkPolicy, ObservationHistory, TrainedPolicy
from robolearn.specs import Array
from robolearn.timing import Clock
from robolearn.worker_process import WorkerError, WorkerProcess

# The longest of so many latencies is what the next one is expected to be: late is worse than early.
_LATENCIES_REMEMBERED = 20
# The first action of an episode waits for its chunk, but no longer than a body may go on unguided
# that moves after all: a person may have handed it over in motion.
_FIRST_CHUNK_S = 0.5
# After this long without a step the old chunk means nothing: a person steered, or the loop hung.
_PAUSE_S = 0.3
_ROUNDING = 1e-3  # of a period: simulated time meets a deadline only up to its rounding


class AsynchronousPolicy(TrainedPolicy):
    """Acts by chunks that another process predicts, while it never waits itself.

    Each step takes its action from the newest chunk: by the clock, so that a chunk's actions up to
    its arrival are dropped and a step that the loop missed is left out. While a chunk is carried
    out the next one is asked for, early enough that by the longest of the last latencies it is
    there when `action_horizon` actions are used; what lies beyond is the reserve. Chunks are
    blended into each other, see `ActionPlan`. Should the actions run out all the same, the body
    does what `Embodiment.make_hold_action` says: an arm holds, a car slows to a stop.

    Only the first action of an episode waits, half a second at most. After a pause (a person
    steered) it goes on from what the body is doing then. It is a process, as a thread would share
    Python's interpreter lock with the control loop. The observations are kept here, at the control
    rate, and sent along: the policy's history has no gaps however long it takes.

    Attributes:
        starved_steps: steps that had no action left, since this was made.
        latencies_s: from an observation to its chunk, for every chunk, since this was made [s].
    """

    _start_s: float | None  # when step 0 was
    _last_action: Array | None
    _asked: tuple[int, float] | None  # step and time of the chunk under way
    _observed_step: int | None  # of the newest chunk

    def __init__(
        self,
        make_policy: Callable[[], ChunkPolicy],
        embodiment: Embodiment,
        clock: Clock,
        *,
        blend_steps: int = 4,
        lead_s: float = 0.0,
        patience_s: float = 5.0,
    ) -> None:
        """Starts the process and waits until it has built the policy.

        Args:
            make_policy: builds the policy there; a module-level function or a `functools.partial`.
            embodiment: the body that acts.
            clock: the robot's.
            blend_steps: steps over which a chunk replaces the one before it.
            lead_s: latency from what an observation shows to when an action takes effect, beyond
                that of the policy in training [s]: chunks are read this much further on.
            patience_s: after this long without a chunk the episode fails [s].

        Raises:
            RobotError: if the process or the policy in it fails.
            RobolearnError: if `lead_s` or `blend_steps` is out of range for the policy's chunks.
        """
        self._embodiment, self._clock = embodiment, clock
        self._period_s, self._patience_s = embodiment.control_period_s, patience_s
        worker = functools.partial(InferenceWorker, make_policy)
        try:
            self._process = WorkerProcess("policy", "step", worker)
        except WorkerError as error:
            raise RobotError(f"inference failed: {error}") from error
        try:
            self._get_reply()  # the policy is built
            self._take(self._describe())
            self._lead_steps = lead_s / self._period_s
            if blend_steps < 0 or not 0 <= self._lead_steps < self.action_horizon:
                raise RobolearnError(
                    f"blend_steps must be 0 or more and lead_s must lie within the"
                    f" {self.action_horizon} steps of {self._period_s:g} s that are carried out of"
                    f" a chunk, got {blend_steps} and {lead_s}"
                )
        except BaseException:
            self.close()
            raise
        self._plan = ActionPlan(blend_steps)
        self._history = ObservationHistory(self.observation_spec, self.observation_horizon)
        self._episode = 0
        self.starved_steps = 0
        self.latencies_s: list[float] = []
        self._recent_s: deque[float] = deque([self._period_s], maxlen=_LATENCIES_REMEMBERED)
        self._begin()

    def reset(self, instruction: str, seed: int) -> None:
        """Begins an episode; a chunk of the one before that is still to come will be ignored.

        Raises:
            RobotError: if the process has died.
        """
        self._begin()
        self._send(0, Reset(instruction, seed))

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        """Returns at once the action whose time has come; at an episode's first step it may wait.

        Raises:
            RobotError: if the process failed, or no chunk came for `patience_s`.
            SpecError: if an observation does not fit, or the policy predicted NaN.
            UnknownNameError: if an observation is missing.
        """
        step = self._count_step(observation)
        self._history.add(observation)
        while self._process.has_message():
            self._receive(step)
        if self._is_time_to_ask(step):
            self._ask(step)
        if self._last_action is None:
            self._wait_for_first_chunk(observation)
        action = self._plan.get(step)
        if action is None:
            action = self._starve()
        else:
            self._fed_s = time.monotonic()
            # Rounding lifts a mean of two actions at a limit a little beyond it.
            action = self.action_spec.clip(action)
        self._last_action, self._last_step = action, step
        return action.copy()

    def close(self) -> None:
        """Ends the process. Allowed in every state, any number of times."""
        WorkerProcess.stop_all([self._process])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _describe(self) -> Description:
        """Asks what the policy is."""
        self._send(0, Describe())
        reply = self._get_reply()
        assert isinstance(reply, Description)
        return reply

    def _take(self, description: Description) -> None:
        self.observation_spec = description.observation_spec
        self.action_spec = description.action_spec
        self.trained_on = description.trained_on
        self.observation_horizon = description.observation_horizon
        self.prediction_horizon = description.prediction_horizon
        self.action_horizon = description.action_horizon

    def _begin(self) -> None:
        """Forgets what was, as at an episode's start."""
        self._episode += 1
        self._plan.clear()
        self._history.clear()
        self._last_step = 0
        self._start_s = self._last_action = self._asked = self._observed_step = None

    def _count_step(self, observation: Mapping[str, Array]) -> int:
        """Returns which step it is by the clock; begins afresh after a pause, as the body moves."""
        now_s = self._clock.now_s()
        if self._start_s is not None:
            step = int((now_s - self._start_s) / self._period_s + _ROUNDING)
            if (step - self._last_step) * self._period_s <= _PAUSE_S:
                return step
            self._begin()
            self._hold(observation)
        self._start_s = now_s
        return 0

    def _is_time_to_ask(self, step: int) -> bool:
        """Says whether a chunk asked for now would come when it is needed, or too late."""
        if self._asked is not None:
            return False
        if self._observed_step is None:
            return True
        delay_steps = math.ceil(max(self._recent_s) / self._period_s)
        used_steps = step - self._observed_step + self._lead_steps
        return used_steps + delay_steps >= self.action_horizon

    def _ask(self, step: int) -> None:
        self._asked = (step, time.monotonic())
        self._send(step, Predict(self._episode, step, self._history.get()))

    def _wait_for_first_chunk(self, observation: Mapping[str, Array]) -> None:
        """Waits a moment, as the body stands still; the episode's time begins afterwards."""
        give_up_s = time.monotonic() + _FIRST_CHUNK_S
        while self._observed_step is None:
            if not self._process.connection.poll(max(0.0, give_up_s - time.monotonic())):
                self._hold(observation)
                break
            self._receive(step=0)
        self._start_s = self._clock.now_s()

    def _hold(self, observation: Mapping[str, Array]) -> None:
        """Takes what the body is doing now for what it was last told."""
        self._last_action = self._embodiment.make_present_action(observation[keys.STATE])
        self._fed_s = time.monotonic()

    def _receive(self, step: int) -> None:
        """Takes the next message; a chunk becomes part of the plan from `step` on."""
        reply = self._get_reply()
        if not isinstance(reply, Prediction) or reply.episode != self._episode:
            return
        assert self._asked is not None
        latency_s = reply.finished_s - self._asked[1]
        self.latencies_s.append(latency_s)
        self._recent_s.append(latency_s)
        self._asked = None
        chunk = advance_chunk(self._check(reply.chunk), self._lead_steps)
        self._plan.add(chunk, reply.step, step, self._last_action)
        self._observed_step = reply.step

    def _check(self, chunk: Array) -> Array:
        """Returns a chunk within the action's limits; refuses NaN."""
        expected = (self.prediction_horizon, *self.action_spec.shape)
        if chunk.shape != expected:
            raise SpecError(f"the policy predicted shape {chunk.shape}, not {expected}")
        try:
            return self.action_spec.clip(chunk)
        except SpecError as error:
            raise SpecError(f"the policy predicted {error}: take another checkpoint") from error

    def _starve(self) -> Array:
        """Returns what the body does without an action."""
        if time.monotonic() - self._fed_s > self._patience_s:
            raise RobotError(f"the policy gave no action for {self._patience_s:g} s")
        self.starved_steps += 1
        assert self._last_action is not None
        return self._embodiment.make_hold_action(self._last_action)

    def _send(self, step: int, job: Job) -> None:
        try:
            self._process.send(step, job)
        except WorkerError as error:
            raise RobotError(f"inference failed: {error}") from error

    def _get_reply(self) -> Description | Prediction | None:
        """Waits for the process's next message."""
        try:
            return self._process.receive()[1]  # type: ignore[no-any-return]
        except WorkerError as error:
            raise RobotError(f"inference failed: {error}") from error


def summarize_latencies(latencies_s: list[float]) -> dict[str, float]:
    """Returns `inference_latency_p50_ms` and `inference_latency_p99_ms`; nothing without any."""
    if not latencies_s:
        return {}
    p50_s, p99_s = np.percentile(latencies_s, (50, 99))
    return {
        "inference_latency_p50_ms": 1e3 * float(p50_s),
        "inference_latency_p99_ms": 1e3 * float(p99_s),
    }

"""`Policy`: what maps an observation to an action."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from robolearn import keys
from robolearn.errors import IncompatibleError, RobolearnError, UnknownNameError
from robolearn.specs import Array, BoundedArraySpec, Specs, find_differences


@dataclass(frozen=True)
class Segment:
    """A stretch of an episode in which one skill acted.

    Attributes:
        skill: what was done, e.g. `grasp`.
        arguments: to what, by the names of the task, e.g. `("plate_1",)`.
        first_step: index of its first step.
        num_steps: how many steps it took.
        succeeded: whether it brought about what it was for.
    """

    skill: str
    arguments: tuple[str, ...]
    first_step: int
    num_steps: int
    succeeded: bool

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Segment:
        """Reads what `dataclasses.asdict` returned, through JSON.

        Raises:
            RobolearnError: if a field is missing or of the wrong kind.
        """
        try:
            skill, arguments, succeeded = data["skill"], data["arguments"], data["succeeded"]
            counts = data["first_step"], data["num_steps"]
        except (KeyError, TypeError) as error:
            raise RobolearnError(f"not a segment of an episode: {error!r}") from error
        if not (
            isinstance(arguments, list | tuple)
            and all(isinstance(text, str) for text in (skill, *arguments))
            and all(type(count) is int and count >= 0 for count in counts)
            and isinstance(succeeded, bool)
        ):
            raise RobolearnError(f"not a segment of an episode: {data!r}")
        return cls(skill, tuple(arguments), *counts, succeeded)


class Policy(ABC):
    """Chooses actions. One policy object serves one environment at a time."""

    @abstractmethod
    def reset(self, instruction: str, seed: int) -> None:
        """Begins an episode: forgets everything about the one before.

        Args:
            instruction: the task in words.
            seed: source of any randomness of this episode; same seed, same choices.
        """

    @abstractmethod
    def select_action(self, observation: Mapping[str, Array]) -> Array:
        """Returns the action for this observation, within the robot's `action_spec`."""

    def get_segments(self) -> Sequence[Segment]:
        """Returns which skills acted in the episode so far, in order; empty if it has none."""
        return ()


@dataclass(frozen=True)
class TrainedOn:
    """What a policy learned from; it travels with the checkpoint.

    Attributes:
        embodiment: name of the body, e.g. `so101`.
        task: name of the task, e.g. `pick_place`.
        instruction: the task in words.
        control_period_s: time between two actions [s].
    """

    embodiment: str
    task: str
    instruction: str
    control_period_s: float

    def to_json(self) -> dict[str, Any]:
        """Returns plain data that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TrainedOn:
        """Reads what `to_json` returned.

        Raises:
            RobolearnError: if a field is missing or of the wrong kind.
        """
        try:
            texts = {name: str(data[name]) for name in ("embodiment", "task", "instruction")}
            return cls(**texts, control_period_s=float(data["control_period_s"]))
        except (KeyError, TypeError, ValueError) as error:
            raise RobolearnError(f"not a record of what was trained on: {error!r}") from error


class TrainedPolicy(Policy):
    """A policy that came out of a checkpoint: it knows which body it fits.

    Attributes:
        observation_spec: what it reads; its image keys name the cameras it needs.
        action_spec: what it gives.
        trained_on: what it learned from.
    """

    observation_spec: Specs
    action_spec: BoundedArraySpec
    trained_on: TrainedOn

    def check_compatible(
        self, observation_spec: Specs, action_spec: BoundedArraySpec, control_period_s: float
    ) -> None:
        """Checks that a body with these specs can be driven by this policy.

        Args:
            observation_spec: what the body gives; it may give more than the policy reads.
            action_spec: what the body takes; must be exactly the policy's.
            control_period_s: time between two actions of the body [s].

        Raises:
            IncompatibleError: if it cannot; names every field that differs.
        """
        differences = find_differences(self.observation_spec, observation_spec)
        differences += find_differences({keys.ACTION: self.action_spec}, {keys.ACTION: action_spec})
        expected_s = self.trained_on.control_period_s
        if abs(control_period_s - expected_s) > 1e-6:
            differences.append(f"control_period_s: expected {expected_s}, got {control_period_s}")
        if differences:
            raise IncompatibleError(
                f"the policy, trained on {self.trained_on.embodiment!r}, does not fit this robot: "
                + "; ".join(differences)
            )


class ChunkPolicy(TrainedPolicy):
    """A policy that predicts the next few actions at once: a chunk.

    `predict_chunk` keeps nothing from one call to the next, so that it can also run elsewhere than
    in the control loop, and less often; see `AsynchronousPolicy`.

    Attributes:
        observation_horizon: how many observations a prediction reads.
        prediction_horizon: how many actions a chunk has.
        action_horizon: how many of them are meant to be carried out before the next prediction.
    """

    observation_horizon: int
    prediction_horizon: int
    action_horizon: int

    @abstractmethod
    def predict_chunk(self, history: Sequence[Mapping[str, Array]]) -> Array:
        """Returns the actions from the newest observation's step on.

        Args:
            history: the last `observation_horizon` observations, one control period apart, oldest
                first; each has the keys of `observation_spec` and fits it.

        Returns:
            Shape (prediction_horizon, channels). May reach beyond the action's limits.
        """


class ObservationHistory:
    """The last few observations of an episode; the first one stands in for those before it."""

    def __init__(self, observation_spec: Specs, length: int) -> None:
        """Keeps, of each of the last `length` observations, the keys of the spec."""
        self._observation_spec = observation_spec
        self._kept: deque[dict[str, Array]] = deque(maxlen=length)

    def clear(self) -> None:
        """Begins an episode."""
        self._kept.clear()

    def add(self, observation: Mapping[str, Array]) -> None:
        """Takes the observation of the next step.

        Raises:
            SpecError: if a value does not fit its spec.
            UnknownNameError: if a key is missing.
        """
        seen = {}
        for key, spec in self._observation_spec.items():
            if key not in observation:
                raise UnknownNameError("observation key", key, observation, "in the observation")
            seen[key] = spec.validate(observation[key])
        missing = (self._kept.maxlen or 1) - len(self._kept)
        self._kept.extend([seen] * max(1, missing))

    def get(self) -> list[dict[str, Array]]:
        """Returns the observations, oldest first, as many as the history is long."""
        return list(self._kept)

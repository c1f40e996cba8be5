from collections.abc import Mapping
from dataclasses import replace

import pytest

from robolearn import keys
from robolearn.embodiments.so101 import SO101
from robolearn.errors import IncompatibleError, RobolearnError
from robolearn.policy import TrainedOn, TrainedPolicy
from robolearn.specs import Array

TRAINED_ON = TrainedOn("so101", "pick_place", "Put the red block on the blue disc.", 0.05)


class RestingPolicy(TrainedPolicy):
    """Needs the front camera and holds still."""

    observation_spec = SO101.observation_spec(("front",))
    action_spec = SO101.action_spec
    trained_on = TRAINED_ON

    def reset(self, instruction: str, seed: int) -> None:
        pass

    def select_action(self, observation: Mapping[str, Array]) -> Array:
        return self.action_spec.low.copy()


def test_the_body_it_was_trained_on_fits_also_with_more_cameras() -> None:
    RestingPolicy().check_compatible(
        SO101.observation_spec(("wrist", "front")), SO101.action_spec, SO101.control_period_s
    )


def test_a_camera_that_is_off_is_named() -> None:
    with pytest.raises(IncompatibleError, match=r"'so101'.*observation\.images\.front: missing"):
        RestingPolicy().check_compatible(SO101.observation_spec(), SO101.action_spec, 0.05)


def test_every_difference_is_named() -> None:
    state_spec = replace(SO101.state_spec, units=("deg", *SO101.state_spec.units[1:]))
    observation_spec = {**SO101.observation_spec(("front",)), keys.STATE: state_spec}
    with pytest.raises(IncompatibleError) as caught:
        RestingPolicy().check_compatible(
            observation_spec, replace(SO101.action_spec, dtype="float64"), 0.1
        )
    for field in ("observation.state.units", "action.dtype", "control_period_s"):
        assert field in str(caught.value)


def test_what_it_was_trained_on_reads_back() -> None:
    assert TrainedOn.from_json(TRAINED_ON.to_json()) == TRAINED_ON


@pytest.mark.parametrize(
    "change", [{"control_period_s": "soon"}, {"task": ...}], ids=["kind", "missing"]
)
def test_a_broken_record_of_training_is_refused(change: dict[str, object]) -> None:
    data = {k: v for k, v in {**TRAINED_ON.to_json(), **change}.items() if v is not ...}
    with pytest.raises(RobolearnError, match="not a record of what was trained on"):
        TrainedOn.from_json(data)

import pytest
import torch

from robolearn import keys
from robolearn.errors import CheckpointError
from robolearn.policies.behavior_cloning.network import ChunkNetwork, NetworkSettings
from robolearn.specs import ArraySpec, BoundedArraySpec, image_spec

FRONT, WRIST = keys.image_key("front"), keys.image_key("wrist")
SPECS = {
    keys.STATE: ArraySpec(keys.STATE, (2,)),
    FRONT: image_spec(FRONT, 16, 16),
    WRIST: image_spec(WRIST, 8, 16),
}
ACTION_SPEC = BoundedArraySpec(keys.ACTION, (3,))
SETTINGS = NetworkSettings(
    observation_horizon=2,
    prediction_horizon=5,
    image_size_px=16,
    image_channels=(8, 8),
    stem_kernel=4,
    stem_stride=4,
    flat_channels=2,
    flat_features=4,
    hidden_features=(16,),
)


def make_inputs(batch: int) -> dict[str, torch.Tensor]:
    return {
        keys.STATE: torch.randn(batch, 2, 2),
        FRONT: torch.randint(0, 256, (batch, 2, 16, 16, 3), dtype=torch.uint8),
        WRIST: torch.randint(0, 256, (batch, 2, 8, 16, 3), dtype=torch.uint8),
    }


def test_chunk_has_the_horizon_and_the_channels_of_the_action() -> None:
    network = ChunkNetwork(SPECS, ACTION_SPEC, SETTINGS)
    assert network(make_inputs(4)).shape == (4, 5, 3)


def test_low_dimensional_keys_alone_need_no_encoder() -> None:
    network = ChunkNetwork({keys.STATE: SPECS[keys.STATE]}, ACTION_SPEC, SETTINGS)
    assert len(network.encoders) == 0
    assert network({keys.STATE: torch.zeros(4, 2, 2)}).shape == (4, 5, 3)


@pytest.mark.parametrize("key", [keys.STATE, FRONT, WRIST])
@pytest.mark.parametrize("step", [0, 1])
def test_every_key_and_every_step_of_history_matters_to_its_own_sample(key: str, step: int) -> None:
    torch.manual_seed(0)
    network = ChunkNetwork(SPECS, ACTION_SPEC, SETTINGS)
    inputs = make_inputs(3)
    before = network(inputs)
    inputs[key] = inputs[key].clone()
    inputs[key][1, step] = 255 - inputs[key][1, step]
    changed = (network(inputs) - before).abs().flatten(1).max(dim=1).values
    assert changed[1] > 1e-4
    assert changed[[0, 2]].max() < 1e-6


def test_settings_read_back_and_refuse_nonsense() -> None:
    data = SETTINGS.to_json()
    assert NetworkSettings.from_json({**data, "image_channels": [8, 8]}) == SETTINGS
    with pytest.raises(CheckpointError, match="hidden_features must be positive"):
        NetworkSettings.from_json({**data, "hidden_features": [0]})
    with pytest.raises(CheckpointError, match="unexpected keyword argument 'depth'"):
        NetworkSettings.from_json({**data, "depth": 2})
    del data["stem_kernel"]
    with pytest.raises(CheckpointError, match="stem_kernel"):
        NetworkSettings.from_json(data)

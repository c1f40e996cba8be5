import pytest
import torch

from robolearn.policies.networks.image_encoder import ImageEncoder, SpatialSoftmax


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 6), (4, 3), (2, 1)])
def test_spatial_softmax_of_a_delta_is_its_place(row: int, column: int) -> None:
    maps = torch.full((1, 1, 5, 7), -1e4)
    maps[0, 0, row, column] = 1e4
    point = SpatialSoftmax(5, 7)(maps)[0, 0]
    expected = torch.tensor([2 * column / 6 - 1, 2 * row / 4 - 1])  # x to the right, y down
    torch.testing.assert_close(point, expected)


def test_spatial_softmax_of_a_flat_map_is_the_centre() -> None:
    points = SpatialSoftmax(4, 6)(torch.ones(2, 3, 4, 6))
    torch.testing.assert_close(points, torch.zeros(2, 3, 2), atol=1e-6, rtol=0)


def test_spatial_softmax_lies_between_two_equal_peaks() -> None:
    maps = torch.full((1, 1, 3, 5), -1e4)
    maps[0, 0, 1, 0] = maps[0, 0, 1, 2] = 1e4
    torch.testing.assert_close(SpatialSoftmax(3, 5)(maps)[0, 0], torch.tensor([-0.5, 0.0]))


def make_encoder(height_px: int, width_px: int, size_px: int) -> ImageEncoder:
    return ImageEncoder(
        height_px,
        width_px,
        size_px=size_px,
        channels=(8, 16),
        stem_kernel=4,
        stem_stride=4,
        flat_channels=2,
        flat_features=5,
    )


def test_encoder_gives_the_features_it_announces() -> None:
    encoder = make_encoder(24, 32, 16)
    features = encoder(torch.zeros(3, 24, 32, 3, dtype=torch.uint8))
    assert features.shape == (3, encoder.num_features)
    assert encoder.num_features == 2 * 16 + 5


def test_encoder_keeps_the_aspect_and_never_enlarges() -> None:
    assert make_encoder(24, 32, 16).points.xy.shape == (3 * 4, 2)  # 12 x 16 px, stride 4
    assert make_encoder(8, 8, 64).points.xy.shape == (2 * 2, 2)


def test_encoding_one_image_does_not_depend_on_its_batch() -> None:
    torch.manual_seed(0)
    encoder = make_encoder(16, 16, 16)
    images = torch.randint(0, 256, (4, 16, 16, 3), dtype=torch.uint8)
    torch.testing.assert_close(encoder(images)[2:3], encoder(images[2:3]), atol=1e-5, rtol=1e-5)

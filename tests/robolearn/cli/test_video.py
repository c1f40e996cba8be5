from __future__ import annotations

import av
import numpy as np
import pytest

from robolearn.cli.frames import CameraSource, RenderSource
from robolearn.cli.video import VideoObserver, VideoWriter, draw_label
from robolearn.errors import SpecError


def _decode(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return frames, stream.average_rate, stream.codec_context


@pytest.mark.parametrize("size", [(48, 64), (33, 47)])
def test_video_decodes_to_the_frames_that_were_written(tmp_path, size):
    height, width = size
    ramp = np.linspace(0, 200, width).astype(np.uint8)
    written = []
    for index in range(12):
        frame = np.zeros((height, width, 3), np.uint8)
        frame[..., 0] = ramp
        frame[..., 1] = 20 * index
        frame[..., 2] = 100
        written.append(frame)
    path = tmp_path / "new" / "video.mp4"
    with VideoWriter(path, rate_hz=20, quality=16) as writer:
        for frame in written:
            writer.write(frame)
    decoded, rate, context = _decode(path)
    assert len(decoded) == len(written) == writer.num_frames
    assert rate == 20
    assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
    assert decoded[0].shape == (height + height % 2, width + width % 2, 3)
    for frame, back in zip(written, decoded, strict=True):
        error = np.abs(frame.astype(int) - back[:height, :width].astype(int))
        assert error.mean() < 4
    assert [file.name for file in path.parent.iterdir()] == ["video.mp4"]


def test_index_comes_first_so_that_a_browser_can_start_at_once(tmp_path):
    with VideoWriter(tmp_path / "v.mp4", rate_hz=20) as writer:
        writer.write(np.zeros((32, 32, 3), np.uint8))
    data = (tmp_path / "v.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_an_error_while_filming_leaves_no_file(tmp_path):
    def film_and_fail():
        with VideoWriter(tmp_path / "v.mp4", rate_hz=20) as writer:
            writer.write(np.zeros((32, 32, 3), np.uint8))
            raise OSError("robot unplugged")

    with pytest.raises(OSError, match="unplugged"):
        film_and_fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((32, 32), np.uint8),
        np.zeros((32, 32, 3), np.float32),
        np.zeros((3, 32, 32), np.uint8),
        np.zeros((34, 32, 3), np.uint8),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(tmp_path, frame):
    with VideoWriter(tmp_path / "v.mp4", rate_hz=20) as writer:
        writer.write(np.zeros((32, 32, 3), np.uint8))
        with pytest.raises(SpecError, match=r"frame"):
            writer.write(frame)


def test_observer_films_start_every_step_and_the_verdict(tmp_path, play_episode):
    with VideoWriter(tmp_path / "v.mp4", rate_hz=20) as writer:
        render = iter([np.full((240, 320, 3), 10 * i, np.uint8) for i in range(6)])
        observer = VideoObserver(writer, RenderSource(lambda: next(render)), 0.05, hold_s=0.2)
        play_episode(observer, num_steps=5)
    frames, _, _ = _decode(tmp_path / "v.mp4")
    assert len(frames) == 1 + 5 + 4
    assert [round(frame[100:].mean() / 10) for frame in frames] == [0, 1, 2, 3, 4, 5, 5, 5, 5, 5]
    bars = [frames[i][1, :].mean(axis=0) for i in (0, -1)]
    assert bars[1][1] > bars[1][0] + 50  # green once it has succeeded
    assert abs(bars[0][1] - bars[0][0]) < 30


def test_camera_is_filmed_as_the_policy_saw_it(tmp_path, play_episode):
    frames = [np.full((8, 8, 3), 40 * i, np.uint8) for i in range(4)]
    with VideoWriter(tmp_path / "v.mp4", rate_hz=20) as writer:
        play_episode(
            VideoObserver(writer, CameraSource("front"), 0.05, 0.0), 3, camera_frames=frames
        )
    decoded, _, _ = _decode(tmp_path / "v.mp4")
    assert [round(frame[100:].mean() / 40) for frame in decoded] == [0, 1, 2]


def test_label_enlarges_small_frames_and_leaves_the_original_alone():
    frame = np.full((64, 64, 3), 200, np.uint8)
    labelled = draw_label(frame, "pick_place  seed 3", (0, 255, 0))
    assert labelled.shape == (256, 256, 3)
    assert (frame == 200).all()
    assert (labelled[60:] == 200).all()
    assert not (labelled[:20] == 200).all()

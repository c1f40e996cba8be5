from __future__ import annotations

import numpy as np
import pytest

from robolearn import keys
from robolearn.rollout import Actor, EpisodeResult, EpisodeStart, Step


@pytest.fixture(name="play_episode")
def _play_episode():
    """Tells an observer about an episode of `num_steps` steps."""
    return _play


def _play(observer, num_steps, success=True, camera_frames=None):
    action = np.zeros(1, np.float32)
    frames = camera_frames or [np.zeros((8, 8, 3), np.uint8)] * (num_steps + 1)
    observations = [{keys.image_key("front"): frame} for frame in frames]
    observer.on_episode_start(EpisodeStart("do t", "t", 7, observations[0]))
    for index in range(num_steps):
        is_last = index == num_steps - 1
        observer.on_step(
            Step(
                index=index,
                observation=observations[index],
                captured_s={},
                action=action,
                action_applied=action,
                sent_s=0.0,
                actor=Actor.POLICY,
                reward=0.0,
                terminated=is_last and success,
                truncated=is_last and not success,
                success=is_last and success,
            )
        )
    observer.on_episode_end(
        EpisodeResult("t", "do t", 7, num_steps, 0.0, success, success, not success)
    )

import os
import sys

import numpy as np
import pytest

from robolearn.errors import IncompatibleError, MissingDependencyError, RobolearnError
from robolearn.sim.vector import warp_physics
from robolearn.sim.vector.batch import Batch
from robolearn.sim.vector.recording import record_worlds
from robolearn.sim.vector.vector_environment import VectorEnvironment, make_vector_environment
from robolearn.sim.vector.warp_engine import WarpEngine

# Set to `cpu` to run all this without a GPU: MuJoCo Warp then compiles for half a minute first.
DEVICE = os.environ.get("ROBOLEARN_WARP_DEVICE", warp_physics.DEVICE)


def find_gpu_problem():
    if DEVICE == "cpu":
        return ""
    try:
        warp_physics.require_gpu()
    except MissingDependencyError as error:
        return str(error)
    return ""


needs_gpu = pytest.mark.skipif(bool(find_gpu_problem()), reason=find_gpu_problem() or "none")


def make_on_gpu(make_world, num_worlds, num_threads=2):
    environments = [make_world() for _ in range(num_worlds)]
    specs = environments[0].observation_spec, environments[0].action_spec
    engine = WarpEngine(environments, Batch.allocate(*specs, num_worlds), num_threads, DEVICE)
    return VectorEnvironment(engine, environments[0]), environments


@needs_gpu
@pytest.mark.parametrize(
    ("task", "tolerance"),
    [("pick_place", 1e-4), ("press_button", 1e-4), ("put_block_in_drawer", 1e-4)],
)
def test_half_a_second_is_what_it_is_on_the_cpu(worlds, task, tolerance):
    def make():
        return worlds.make_world(task, time_limit_s=2.0)

    recording = record_worlds(make, 3, 10, seed=50_000)
    on_gpu, _ = make_on_gpu(make, 3)
    on_cpu = make_vector_environment(make, 3, engine="threads")
    started, _ = on_gpu.reset(seed=50_000)
    moved = 0.0
    for ours, other in zip(started.values(), on_cpu.reset(seed=50_000)[0].values(), strict=True):
        np.testing.assert_array_equal(ours, other)
    for action in recording.actions:
        ours, other = on_gpu.step(action), on_cpu.step(action)
        for key, value in ours[0].items():
            np.testing.assert_allclose(value, other[0][key], atol=tolerance)
            moved = max(moved, float(np.abs(value - started[key]).max()))
        for value, expected in zip(ours[1:4], other[1:4], strict=True):
            np.testing.assert_array_equal(value, expected)
    assert moved > 0.1
    on_gpu.close()
    on_cpu.close()


@needs_gpu
def test_a_car_drives_as_on_the_cpu(worlds):
    def make():
        return worlds.make_world("drive_laps", time_limit_s=4.0)

    recording = record_worlds(make, 2, 20, seed=50_000)
    on_gpu, gpu_worlds = make_on_gpu(make, 2)
    on_cpu = make_vector_environment(make, 2, engine="threads")
    on_gpu.reset(seed=50_000)
    on_cpu.reset(seed=50_000)
    for action in recording.actions:
        ours, other = on_gpu.step(action)[0], on_cpu.step(action)[0]
    # The inertial sensor is left out: on the CPU it is one physics step old.
    place = "observation.environment_state"
    np.testing.assert_allclose(ours[place], other[place], atol=1e-3)
    assert gpu_worlds[0].task.world.data.time == pytest.approx(2.0)
    on_gpu.close()
    on_cpu.close()


@needs_gpu
def test_worlds_end_begin_anew_and_are_reset_one_by_one_as_on_the_cpu(worlds):
    on_gpu, _ = make_on_gpu(worlds.make_world, 3)
    on_cpu = make_vector_environment(worlds.make_world, 3, engine="threads")
    actions = np.tile(np.float32(worlds.So101Model().embodiment.home_position), (3, 1))
    mask = np.array([False, True, False])
    for vector in (on_gpu, on_cpu):
        vector.reset(seed=7)
        for _ in range(3):
            vector.step(actions)
        vector.reset(seed=[None, 9, None], options={"reset_mask": mask})
    for _ in range(15):
        ours, other = on_gpu.step(actions), on_cpu.step(actions)
        for key, value in ours[0].items():
            np.testing.assert_allclose(value, other[0][key], atol=1e-4)
        np.testing.assert_array_equal(ours[3], other[3])
        assert ours[4].keys() == other[4].keys()
        if "seed" in ours[4]:
            np.testing.assert_array_equal(ours[4]["seed"], other[4]["seed"])
            np.testing.assert_array_equal(ours[4]["_seed"], other[4]["_seed"])
    on_gpu.close()
    on_cpu.close()


@needs_gpu
def test_experts_still_put_their_blocks_in_place(worlds):
    def make():
        return worlds.make_world("pick_place", time_limit_s=8.0)

    on_gpu, environments = make_on_gpu(make, 6)
    experts = [environment.task.make_expert() for environment in environments]
    observations, _ = on_gpu.reset(seed=50_000)
    for row, expert in enumerate(experts):
        expert.reset("", 50_000 + row)
    has_ended, num_successes = np.zeros(6, bool), 0
    for _ in range(on_gpu.max_episode_steps):
        actions = np.array(
            [
                expert.select_action({key: value[row] for key, value in observations.items()})
                for row, expert in enumerate(experts)
            ]
        )
        observations, _, terminated, truncated, infos = on_gpu.step(actions)
        num_successes += int((infos.get("is_success", False) & ~has_ended).sum())
        has_ended |= terminated | truncated
        if has_ended.all():
            break
    assert num_successes >= 5
    on_gpu.close()


@needs_gpu
def test_a_world_that_diverges_is_named(worlds):
    on_gpu, environments = make_on_gpu(worlds.make_world, 3)
    on_gpu.reset(seed=0)
    environments[2].task.world.data.qvel[:] = np.nan
    actions = np.tile(np.float32(worlds.So101Model().embodiment.home_position), (3, 1))
    with pytest.raises(RobolearnError, match="the physics of world 2 has diverged on the GPU"):
        on_gpu.step(actions)


@needs_gpu
def test_worlds_of_different_models_are_refused(worlds):
    tasks = iter(["pick_place", "press_button"])
    with pytest.raises(IncompatibleError, match="one task and one robot"):
        make_on_gpu(lambda: worlds.make_world(next(tasks)), 2)


def test_what_has_no_mujoco_world_is_refused(worlds):
    with pytest.raises(IncompatibleError, match="FakeTask has none"):
        make_on_gpu(worlds.make_fake_world, 1)


def test_cameras_are_refused(worlds):
    with pytest.raises(IncompatibleError, match="has no cameras: use engine='processes'"):
        make_on_gpu(lambda: worlds.make_world(cameras=("front",)), 1)


def test_a_missing_package_is_named_before_any_world_is_built(monkeypatch):
    monkeypatch.setitem(sys.modules, "mujoco_warp", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'robolearn\[warp\]'"):
        make_vector_environment(lambda: pytest.fail("built a world"), 2, engine="warp")

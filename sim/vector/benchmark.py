"""How fast many worlds run: beside the physics alone, Gymnasium's own, and other people's."""

from __future__ import annotations

import contextlib
import functools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import gymnasium

from robolearn.environment import Environment
from robolearn.errors import MissingDependencyError, RobolearnError
from robolearn.sim.benchmark import IMAGE_SIZE_PX, bound_to_one_core
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.suites import make_task
from robolearn.sim.vector import peers
from robolearn.sim.vector.raw_physics import RolloutReplay, raw_processes
from robolearn.sim.vector.recording import Recording, record_worlds
from robolearn.sim.vector.vector_environment import VectorEnvironment, make_vector_environment
from robolearn.sim.vector.warp_engine import WarpEngine
from robolearn.specs import Array
from robolearn.worker_process import WorkerProcess, count_cores

SEED = 0
NUM_RECORDED_STEPS = 128  # of each world: two episodes of the expert
NUM_STEPS = 4096  # of all worlds together in one measurement: half a second
NUM_CAMERA_STEPS = 256  # likewise with cameras
NUM_GPU_STEPS = 16384  # likewise on a GPU, but at least 16 of each world
MAX_RECORDED_WORLDS = 64  # more worlds do again what these do
CAMERAS = ("front", "wrist")

OURS, LIMIT, ASYNC = "env_steps_per_s", "physics_limit_steps_per_s", "async_vector_env_steps_per_s"
ROLLOUT = "rollout_physics_steps_per_s"
SINGLE, ENVPOOL = "single_world_steps_per_s", "envpool_metaworld_steps_per_s"
GPU_PHYSICS, CPU = "gpu_physics_steps_per_s", "cpu_env_steps_per_s"

Measurements = dict[str, Callable[[], float]]


def measure_vector_speed(
    num_worlds: Sequence[int] = (1, 2, 4, 8, 16, 32, 64),
    camera_num_worlds: Sequence[int] = (1, 2, 4, 8),
    gpu_num_worlds: Sequence[int] = (64, 512, 4096),
    repeats: int = 5,
    on_round: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Measures stepping speeds of `pick_place`, all in one run.

    For each number of worlds the measurements take turns, `repeats` times, so that whatever else
    the machine does hits all of them; ratios are taken within a round. All but other people's
    environments do the same: what the expert did in these worlds, resets included, to the bit. Only
    stepping is timed. A speed counts steps of all worlds together.

    Args:
        num_worlds: how many worlds, without cameras.
        camera_num_worlds: how many worlds with two cameras of 96 x 96 px.
        gpu_num_worlds: how many worlds whose physics runs on a GPU, where there is one.
        repeats: how often each is measured.
        on_round: called whenever all measurements had their turn.

    Returns:
        `cores` and, by number of worlds:

        - `state`: `env_steps_per_s` of ours, `physics_limit_steps_per_s` of bare `mj_step` in as
          many processes as cores are used, `rollout_physics_steps_per_s` of the physics alone in
          as many threads of `mujoco.rollout`, `async_vector_env_steps_per_s` of Gymnasium's, and
          `envpool_metaworld_steps_per_s` of EnvPool's Meta-World (another model, 5 physics steps of
          2.5 ms where ours has 10 of 5 ms); `share_of_physics_limit` and `times_async_vector_env`
          with median, lowest and highest;
        - `cameras`: `env_steps_per_s`, `single_world_steps_per_s` of one world on one core, and
          `share_of_cores`: of that times the cores used, of which one world has one;
        - `gpu`: `env_steps_per_s` with engine `warp`, `gpu_physics_steps_per_s` of what is the
          GPU's alone, `cpu_env_steps_per_s` on the CPU, and `times_cpu`; or why not.

        `metaworld_steps_per_s` of one world of Meta-World itself. What is not installed says so.

    Raises:
        RobolearnError: if a number is below 1.
        MissingDependencyError: if OpenGL is asked for and missing.
    """
    sizes = [*num_worlds, *camera_num_worlds, *gpu_num_worlds]
    if not sizes or min([*sizes, repeats]) < 1:
        raise RobolearnError(
            f"the numbers of worlds and repeats must be 1 or more, got {sizes} and {repeats}"
        )
    most = min(max(sizes), MAX_RECORDED_WORLDS)
    recording = record_worlds(make_state_world, most, NUM_RECORDED_STEPS, SEED)

    def measure(measurements: Measurements) -> dict[str, list[float]]:
        return _take_turns(measurements, repeats, on_round)

    state = {str(n): _measure_state(recording.repeat_worlds(n), measure) for n in num_worlds}
    cameras = {
        str(n): _measure_cameras(recording.repeat_worlds(n), measure) for n in camera_num_worlds
    }
    gpu = {str(n): _measure_gpu(recording, n, measure) for n in gpu_num_worlds}
    return {
        "cores": count_cores(),
        "task": "pick_place",
        "substeps": recording.substeps,
        "repeats": repeats,
        "state": state,
        "cameras": cameras,
        "gpu": gpu,
        "metaworld_steps_per_s": _measure_metaworld(repeats),
    }


def make_state_world() -> Environment:
    """Returns a world without cameras."""
    return _make_world(())


def make_camera_world() -> Environment:
    """Returns a world with two cameras."""
    return _make_world(CAMERAS)


def _make_world(cameras: tuple[str, ...]) -> Environment:
    robot = MujocoRobot(So101Model(), cameras, IMAGE_SIZE_PX, IMAGE_SIZE_PX)
    return Environment(robot, make_task("desk", "pick_place", name="pick_place", time_limit_s=8.0))


def _measure_state(
    recording: Recording, measure: Callable[[Measurements], dict[str, list[float]]]
) -> dict[str, Any]:
    num_steps, num_worlds = recording.actions.shape[:2]
    num_rounds = max(NUM_STEPS // (num_steps * num_worlds), 1)
    cores = min(count_cores(), num_worlds)
    with contextlib.ExitStack() as stack:
        make_worlds = [make_state_world] * num_worlds
        theirs = gymnasium.vector.AsyncVectorEnv(make_worlds, shared_memory=True)
        stack.callback(theirs.close)  # forks, so it comes before our threads
        ours = make_vector_environment(make_state_world, num_worlds)
        stack.callback(ours.close)
        replay = stack.enter_context(raw_processes(make_state_world, recording, cores))
        rollout = RolloutReplay(make_state_world, recording, cores)
        stack.callback(rollout.close)
        time_vector = functools.partial(_time_vector, recording=recording, num_rounds=num_rounds)
        measurements: Measurements = {
            OURS: lambda: time_vector(ours),
            LIMIT: lambda: _time_raw(replay, recording, num_rounds),
            ROLLOUT: lambda: _time_raw(rollout, recording, num_rounds),
            ASYNC: lambda: time_vector(theirs),
        }
        missing: dict[str, str] = {}
        try:
            measurements[ENVPOOL] = peers.make_envpool(num_worlds, cores, NUM_STEPS)
        except MissingDependencyError as error:
            missing[ENVPOOL] = str(error)
        speeds = measure(measurements)
    return {
        **_take_medians(speeds),
        **missing,
        "share_of_physics_limit": _compare(speeds[OURS], speeds[LIMIT]),
        "times_async_vector_env": _compare(speeds[OURS], speeds[ASYNC]),
    }


def _measure_cameras(
    recording: Recording, measure: Callable[[Measurements], dict[str, list[float]]]
) -> dict[str, Any]:
    num_worlds = recording.actions.shape[1]
    cores = min(count_cores(), num_worlds)
    num_steps = max(NUM_CAMERA_STEPS // num_worlds, 1)
    with contextlib.ExitStack() as stack:
        vector = make_vector_environment(make_camera_world, num_worlds)
        stack.callback(vector.close)
        single = stack.enter_context(_single_process(recording.actions[:, 0]))
        speeds = measure(
            {
                OURS: lambda: _time_vector(vector, recording, 1, num_steps),
                SINGLE: lambda: single(NUM_CAMERA_STEPS),
            }
        )
    of_all_cores = [cores * speed for speed in speeds[SINGLE]]
    return {**_take_medians(speeds), "share_of_cores": _compare(speeds[OURS], of_all_cores)}


def _measure_gpu(
    recording: Recording, num_worlds: int, measure: Callable[[Measurements], dict[str, list[float]]]
) -> dict[str, Any]:
    num_steps = max(NUM_GPU_STEPS // num_worlds, 16)
    repeated = recording.repeat_worlds(num_worlds)
    with contextlib.ExitStack() as stack:
        try:
            # Without helping threads: they would contend for Python's lock more than they help.
            on_gpu = make_vector_environment(make_state_world, num_worlds, engine="warp", workers=1)
        except MissingDependencyError as error:
            measure({})  # its rounds pass
            return {OURS: str(error)}
        stack.callback(on_gpu.close)
        on_cpu = make_vector_environment(make_state_world, num_worlds)
        stack.callback(on_cpu.close)
        speeds = measure(
            {
                OURS: lambda: _time_vector(on_gpu, repeated, 1, num_steps),
                CPU: lambda: _time_vector(on_cpu, repeated, 1, num_steps),
                GPU_PHYSICS: lambda: _time_gpu_physics(on_gpu, num_steps),
            }
        )
    return {**_take_medians(speeds), "times_cpu": _compare(speeds[OURS], speeds[CPU])}


def _measure_metaworld(repeats: int) -> float | str:
    try:
        measure = peers.make_metaworld()
    except MissingDependencyError as error:
        return str(error)
    return statistics.median(measure() for _ in range(repeats))


def _take_turns(
    measurements: Measurements, repeats: int, on_round: Callable[[], object]
) -> dict[str, list[float]]:
    """Takes each measurement once to warm up, then `repeats` times; every other round backwards."""
    for take in measurements.values():
        take()
    speeds: dict[str, list[float]] = {name: [] for name in measurements}
    for index in range(repeats):
        names = list(measurements)[:: 1 if index % 2 == 0 else -1]
        for name in names:
            speeds[name].append(measurements[name]())
        on_round()
    return speeds


def _take_medians(speeds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in speeds.items()}


def _compare(speeds: Sequence[float], others: Sequence[float]) -> dict[str, float]:
    """Summarises the ratios of the rounds."""
    ratios = [speed / other for speed, other in zip(speeds, others, strict=True)]
    return {"median": statistics.median(ratios), "lowest": min(ratios), "highest": max(ratios)}


def _time_vector(
    vector: gymnasium.vector.VectorEnv[Any, Any, Any],
    recording: Recording,
    num_rounds: int,
    num_steps: int | None = None,
) -> float:
    """Does what was recorded, so many times, and returns steps of all worlds per second."""
    actions = recording.actions[:num_steps]
    duration_s = 0.0
    for _ in range(num_rounds):
        vector.reset(seed=recording.seeds)  # type: ignore[arg-type]  # Gymnasium's own take lists
        began_s = time.perf_counter()
        for action in actions:
            vector.step(action)
        duration_s += time.perf_counter() - began_s
    return num_rounds * actions.shape[0] * actions.shape[1] / duration_s


def _time_gpu_physics(vector: VectorEnvironment, num_steps: int) -> float:
    assert isinstance(vector.engine, WarpEngine)
    began_s = time.perf_counter()
    for _ in range(num_steps):
        vector.engine.physics.advance_on_device()
    return num_steps * vector.num_envs / (time.perf_counter() - began_s)


def _time_raw(replay: Callable[[int], object], recording: Recording, num_rounds: int) -> float:
    num_steps, num_worlds = recording.actions.shape[:2]
    began_s = time.perf_counter()
    replay(num_rounds)
    return num_rounds * num_steps * num_worlds / (time.perf_counter() - began_s)


class SingleWorker:
    """Steps one world with cameras, bound to one core, and times itself."""

    def __init__(self, actions: Array) -> None:
        """Builds the world; its renderer's threads, if any, begin on the same core."""
        self._stack = contextlib.ExitStack()
        self._stack.enter_context(bound_to_one_core())
        self._environment, self._actions = make_camera_world(), actions
        self._stack.callback(self._environment.close)
        self._environment.reset(seed=SEED)

    def __call__(self, num_steps: int) -> float:
        """Returns steps per second."""
        duration_s, num_done = 0.0, 0
        while num_done < num_steps:
            self._environment.reset(seed=SEED)
            began_s = time.perf_counter()
            for action in self._actions[: num_steps - num_done]:
                _, _, terminated, truncated, _ = self._environment.step(action)
                num_done += 1
                if terminated or truncated:
                    break
            duration_s += time.perf_counter() - began_s
        return num_done / duration_s

    def close(self) -> None:
        """Closes the world."""
        self._stack.close()


@contextlib.contextmanager
def _single_process(actions: Array) -> Iterator[Callable[[int], float]]:
    worker = WorkerProcess("one world", "measurement", functools.partial(SingleWorker, actions))
    try:
        worker.receive()

        def measure(num_steps: int) -> float:
            worker.send(0, num_steps)
            _, steps_per_s = worker.receive()
            return float(steps_per_s)

        yield measure
    finally:
        WorkerProcess.stop_all([worker])

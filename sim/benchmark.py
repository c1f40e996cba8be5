"""How fast the simulation runs: beside MuJoCo's own limit and beside robosuite, on one core."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator

from robolearn.environment import Environment
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.rendering import find_back_end
from robolearn.sim.robosuite_speed import prepare_process, time_lift
from robolearn.sim.suites import make_task
from robolearn.specs import Array

SEED = 0
NUM_EPISODES = 4  # of the expert, replayed by every measurement of ours
NUM_CAMERA_STEPS = 100
NUM_ROBOSUITE_STEPS = 40
NUM_ROBOSUITE_CAMERA_STEPS = 12
NUM_RESETS = 50
IMAGE_SIZE_PX = 96


def measure_speed(
    repeats: int = 5, *, with_robosuite: bool = True, with_cameras: bool = True
) -> dict[str, float]:
    """Measures stepping speeds, one after the other in each repeat, and takes medians.

    The process is bound to one core meanwhile. Measurements take turns, so that whatever else the
    machine does hits all of them and the ratios hold. Only stepping is timed: no start-up, no
    resets, no policy.

    Args:
        repeats: how often each is measured.
        with_robosuite: also measure robosuite's Lift (Panda, 20 Hz control).
        with_cameras: also measure with one 96 x 96 camera.

    Returns:
        - `env_steps_per_s`: `pick_place` without cameras through `Environment.step`,
        - `physics_limit_steps_per_s`: raw `mj_step` on the same model, controls and contacts,
        - `reset_ms`: `Environment.reset`,
        - `camera_steps_per_s`: as the first, with the `front` camera,
        - `robosuite_steps_per_s`, `robosuite_camera_steps_per_s`: Lift likewise.

    Raises:
        MissingDependencyError: if robosuite or OpenGL is asked for and missing.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(bound_to_one_core())
        environment = stack.enter_context(_make_environment(()))
        episodes = _record_expert(environment)
        measurements: dict[str, Callable[[], float]] = {
            "env_steps_per_s": lambda: _time_steps(environment, episodes),
            "physics_limit_steps_per_s": lambda: _time_physics(environment, episodes),
            "reset_ms": lambda: _time_resets(environment),
        }
        if with_cameras:
            with_front = stack.enter_context(_make_environment(("front",)))
            with_front.reset(seed=SEED)  # creates the renderer
            measurements["camera_steps_per_s"] = lambda: _time_steps(
                with_front, episodes, NUM_CAMERA_STEPS
            )
        if with_robosuite:
            worker = stack.enter_context(_make_worker(with_cameras))
            measurements["robosuite_steps_per_s"] = lambda: worker.submit(
                time_lift, NUM_ROBOSUITE_STEPS
            ).result()
        if with_robosuite and with_cameras:
            measurements["robosuite_camera_steps_per_s"] = lambda: worker.submit(
                time_lift, NUM_ROBOSUITE_CAMERA_STEPS, IMAGE_SIZE_PX
            ).result()
        for take in measurements.values():
            take()  # the first of each also builds and warms up
        rounds = [{key: take() for key, take in measurements.items()} for _ in range(repeats)]
    return {key: statistics.median(one[key] for one in rounds) for key in measurements}


@contextlib.contextmanager
def bound_to_one_core() -> Iterator[None]:
    """Binds this process, and threads it starts meanwhile, to one core where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextlib.contextmanager
def _make_worker(with_cameras: bool) -> Iterator[concurrent.futures.Executor]:
    """Starts robosuite's process, on the same core: its renderer and ours disturb each other.

    It takes its turn while this process waits for the answer.
    """
    with concurrent.futures.ProcessPoolExecutor(
        max_workers=1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=prepare_process,
        initargs=(find_back_end() if with_cameras else None,),
    ) as executor:
        yield executor


@contextlib.contextmanager
def _make_environment(cameras: tuple[str, ...]) -> Iterator[Environment]:
    robot = MujocoRobot(So101Model(), cameras, IMAGE_SIZE_PX, IMAGE_SIZE_PX)
    environment = Environment(
        robot, make_task("desk", "pick_place", name="pick_place", time_limit_s=8.0)
    )
    try:
        yield environment
    finally:
        environment.close()


def _record_expert(environment: Environment) -> list[tuple[int, list[Array]]]:
    """Returns seed and actions of a few expert episodes: contacts as in real use."""
    expert = environment.task.make_expert()
    episodes = []
    for seed in range(SEED, SEED + NUM_EPISODES):
        observation, _ = environment.reset(seed=seed)
        expert.reset(environment.task.instruction, seed)
        actions, ended = [], False
        while not ended:
            actions.append(expert.select_action(observation))
            observation, _, terminated, truncated, _ = environment.step(actions[-1])
            ended = terminated or truncated
        episodes.append((seed, actions))
    return episodes


def _time_steps(
    environment: Environment, episodes: list[tuple[int, list[Array]]], max_steps: int = 10**6
) -> float:
    num_steps, duration_s = 0, 0.0
    for seed, actions in episodes:
        actions = actions[: max_steps - num_steps]
        environment.reset(seed=seed)
        began_s = time.perf_counter()
        for action in actions:
            environment.step(action)
        duration_s += time.perf_counter() - began_s
        num_steps += len(actions)
    return num_steps / duration_s


def _time_physics(environment: Environment, episodes: list[tuple[int, list[Array]]]) -> float:
    """Replays the same servo goals with nothing between them but MuJoCo."""
    robot = environment.robot
    assert isinstance(robot, MujocoRobot)
    num_steps, duration_s = 0, 0.0
    for seed, actions in episodes:
        environment.reset(seed=seed)
        goals = []
        for action in actions:
            robot.send_action(action)
            goals.append(robot.world.data.ctrl.copy())
        environment.reset(seed=seed)
        world, ctrl, substeps = robot.world, robot.world.data.ctrl, robot.substeps
        began_s = time.perf_counter()
        for goal in goals:
            ctrl[:] = goal
            world.advance(substeps)
        duration_s += time.perf_counter() - began_s
        num_steps += len(goals)
    return num_steps / duration_s


def _time_resets(environment: Environment) -> float:
    began_s = time.perf_counter()
    for seed in range(NUM_RESETS):
        environment.reset(seed=seed)
    return 1e3 * (time.perf_counter() - began_s) / NUM_RESETS

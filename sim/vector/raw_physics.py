"""The physics of many worlds alone: in processes, which is the limit, and in MuJoCo's own pool."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import mujoco
import numpy as np
from mujoco.rollout import Rollout

from robolearn.environment import Environment
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.vector.processes import slice_up
from robolearn.sim.vector.recording import STATE, Recording
from robolearn.specs import Array
from robolearn.worker_process import WorkerProcess


class RawWorker:
    """Replays some worlds of a recording, in the order in which they would be stepped together."""

    def __init__(
        self, make_environment: Callable[[], Environment], recording: Recording, rows: range
    ) -> None:
        """Makes one state per world; they share the model."""
        robot = make_environment().robot
        assert isinstance(robot, MujocoRobot)
        self._model, self._recording = robot.world.model, recording
        self._datas = {row: mujoco.MjData(self._model) for row in rows}

    def __call__(self, num_rounds: int) -> dict[int, Array]:
        """Replays so many times, each time from the start; returns the last `qpos` by world."""
        model, substeps, starts = self._model, self._recording.substeps, self._recording.starts
        worlds = [(row, data, data.ctrl) for row, data in self._datas.items()]
        for _ in range(num_rounds):
            for row, data, _ in worlds:
                mujoco.mj_setState(model, data, starts[-1, row], STATE)
            for step, goals in enumerate(self._recording.ctrl):
                for row, data, ctrl in worlds:
                    if (step, row) in starts:
                        mujoco.mj_setState(model, data, starts[step, row], STATE)
                    else:
                        ctrl[:] = goals[row]
                        mujoco.mj_step(model, data, substeps)
        return {row: data.qpos.copy() for row, data in self._datas.items()}

    def close(self) -> None:
        """Nothing is held that would not end with the process."""


class RolloutReplay:
    """Replays a recording in MuJoCo's own pool of threads, one call for each control step.

    The pool returns positions and velocities, but neither the solver's memory, without which no
    world is to the bit what it is alone, nor the contacts and sites that tasks read. So it steps no
    worlds of ours, and is only measured.
    """

    def __init__(
        self,
        make_environment: Callable[[], Environment],
        recording: Recording,
        num_threads: int,
    ) -> None:
        """Starts the pool."""
        robot = make_environment().robot
        assert isinstance(robot, MujocoRobot)
        self._model, self._recording = robot.world.model, recording
        self._datas = [mujoco.MjData(self._model) for _ in range(num_threads)]
        self._pool = Rollout(nthread=num_threads)
        self._starts: dict[int, dict[int, Array]] = {}
        for (step, row), start in recording.starts.items():
            self._starts.setdefault(step, {})[row] = self._without_memory(start)

    def __call__(self, num_rounds: int) -> Array:
        """Replays so many times, each time from the start; returns the last states by world."""
        substeps, starts = self._recording.substeps, self._starts
        for _ in range(num_rounds):
            states = np.array([starts[-1][row] for row in range(len(starts[-1]))])
            for step, goals in enumerate(self._recording.ctrl):
                # As in a vector environment, also of those that are reset now.
                path, _ = self._pool.rollout(
                    self._model, self._datas, states, goals[:, None], nstep=substeps
                )
                states = path[:, -1]
                for row, start in starts.get(step, {}).items():
                    states[row] = start
        return states

    def close(self) -> None:
        """Ends the threads."""
        self._pool.close()

    def _without_memory(self, start: Array) -> Array:
        """Returns of a recorded state what the pool takes."""
        kind = mujoco.mjtState.mjSTATE_FULLPHYSICS
        state = np.empty(mujoco.mj_stateSize(self._model, kind))
        mujoco.mj_setState(self._model, self._datas[0], start, STATE)
        mujoco.mj_getState(self._model, self._datas[0], state, kind)
        return state


@contextmanager
def raw_processes(
    make_environment: Callable[[], Environment], recording: Recording, num_processes: int
) -> Iterator[Callable[[int], None]]:
    """Starts the processes and gives a function that replays the recording so many times in all."""
    num_worlds = recording.ctrl.shape[1]
    workers: list[WorkerProcess] = []
    try:
        for rows in slice_up(num_worlds, min(num_processes, num_worlds)):
            make_worker = functools.partial(RawWorker, make_environment, recording, rows)
            workers.append(WorkerProcess(f"raw physics {len(workers)}", "round", make_worker))
        for worker in workers:
            worker.receive()

        def replay(num_rounds: int) -> None:
            for worker in workers:
                worker.send(0, num_rounds)
            for worker in workers:
                worker.receive()

        yield replay
    finally:
        WorkerProcess.stop_all(workers)

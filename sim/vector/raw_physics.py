"""The limit of many worlds: processes in which nothing runs but MuJoCo's own steps."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import mujoco

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

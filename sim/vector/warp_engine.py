"""Worlds whose physics runs on a GPU; everything else is as in threads."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from robolearn.environment import Environment
from robolearn.errors import IncompatibleError
from robolearn.sim.tasks.sim_task import SimTask
from robolearn.sim.vector.batch import Batch
from robolearn.sim.vector.threads import Crew
from robolearn.sim.vector.warp_physics import DEVICE, WarpPhysics
from robolearn.sim.vector.worlds import Worlds
from robolearn.sim.world import World


class WarpEngine:
    """Steps worlds without cameras of one task; see `WarpPhysics` for what that means.

    Only the physics between two control steps is the GPU's. Actions, observations and judgement
    are each world's own Python, which with thousands of worlds takes most of the time.

    Attributes:
        batch: what is read and written.
        physics: that of all worlds.
    """

    def __init__(
        self,
        environments: Sequence[Environment],
        batch: Batch,
        num_threads: int,
        device: str = DEVICE,
    ) -> None:
        """Takes the environments over.

        Args:
            environments: of one task and one robot.
            batch: what is read and written.
            num_threads: for what is not physics.
            device: as Warp names it.

        Raises:
            MissingDependencyError, IncompatibleError: as `WarpPhysics`, or if a camera is on.
        """
        self.batch = batch
        self._worlds = Worlds(environments, batch)
        worlds = [_get_world(environment) for environment in environments]
        period_s = environments[0].robot.control_period_s
        substeps = round(period_s / worlds[0].model.opt.timestep)
        self.physics = WarpPhysics(worlds, substeps, device)
        for row, world in enumerate(worlds):
            world.advance = functools.partial(self.physics.take_over, row)
        self._crew = Crew(min(num_threads, len(environments)))

    def reset(self, seeds: Mapping[int, int | None]) -> None:
        """Begins an episode in these worlds; see `Worlds.reset`."""
        self._crew.for_each(seeds, lambda row: self._worlds.reset(row, seeds[row]))

    def step(self) -> None:
        """Steps every world; see `Worlds.step`."""
        rows = range(len(self.batch.rewards))
        for row in rows:
            self._worlds.begin_step(row)
        self.physics.run()  # also of those that are reset now, whose result nobody takes over
        self._crew.for_each(rows, self._finish_step)

    def _finish_step(self, row: int) -> None:
        self._worlds.pass_period(row)  # its clock alone: the physics has run
        self._worlds.finish_step(row)

    def close(self) -> None:
        """Ends the threads and closes the worlds."""
        self._crew.close()
        self._worlds.close()


def _get_world(environment: Environment) -> World:
    if environment.robot.cameras:
        raise IncompatibleError("engine 'warp' has no cameras: use engine='processes'")
    if not isinstance(environment.task, SimTask):
        raise IncompatibleError(
            f"engine 'warp' simulates MuJoCo worlds, and {type(environment.task).__name__} has none"
        )
    return environment.task.world

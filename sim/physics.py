"""`Physics`: how a world is integrated."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco


@dataclass(frozen=True)
class Physics:
    """How the world is integrated; each body brings the settings it was tried with.

    The defaults hold a grasp with 0.07 mm of creep in 4 s; a doubled timestep or the pyramidal
    friction cone shake it, a shorter timestep gains nothing.

    Attributes:
        timestep_s: of the physics [s].
        solver_iterations: at most; fewer than 6 lose grasps.
        impratio: stiffness of friction relative to the normal direction.
    """

    timestep_s: float = 0.005
    solver_iterations: int = 30
    impratio: float = 10.0

    def apply_to(self, spec: mujoco.MjSpec) -> None:
        """Sets it in a scene that is being built; a scene may so ask for settings of its own."""
        spec.option.timestep = self.timestep_s
        spec.option.iterations = self.solver_iterations
        spec.option.impratio = self.impratio

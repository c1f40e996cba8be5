"""`World`: a compiled model with its state, and named handles on the parts tasks speak of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial

import mujoco
import numpy as np

from robolearn.errors import RobolearnError, UnknownNameError
from robolearn.sim.body_model import BodyModel
from robolearn.sim.physics import Physics
from robolearn.sim.scene import SceneBuilder, compose
from robolearn.specs import Array


class FreeBody:
    """A body that moves freely; its free joint has the body's name."""

    def __init__(self, name: str, qpos: Array, qvel: Array, qpos_start: int) -> None:
        """Keeps views into the state: reading them costs no look-up."""
        self.name = name
        self.qpos_indices = range(qpos_start, qpos_start + 7)
        self._pose, self._velocity = qpos, qvel

    @property
    def position_w(self) -> Array:
        """World position [m], shape (3,); a copy."""
        return self._pose[:3].copy()

    @property
    def yaw_rad(self) -> float:
        """Rotation about the vertical [rad], of a body that stands upright."""
        w, x, y, z = map(float, self._pose[3:])
        return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))

    @property
    def tilt_cosine(self) -> float:
        """Cosine between its z axis and the vertical: 1 upright, 0 on its side."""
        _, x, y, _ = map(float, self._pose[3:])
        return 1 - 2 * (x * x + y * y)

    @property
    def velocity_w(self) -> Array:
        """Linear velocity [m/s], shape (3,); a copy."""
        return self._velocity[:3].copy()

    @property
    def yaw_rate_radps(self) -> float:
        """Rate of its turn about its own z axis [rad/s]."""
        return float(self._velocity[5])

    @property
    def speed_mps(self) -> float:
        """Size of the linear velocity [m/s]."""
        return math.hypot(*self._velocity[:3].tolist())

    @property
    def turn_rate_radps(self) -> float:
        """Size of the angular velocity [rad/s]."""
        return math.hypot(*self._velocity[3:].tolist())

    def place(self, position_w: Iterable[float], yaw_rad: float = 0.0) -> None:
        """Sets it down at rest."""
        self._pose[:] = (*position_w, math.cos(yaw_rad / 2), 0.0, 0.0, math.sin(yaw_rad / 2))
        self._velocity[:] = 0.0


class ScalarJoint:
    """A hinge or a slide."""

    def __init__(self, name: str, qpos: Array, qvel: Array, qpos_start: int) -> None:
        self.name = name
        self.qpos_indices = range(qpos_start, qpos_start + 1)
        self._position, self._velocity = qpos, qvel

    @property
    def position(self) -> float:
        """Where it stands [m or rad]."""
        return float(self._position[0])

    @property
    def velocity(self) -> float:
        """How fast it moves [m/s or rad/s]."""
        return float(self._velocity[0])

    def place(self, position: float) -> None:
        """Sets it there at rest."""
        self._position[0], self._velocity[0] = position, 0.0


class Marker:
    """Something that is seen but touches nothing, moved by the task."""

    def __init__(self, name: str, position_w: Array) -> None:
        self.name = name
        self._position_w = position_w

    @property
    def position_w(self) -> Array:
        """World position [m], shape (3,); a copy."""
        return self._position_w.copy()

    def place(self, position_w: Iterable[float]) -> None:
        """Puts it there."""
        self._position_w[:] = tuple(position_w)


class Fixture:
    """A piece of furniture: stands on the table where the task puts it, and nothing moves it.

    Its frame is upright; points in it carry the suffix `_f`.
    """

    def __init__(self, name: str, position_w: Array, quaternion: Array) -> None:
        self.name = name
        self._position_w, self._quaternion = position_w, quaternion

    @property
    def position_w(self) -> Array:
        """World position of its frame [m], shape (3,); a copy."""
        return self._position_w.copy()

    @property
    def yaw_rad(self) -> float:
        """Rotation about the vertical [rad]."""
        return 2 * math.atan2(float(self._quaternion[3]), float(self._quaternion[0]))

    def place(self, position_w: Iterable[float], yaw_rad: float = 0.0) -> None:
        """Puts it there; what is hinged to it comes along."""
        self._position_w[:] = tuple(position_w)
        self._quaternion[:] = (math.cos(yaw_rad / 2), 0.0, 0.0, math.sin(yaw_rad / 2))

    def to_world(self, point_f: Iterable[float]) -> Array:
        """Turns a point of its frame into world coordinates [m], shape (3,)."""
        x, y, z = point_f
        cos, sin = self._get_direction()
        return self._position_w + np.array([cos * x - sin * y, sin * x + cos * y, z])

    def from_world(self, point_w: Iterable[float]) -> Array:
        """Turns a world point into its frame [m], shape (3,)."""
        x, y, z = (np.asarray(point_w) - self._position_w).tolist()
        cos, sin = self._get_direction()
        return np.array([cos * x + sin * y, -sin * x + cos * y, z])

    def _get_direction(self) -> tuple[float, float]:
        """Cosine and sine of the yaw, from the quaternion's half angle."""
        w, z = float(self._quaternion[0]), float(self._quaternion[3])
        return w * w - z * z, 2 * w * z


class World:
    """One body with its scene: `model` never changes after construction, `data` is the state.

    The world frame is the base frame of a body that stands. Handles stay valid for the life of the
    world. The actuators of a plant alone change the model: torque limits, in a world of their own.

    Attributes:
        embodiment: the body as data.
        advance: runs so many physics steps. Whoever steps many worlds in one call puts in its place
            what takes over the result.
        robot_geoms: which geoms count as the robot's touch: a mask.
    """

    def __init__(self, body: BodyModel, add_scene: SceneBuilder, physics: Physics) -> None:
        """Composes and compiles the scene.

        Raises:
            RobolearnError: if MuJoCo refuses the model; says why.
        """
        try:
            self.model: mujoco.MjModel = compose(body, add_scene, physics).compile()
        except ValueError as error:
            raise RobolearnError(f"the scene does not compile: {error}") from error
        self.embodiment = body.embodiment
        self.data = mujoco.MjData(self.model)
        self.advance: Callable[[int], None] = partial(mujoco.mj_step, self.model, self.data)
        self._contact = self.data.contact
        self.robot_geoms = self.geoms_of(body.body_names)

    def reset(self) -> None:
        """Back to the model's initial state, solver memory included: what follows is repeatable."""
        mujoco.mj_resetData(self.model, self.data)

    def forward(self) -> None:
        """Computes poses and contacts of the present state: after placing things."""
        mujoco.mj_forward(self.model, self.data)

    def free_body(self, name: str) -> FreeBody:
        """Returns the free body of that name.

        Raises:
            UnknownNameError: if there is none.
        """
        qpos_start, dof_start, _ = self._find_joint(name, mujoco.mjtJoint.mjJNT_FREE)
        qpos = self.data.qpos[qpos_start : qpos_start + 7]
        return FreeBody(name, qpos, self.data.qvel[dof_start : dof_start + 6], qpos_start)

    def joint(self, name: str) -> ScalarJoint:
        """Returns the hinge or slide of that name.

        Raises:
            UnknownNameError: if there is none.
        """
        hinge, slide = mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE
        qpos_start, dof_start, _ = self._find_joint(name, hinge, slide)
        qpos = self.data.qpos[qpos_start : qpos_start + 1]
        return ScalarJoint(name, qpos, self.data.qvel[dof_start : dof_start + 1], qpos_start)

    def marker(self, name: str) -> Marker:
        """Returns the marker of that name.

        Raises:
            UnknownNameError: if there is none.
        """
        return Marker(name, self.data.mocap_pos[self._find_mocap("marker", name)])

    def fixture(self, name: str) -> Fixture:
        """Returns the fixture of that name.

        Raises:
            UnknownNameError: if there is none.
        """
        index = self._find_mocap("fixture", name)
        return Fixture(name, self.data.mocap_pos[index], self.data.mocap_quat[index])

    def site_position_w(self, name: str) -> Array:
        """Returns a view of a site's world position [m], shape (3,), one physics step old.

        Raises:
            UnknownNameError: if there is none.
        """
        known = [self.model.site(index).name for index in range(self.model.nsite)]
        if name not in known:
            raise UnknownNameError("site", name, known, "in the scene")
        position_w: Array = self.data.site_xpos[known.index(name)]
        return position_w

    def geoms_of(self, body_names: Iterable[str]) -> Array:
        """Returns which geoms belong to these bodies: a mask, shape (num_geoms,).

        Raises:
            UnknownNameError: if a body does not exist.
        """
        known = [self.model.body(index).name for index in range(self.model.nbody)]
        for name in body_names:
            if name not in known:
                raise UnknownNameError("body", name, known, "in the scene")
        ids = [known.index(name) for name in body_names]
        return np.isin(self.model.geom_bodyid, ids)

    def touches(self, geoms: Array, other_geoms: Array) -> bool:
        """Says whether any of these geoms touches any of those; masks from `geoms_of`."""
        pairs = self._contact.geom
        one, other = geoms[pairs], other_geoms[pairs]
        return bool((one[:, 0] & other[:, 1]).any() or (one[:, 1] & other[:, 0]).any())

    def _find_mocap(self, kind: str, name: str) -> int:
        """Returns the index of a body whose pose is in the data, not in the model."""
        mocap_ids = self.model.body_mocapid
        known = {self.model.body(i).name: int(mocap_ids[i]) for i in np.flatnonzero(mocap_ids >= 0)}
        if name not in known:
            raise UnknownNameError(kind, name, known, "in the scene")
        return known[name]

    def _find_joint(self, name: str, *types: mujoco.mjtJoint) -> tuple[int, int, int]:
        """Returns start in qpos, start in qvel and index of a joint of one of these types."""
        model = self.model
        known = {
            model.joint(index).name: index
            for index in range(model.njnt)
            if model.jnt_type[index] in types
        }
        if name not in known:
            raise UnknownNameError("joint", name, known, "in the scene")
        index = known[name]
        return int(model.jnt_qposadr[index]), int(model.jnt_dofadr[index]), index

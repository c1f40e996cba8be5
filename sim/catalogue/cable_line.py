"""`CableLine`: the centre line of a cable in a world."""

from __future__ import annotations

import math

import numpy as np

from robolearn.sim.catalogue.fixtures.cables import Cable
from robolearn.sim.catalogue.thing import Thing
from robolearn.sim.predicates import MAX_SETTLED_SPEED_MPS
from robolearn.sim.world import World
from robolearn.specs import Array

NUM_TRACKED_POINTS = 10  # of an observation: evenly from near the socket to the free end


class CableLine:
    """A line through the ends of a cable's links, from the socket outwards.

    Arc lengths and positions are those of the world, not of the full size.

    Attributes:
        socket: the thing that the cable is part of.
        link_length_m: of a link, at the world's own size.
        radius_m: of its section, at the world's own size.
        geoms: mask of the geoms of its links.
    """

    def __init__(self, world: World, socket: Thing, cable: Cable) -> None:
        """Takes hold of the links that `Parts.add_cable` added.

        Raises:
            UnknownNameError: if the world has no such links.
        """
        self.socket, self._cable, self._data = socket, cable, world.data
        self.link_length_m = cable.shape.link_length_m * socket.scale
        self.radius_m = cable.shape.radius_m * socket.scale
        names = [f"{socket.name}_{index}" for index in range(cable.shape.num_links)]
        self.geoms = world.geoms_of(names)
        links = [world.model.body(name).id for name in names]
        self._links, self._root = slice(links[0], links[-1] + 1), world.model.body_rootid[links[0]]
        joints = world.model.body_jntadr[links]
        self._qpos_indices = world.model.jnt_qposadr[joints][:, None] + np.arange(4)
        self._dofs = slice(
            int(world.model.jnt_dofadr[joints[0]]), int(world.model.jnt_dofadr[joints[-1]]) + 3
        )

    @property
    def points_w(self) -> Array:
        """Where links begin, and where the last ends [m], shape (num_links + 1, 3)."""
        starts_w = self._data.xpos[self._links]
        along_w = self._data.xmat[self._links.stop - 1].reshape(3, 3)[:, 0]
        return np.vstack([starts_w, starts_w[-1] + self.link_length_m * along_w])

    @property
    def tracked_points_w(self) -> Array:
        """Some points along it, the last at its free end [m], shape (NUM_TRACKED_POINTS, 3)."""
        points_w = self.points_w
        return points_w[np.linspace(0, len(points_w) - 1, NUM_TRACKED_POINTS + 1).astype(int)[1:]]

    @property
    def length_m(self) -> float:
        """Of the whole line [m]."""
        return self.link_length_m * len(self._qpos_indices)

    @property
    def speed_mps(self) -> float:
        """Of the fastest start of a link [m/s]."""
        arms_w = self._data.xpos[self._links] - self._data.subtree_com[self._root]
        turns_w, speeds_w = np.hsplit(self._data.cvel[self._links], 2)
        return float(np.linalg.norm(speeds_w + np.cross(turns_w, arms_w), axis=1).max())

    @property
    def is_settled(self) -> bool:
        """Whether all of it is at rest."""
        return self.speed_mps < MAX_SETTLED_SPEED_MPS

    def find_point(self, arc_m: float) -> tuple[Array, Array]:
        """Returns the point at an arc length from the socket [m], and the way on, a unit vector."""
        points_w = self.points_w
        share = np.clip(arc_m / self.link_length_m, 0.0, len(points_w) - 1 - 1e-6)
        link = int(share)
        step_w = points_w[link + 1] - points_w[link]
        return points_w[link] + (share - link) * step_w, step_w / np.linalg.norm(step_w)

    def find_nearest(self, point_w: Array) -> tuple[float, float]:
        """Returns the arc length at which the line is nearest to a point, and how near [m]."""
        points_w = self.points_w
        steps_w = np.diff(points_w, axis=0)
        shares = ((point_w - points_w[:-1]) * steps_w).sum(axis=1) / (steps_w**2).sum(axis=1)
        shares = shares.clip(0.0, 1.0)
        distances_m = np.linalg.norm(points_w[:-1] + shares[:, None] * steps_w - point_w, axis=1)
        link = int(distances_m.argmin())
        return float(link + shares[link]) * self.link_length_m, float(distances_m[link])

    def find_crossings(self, thing: Thing) -> list[tuple[float, Array]]:
        """Returns where the line passes the middle plane of a thing, across its x axis.

        Returns:
            Arc length [m], and the point in the thing's frame, at full size [m].
        """
        points_t = np.array([thing.from_world(point_w) for point_w in self.points_w])
        x = points_t[:, 0]
        links = np.flatnonzero((x[:-1] < 0) != (x[1:] < 0))
        shares = x[links] / (x[links] - x[links + 1])
        crossings_t = points_t[links] + shares[:, None] * (points_t[links + 1] - points_t[links])
        arcs_m = (links + shares) * self.link_length_m
        return list(zip(arcs_m.tolist(), crossings_t, strict=True))

    def lay_out(self, rng: np.random.Generator) -> None:
        """Lays it flat and at rest, in a gentle bend that friction with the table holds.

        The curvature is that of a bow and of an S, both drawn. It is nothing at the ends, as in any
        beam without moments there, so that the cable lies as it is laid.
        """
        cable = self._cable
        joints = np.arange(cable.shape.num_links) / cable.shape.num_links
        bow, s_shape = rng.uniform(-1, 1, 2) * (cable.max_bow, cable.max_s_shape)
        curvatures = bow * np.sin(math.pi * joints) + s_shape * np.sin(2 * math.pi * joints)
        half_rad = curvatures * cable.shape.link_length_m / 2
        qpos = np.zeros((len(joints), 4))
        qpos[:, 0], qpos[:, 3] = np.cos(half_rad), np.sin(half_rad)
        self._data.qpos[self._qpos_indices] = qpos
        self._data.qvel[self._dofs] = 0.0

"""`CableShape`: a cable as a chain of links on elastic ball joints.

It is what MuJoCo's composite cable is made of. That one's plugin, `mujoco.elasticity.cable`, would
compute the same torques for a round cable that is straight at rest, but when it is created it
measures its links before the poses of mocap bodies are initialised (MuJoCo 3.9, `cable.cc`): below
a socket that a task moves, as all fixtures here, their lengths are then random now and again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import mujoco

from robolearn.sim.scene import Rgba

TABLE_GEOM = "table"  # of what surrounds an arm
# Settings of routing trials, of a cable of 20 links. Without armature a link's own inertia, 1e-8
# kg m^2, lets a cable of this stiffness blow up at 2 ms.
ARMATURE_KGM2, DAMPING_NMS = 1e-5, 5e-4
TABLE_FRICTION = (0.6, 0.6, 0.005, 0.0001, 0.0001)
# Rubber between rubber pads, which hold it 2 mm above their lower edge.
GRIP_FRICTION, GRIP_SOLREF = (1.5, 0.01, 0.0005), (0.004, 1.0)
GRIP_PRIORITY, CLIP_PRIORITY = 1, 2  # whose settings count between a cable, a hand and a clip


@dataclass(frozen=True)
class CableShape:
    """Size and material of a cable.

    Attributes:
        length_m: of all links together.
        radius_m: of its round section.
        mass_kg: of all links together.
        num_links: a step's cost grows with almost the third power of it.
        modulus_pa: elastic modulus against bending; against twisting half of it.
    """

    length_m: float
    radius_m: float
    mass_kg: float
    num_links: int
    modulus_pa: float

    @property
    def link_length_m(self) -> float:
        """Length of a link."""
        return self.length_m / self.num_links

    @property
    def joint_stiffness_nmprad(self) -> float:
        """Of a joint between two links: E I / l, with pi r^4 / 4 as I; twist G J / l is as much."""
        return self.modulus_pa * math.pi * self.radius_m**4 / 4 / self.link_length_m


def add_link(
    spec: mujoco.MjSpec, link: Any, name: str, cable: CableShape, scale: float, rgba: Rgba
) -> None:
    """Gives a link its joint, its capsule, and the ball on which it lies on the table."""
    length, radius = cable.link_length_m * scale, cable.radius_m * scale
    link.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_BALL,
        stiffness=cable.joint_stiffness_nmprad * scale**4,
        damping=DAMPING_NMS * scale**4,
        armature=ARMATURE_KGM2 * scale**4,
    )
    link.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=(0.0, 0.0, 0.0, length, 0.0, 0.0),
        size=(radius, 0.0, 0.0),
        rgba=rgba,
        mass=cable.mass_kg / cable.num_links * scale**3,
        contype=0,
        conaffinity=1,
        condim=4,
        friction=GRIP_FRICTION,
        solref=GRIP_SOLREF,
        priority=GRIP_PRIORITY,
    )
    link.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        pos=(length / 2, 0.0, 0.0),
        size=(radius, 0.0, 0.0),
        rgba=rgba,
        mass=0.0,
        contype=0,
        conaffinity=0,
    )
    spec.add_pair(
        geomname1=name,
        geomname2=TABLE_GEOM,
        condim=3,
        friction=TABLE_FRICTION,
        solref=(0.006, 1.0),
    )

"""What a camera sees: from where, in which light, of which colours."""

from __future__ import annotations

import math
from collections.abc import Collection

import mujoco
import numpy as np

from robolearn.embodiments import Embodiment
from robolearn.sim.perturbations.perturbation import Perturbation
from robolearn.sim.scene import make_camera_quaternion
from robolearn.sim.world import World
from robolearn.specs import Array

# At strength 1, each drawn evenly up to this in either direction.
MAX_TURN_RAD = math.radians(25)
MAX_DISTANCE_CHANGE = 0.2
MAX_DIMMING, MAX_BRIGHTENING = 0.6, 0.3
MAX_TINT = 0.25
MAX_COLOUR_CHANGE = 0.35
PATTERNS_FROM = 0.5  # from this strength on surfaces also get patterns
USUAL_DISTANCE_M = 1.0  # of what a camera looks at that does not see the ground
# Surfaces whose looks mean nothing to any task: what surrounds a body.
SURFACES = ("table", "wall", "floor", "pedestal")
UP = np.array([0.0, 0.0, 1.0])


class Camera(Perturbation):
    """Cameras that stand beside the robot are carried about what they look at, and nearer or away.

    At strength 1 by up to 25 degrees sideways and 25 up or down, and 20 % of the distance. What the
    robot carries, and the overview for people, stays.
    """

    def take_hold(self, world: World) -> None:
        """Notes where the cameras are."""
        self._model = model = world.model
        self._indices = [
            index
            for index in range(model.ncam)
            if model.cam_bodyid[index] == 0 and model.camera(index).name != "overview"
        ]
        self._positions, self._quats = model.cam_pos.copy(), model.cam_quat.copy()

    def disturb(self, rng: np.random.Generator) -> None:
        """Moves each camera on its own."""
        for index in self._indices:
            azimuth_rad, elevation_rad = rng.uniform(-1, 1, 2) * self.strength * MAX_TURN_RAD
            stretch = 1 + rng.uniform(-1, 1) * self.strength * MAX_DISTANCE_CHANGE
            position, looks_at = self._positions[index], self._find_target(index)
            offset = (position - looks_at) * stretch
            radius, height = math.hypot(*offset[:2]), float(offset[2])
            heading_rad = math.atan2(offset[1], offset[0]) + azimuth_rad
            # Never straight from above, where there is no upright, nor from below the ground.
            rise_rad = float(np.clip(math.atan2(height, radius) + elevation_rad, 0.05, 1.5))
            distance = math.hypot(radius, height)
            flat = distance * math.cos(rise_rad)
            moved = looks_at + np.array(
                [
                    flat * math.cos(heading_rad),
                    flat * math.sin(heading_rad),
                    distance * math.sin(rise_rad),
                ]
            )
            self._model.cam_pos[index] = moved
            self._model.cam_quat[index] = make_camera_quaternion(moved, looks_at, UP)

    def _find_target(self, index: int) -> Array:
        """Returns where a camera's axis meets the ground, or a point ahead of it."""
        rotation = np.empty(9)
        mujoco.mju_quat2Mat(rotation, self._quats[index])
        ahead = -rotation.reshape(3, 3)[:, 2]
        position = self._positions[index]
        reaches_ground = ahead[2] < -0.1
        distance_m = -position[2] / ahead[2] if reaches_ground else USUAL_DISTANCE_M
        return np.asarray(position + distance_m * ahead)


class Light(Perturbation):
    """Light is dimmer or brighter, tinted, and comes from elsewhere.

    At strength 1 down to 40 % or up to 130 % of its brightness, each colour up to 25 % more or
    less, its direction turned by up to a quarter turn about the vertical.
    """

    def take_hold(self, world: World) -> None:
        """Notes the lights."""
        self._model = model = world.model
        self._directions, self._diffuse = model.light_dir.copy(), model.light_diffuse.copy()
        head = model.vis.headlight
        self._head = head.ambient.copy(), head.diffuse.copy()

    def disturb(self, rng: np.random.Generator) -> None:
        """Draws brightness, tint and direction, for all lights together."""
        strength = self.strength
        brightness = rng.uniform(1 - MAX_DIMMING * strength, 1 + MAX_BRIGHTENING * strength)
        colour = brightness * (1 + rng.uniform(-1, 1, 3) * MAX_TINT * strength)
        turn_rad = rng.uniform(-1, 1) * strength * math.pi / 2
        cos, sin = math.cos(turn_rad), math.sin(turn_rad)
        turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        model, (ambient, diffuse) = self._model, self._head
        model.light_dir[:] = self._directions @ turn.T
        model.light_diffuse[:] = np.clip(self._diffuse * colour, 0, 1)
        model.vis.headlight.ambient[:] = np.clip(ambient * colour, 0, 1)
        model.vis.headlight.diffuse[:] = np.clip(diffuse * colour, 0, 1)


class Texture(Perturbation):
    """Table, wall and floor have other colours, and from strength 0.5 on patterns too.

    At strength 1 each of red, green and blue changes by up to 0.35.
    """

    def furnish(
        self, spec: mujoco.MjSpec, embodiment: Embodiment, categories: Collection[str]
    ) -> None:
        """Adds the patterns; a model cannot get them later."""
        del embodiment, categories
        checker = mujoco.mjtBuiltin.mjBUILTIN_CHECKER
        for name, builtin, repeat in (
            ("checks", checker, 6.0),
            ("large_checks", checker, 2.0),
            ("shade", mujoco.mjtBuiltin.mjBUILTIN_GRADIENT, 1.0),
        ):
            spec.add_texture(
                name=f"perturbed_{name}",
                type=mujoco.mjtTexture.mjTEXTURE_2D,
                builtin=builtin,
                rgb1=(1.0, 1.0, 1.0),
                rgb2=(0.72, 0.72, 0.72),
                width=128,
                height=128,
            )
            material = spec.add_material(name=f"perturbed_{name}", texuniform=True, reflectance=0.0)
            material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = f"perturbed_{name}"
            material.texrepeat = (repeat, repeat)

    def take_hold(self, world: World) -> None:
        """Notes the surfaces and the patterns."""
        self._model = model = world.model
        names = {model.geom(index).name: index for index in range(model.ngeom)}
        self._geoms = [names[name] for name in SURFACES if name in names]
        self._rgba, self._materials = model.geom_rgba.copy(), model.geom_matid.copy()
        self._patterns = [
            index
            for index in range(model.nmat)
            if model.material(index).name.startswith("perturbed_")
        ]

    def disturb(self, rng: np.random.Generator) -> None:
        """Draws each surface's colour, and its pattern if it is to have one."""
        model = self._model
        for geom in self._geoms:
            change = rng.uniform(-1, 1, 3) * self.strength * MAX_COLOUR_CHANGE
            model.geom_rgba[geom, :3] = np.clip(self._rgba[geom, :3] + change, 0.05, 1)
            choices = [int(self._materials[geom])]
            if self.strength >= PATTERNS_FROM:
                choices += self._patterns
            model.geom_matid[geom] = choices[rng.integers(len(choices))]

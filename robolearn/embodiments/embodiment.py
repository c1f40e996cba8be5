"""What a body is, whoever drives it: its channels, limits, rate and cameras."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from robolearn import keys
from robolearn.errors import UnknownNameError
from robolearn.specs import Array, ArraySpec, BoundedArraySpec, image_spec

# How long a body takes to stop from full speed when it has no action left [s].
STOPPING_TIME_S = 0.5


@dataclass(frozen=True)
class CameraSpec:
    """A camera that belongs to a body.

    Attributes:
        name: e.g. `front`.
        height_px: image height [px].
        width_px: image width [px].
    """

    name: str
    height_px: int
    width_px: int

    @property
    def key(self) -> str:
        """The observation key of its images."""
        return keys.image_key(self.name)


@dataclass(frozen=True)
class Embodiment:
    """A body as pure data.

    Attributes:
        name: e.g. `so101`.
        state_spec: spec of `observation.state`.
        action_spec: spec of `action`, with its limits.
        control_rate_hz: how often an action is sent [Hz].
        cameras: every camera the body can carry.
        home_position: the action that holds the body where an episode begins.
        rest_position: the action that holds the body at rest, where power can be cut.
    """

    name: str
    state_spec: ArraySpec
    action_spec: BoundedArraySpec
    control_rate_hz: float
    cameras: tuple[CameraSpec, ...]
    home_position: tuple[float, ...]
    rest_position: tuple[float, ...]

    @property
    def control_period_s(self) -> float:
        """Time between two actions [s]."""
        return 1.0 / self.control_rate_hz

    def make_hold_action(self, last_action: Array) -> Array:
        """Returns what to do for a step when there is no action: hold still, or come to that.

        Positions stay as they are. Speeds (channels whose unit is per second) go towards zero, so
        fast that they get there from their limit within `STOPPING_TIME_S`.

        Args:
            last_action: the action of the step before.
        """
        spec = self.action_spec
        largest = np.maximum(np.abs(spec.low), np.abs(spec.high))
        change = largest * self.control_period_s / STOPPING_TIME_S
        slower = np.sign(last_action) * np.maximum(np.abs(last_action) - change, 0.0)
        return spec.clip(np.where(spec.is_speed, slower, last_action))

    def make_present_action(self, state: Array) -> Array:
        """Returns the action that asks for what the body is doing already, within its limits.

        Channels that the state does not have are at their home position.

        Args:
            state: as of `observation.state`.
        """
        now = dict(zip(self.state_spec.channels, state, strict=True))
        home = zip(self.action_spec.channels, self.home_position, strict=True)
        return self.action_spec.clip(np.array([now.get(name, value) for name, value in home]))

    def get_camera(self, name: str) -> CameraSpec:
        """Returns the camera of that name.

        Raises:
            UnknownNameError: if the body has none; lists those it has.
        """
        for camera in self.cameras:
            if camera.name == name:
                return camera
        raise UnknownNameError("camera", name, [c.name for c in self.cameras], f"on {self.name}")

    def resize_cameras(self, height_px: int | None, width_px: int | None) -> Self:
        """Returns the body with images of this size from every camera; itself if they have it.

        Args:
            height_px: of every camera [px]; None leaves each its own.
            width_px: likewise [px].
        """
        cameras = tuple(
            replace(c, height_px=height_px or c.height_px, width_px=width_px or c.width_px)
            for c in self.cameras
        )
        return self if cameras == self.cameras else replace(self, cameras=cameras)

    def observation_spec(self, cameras: tuple[str, ...] = ()) -> dict[str, ArraySpec]:
        """Returns the specs of what the body observes with these cameras switched on."""
        specs: dict[str, ArraySpec] = {keys.STATE: self.state_spec}
        for name in cameras:
            camera = self.get_camera(name)
            specs[camera.key] = image_spec(camera.key, camera.height_px, camera.width_px)
        return specs

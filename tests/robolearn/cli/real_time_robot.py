"""A robot whose time is real, for tests: MuJoCo's physics, held to the machine's clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from robolearn import keys
from robolearn.errors import RobotError
from robolearn.robot import Observation, RobotHealth
from robolearn.sim.models.so101 import So101Model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.scene import SceneBuilder
from robolearn.sim.simulated_robot import SimulatedRobot
from robolearn.sim.world import World
from robolearn.specs import Array
from robolearn.timing import MonotonicClock


class RealTimeRobot(SimulatedRobot):
    """The simulated SO-101, whose physics catches up with the clock when it is looked at.

    As a physical robot it shows images that are some time old, and does what it is told late.
    """

    def __init__(
        self,
        cameras: Sequence[str] = (),
        image_age_s: float = 0.0,
        action_delay_s: float = 0.0,
        bus_errors: int = 0,
        fails_in_episode: int = 0,
    ) -> None:
        self._robot = MujocoRobot(So101Model(), cameras)
        self.embodiment, self.cameras = self._robot.embodiment, self._robot.cameras
        self.clock = MonotonicClock()
        self._image_age_s, self._action_delay_s = image_age_s, action_delay_s
        self._bus_errors, self._fails_in_episode = bus_errors, fails_in_episode
        self._num_episodes = 0
        self._zero_s = self.clock.now_s()
        self._pending: deque[tuple[float, Array]] = deque()

    def load_scene(self, add_scene: SceneBuilder) -> World:
        return self._robot.load_scene(add_scene)

    def begin_episode(self, seed: int) -> None:
        self._robot.begin_episode(seed)
        self._zero_s = self.clock.now_s()
        self._pending.clear()
        self._num_episodes += seed > 0  # seed 0 is that of the empty scene

    def connect(self) -> None:
        self._robot.connect()

    def get_observation(self) -> Observation:
        now_s = self.clock.now_s()
        images_s = now_s - self._image_age_s
        self._catch_up(images_s)
        images = self._robot.get_observation() if self.cameras else None
        self._catch_up(now_s)
        bare, self._robot._camera_specs = self._robot._camera_specs, []
        state = self._robot.get_observation().values[keys.STATE]
        self._robot._camera_specs = bare
        values = {**(images.values if images else {}), keys.STATE: state}
        captured_s = {key: images_s if keys.is_image_key(key) else now_s for key in values}
        return Observation(values, captured_s)

    def send_action(self, action: Array) -> Array:
        if self._num_episodes == self._fails_in_episode > 0:
            raise RobotError("unplugged")
        applied = self.action_spec.validate(action).copy()
        self._pending.append((self.clock.now_s() + self._action_delay_s, applied))
        self._catch_up(self.clock.now_s())
        return applied

    def stop(self) -> None:
        self._pending.clear()
        self._robot.stop()

    def close(self) -> None:
        self._robot.close()

    def get_health(self) -> RobotHealth:
        return RobotHealth(bus_errors=self._bus_errors, counters={"timeouts": 2 * self._bus_errors})

    def render(self, camera: str = "overview", height_px: int = 360, width_px: int = 480) -> Array:
        return self._robot.render(camera, height_px, width_px)

    def _catch_up(self, time_s: float) -> None:
        """Lets the physics pass until a time of the real clock; actions come into effect."""
        while self._pending and self._pending[0][0] <= time_s:
            due_s, action = self._pending.popleft()
            self._robot.clock.sleep_until(due_s - self._zero_s)
            self._robot.send_action(action)
        self._robot.clock.sleep_until(time_s - self._zero_s)

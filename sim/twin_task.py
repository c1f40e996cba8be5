"""`TwinTask`: a simulated task around emulated devices, judged in a mirror."""

from __future__ import annotations

import http
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from robolearn.errors import IncompatibleError, RobolearnError, RobotError
from robolearn.policy import Policy
from robolearn.robot import Robot
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.tasks.sim_task import SimTask
from robolearn.sim.world_state import set_world_state
from robolearn.specs import Array, ArraySpec
from robolearn.task import Evaluation, Task

TIMEOUT_S = 1.0
# A picture of the new scene is rendered within a frame period, compressed, sent and decoded.
PICTURES_LATE_S = 0.2
MAX_REPLY_BYTES = 1_000_000  # a state is a few hundred numbers


class TwinTask(Task):
    """The goal of a `SimTask`, for a robot whose devices are emulated by a `MujocoPlant`.

    The plant sets out the scene; this task keeps a mirror of it, a world of its own that takes over
    the plant's state once in every step. So the goal is judged, the privileged state read and the
    scripted expert run as in simulation, while the robot itself is moved through its real driver
    and knows nothing of it.
    """

    def __init__(self, address: str, task: SimTask) -> None:
        """Takes the twin's address and its task.

        Args:
            address: where the twin serves its scene, e.g. `127.0.0.1:8080`.
            task: as the twin plays it.

        Raises:
            RobolearnError: if the address is none, or the task has no simulation.
        """
        if not isinstance(task, SimTask):
            raise RobolearnError("this task has no simulation, so there is no twin of its scene")
        self._scene = SceneClient(address)
        self._task = task
        self.name, self.instruction = task.name, task.instruction
        self.time_limit_s = task.time_limit_s
        self._is_fresh = False

    def bind(self, robot: Robot) -> None:
        """Builds the mirror; see `Task.bind`. The robot needs a body model of its own name."""
        self._robot = robot
        self._mirror = MujocoRobot(get_body_model(robot.embodiment.name))
        self._task.bind(self._mirror)

    @property
    def observation_spec(self) -> dict[str, ArraySpec]:
        """The privileged state's spec."""
        return self._task.observation_spec

    def get_observation(self) -> dict[str, Array]:
        """Returns the privileged state at this moment."""
        self._take_over_state()
        self._is_fresh = True  # the verdict on this step is about the same moment
        return self._task.get_observation()

    def reset(self, seed: int) -> None:
        """Moves the robot to its home position, and has the twin set out the scene.

        Raises:
            RobotError: if the twin does not answer.
            IncompatibleError: if the twin plays another task.
        """
        self._robot.prepare()
        self._scene.begin_episode(seed)
        # What the cameras show meanwhile is the scene before, which no policy may act on.
        clock = self._robot.clock
        clock.sleep_until(clock.now_s() + PICTURES_LATE_S)
        self._task.reset(seed)
        fixed = self._mirror.world.data.mocap_pos.copy()
        self._take_over_state()
        if not np.allclose(self._mirror.world.data.mocap_pos, fixed, atol=1e-6):
            raise IncompatibleError(
                f"the twin at {self._scene.address} set out start {seed} differently: it does not"
                f" play {self.name!r}"
            )
        self._is_fresh = False

    def evaluate(self) -> Evaluation:
        """Judges the state that was observed last, or the present one."""
        if not self._is_fresh:
            self._take_over_state()
        self._is_fresh = False
        return self._task.evaluate()

    def make_expert(self) -> Policy:
        """Returns the task's expert; it looks at the mirror."""
        return self._task.make_expert()

    def render(self) -> Array:
        """Returns a picture of the mirror for people, uint8 HWC RGB."""
        return self._mirror.render()

    def close(self) -> None:
        """Lets go of connection and mirror; see `Task.close`."""
        self._scene.close()
        self._task.close()
        self._mirror.close()

    def _take_over_state(self) -> None:
        try:
            set_world_state(self._mirror.world, self._scene.get_state())
        except IncompatibleError as error:
            raise IncompatibleError(
                f"the twin at {self._scene.address} does not play {self.name!r}: {error}"
            ) from error


class SceneClient:
    """Talks to a twin's scene over HTTP, through one connection that is kept open."""

    def __init__(self, address: str) -> None:
        """Takes the address; nothing is sent yet.

        Raises:
            RobolearnError: if it has no host or port.
        """
        self.address = address
        try:
            parts = urlsplit(address if "//" in address else f"//{address}")
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if host is None or port is None:
            raise RobolearnError(
                f"{address!r} is no address of a twin: give it as host:port, as"
                " `robolearn emulate` prints it (scene.address=127.0.0.1:8080)"
            )
        self._connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)

    def begin_episode(self, seed: int) -> None:
        """Has the scene set out.

        Raises:
            RobotError: if there is no answer or it is a refusal.
        """
        self._exchange("POST", "/episode", json.dumps({"seed": seed}))

    def get_state(self) -> dict[str, Any]:
        """Returns the twin's state as it was sent: plain data, not yet checked.

        Raises:
            RobotError: if there is no answer, or no JSON object.
        """
        try:
            state = json.loads(self._exchange("GET", "/state"))
        except (ValueError, RecursionError) as error:
            raise RobotError(f"the twin at {self.address} sent a state that is no JSON") from error
        if not isinstance(state, dict):
            raise RobotError(f"the twin at {self.address} sent a state that is no JSON object")
        return state

    def close(self) -> None:
        """Closes the connection; the next request opens it again."""
        self._connection.close()

    def _exchange(self, method: str, path: str, body: str | None = None) -> bytes:
        """Sends a request and returns the reply's content."""
        try:
            try:
                status, content = self._send(method, path, body)
            except ConnectionError:  # a server closes a line that was quiet for long: ask anew
                self.close()
                status, content = self._send(method, path, body)
        except (OSError, http.client.HTTPException) as error:
            self.close()  # a late reply must not be taken for the next one
            raise RobotError(
                f"the twin at {self.address} does not answer {method} {path}"
                f" ({type(error).__name__}: {error}): is `robolearn emulate` running?"
            ) from error
        if len(content) > MAX_REPLY_BYTES:
            self.close()
            raise RobotError(f"the twin at {self.address} sent more than {MAX_REPLY_BYTES} bytes")
        if status != http.HTTPStatus.OK:
            words = content[:500].decode(errors="replace").strip()
            raise RobotError(
                f"the twin at {self.address} refuses {method} {path}: {status} {words}"
            )
        return content

    def _send(self, method: str, path: str, body: str | None) -> tuple[int, bytes]:
        headers = {} if body is None else {"Content-Type": "application/json"}
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        return response.status, response.read(MAX_REPLY_BYTES + 1)

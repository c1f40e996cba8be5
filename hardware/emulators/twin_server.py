"""`TwinServer`: a twin's cameras, scene and faults over HTTP, for this machine alone."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from robolearn.errors import RobolearnError, RobotError, UnknownNameError
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.hardware.emulators.twin_requests import RequestHandler
from robolearn.plant import Plant
from robolearn.specs import Array

ANSWER_TIMEOUT_S = 10.0  # until the emulation's thread has done what a request asks for


class CameraFeed:
    """What one camera of the twin shows, for those who watch it.

    Attributes:
        num_watchers: how many watch; nothing is rendered for nobody.
        due_s: when the next frame is to be rendered [s].
        is_stalled: it is watched but sends nothing.
        is_gone: it cannot be watched.
    """

    def __init__(self) -> None:
        self.num_watchers = 0
        self.due_s = 0.0
        self.is_stalled = self.is_gone = False
        self._changed = threading.Condition()
        self._image: Array | None = None
        self._number = 0

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Counts a watcher for as long as it lasts."""
        with self._changed:
            self.num_watchers += 1
        try:
            yield
        finally:
            with self._changed:
                self.num_watchers -= 1

    def show(self, image: Array) -> None:
        """Gives the watchers a new frame."""
        with self._changed:
            self._image, self._number = image, self._number + 1
            self._changed.notify_all()

    def wait_for_frame(self, last_number: int, timeout_s: float) -> tuple[int, Array | None]:
        """Returns the newest frame with its number; None if none newer came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > last_number, timeout_s)
            if self._number > last_number:
                return self._number, self._image
            return last_number, None


class TwinServer:
    """Serves a plant that an `Emulation` runs; pass `on_tick` to that emulation.

    Whatever touches the plant is done within `on_tick`, in the emulation's thread: an OpenGL
    context belongs to one thread. Pictures are compressed outside it.

    - `GET /cameras/<name>`: endless multipart JPEG; `GET /cameras`: their names.
    - `GET /state`: the plant's state; `POST /episode` `{"seed": 3}`: sets out the scene.
    - `POST /faults`: faults of the line by name, as in `Faults`; `{"unplug": true}` and `{"plug":
      true}`; `{"stall": ["front"]}` makes cameras send nothing, `{"vanish": ["front"]}` makes them
      disappear; `[]` ends either. `{"port": "name"}` beside them picks one port, else all change.
    """

    def __init__(
        self,
        plant: Plant,
        ports: Sequence[EmulatedPort] = (),
        frame_rate_hz: float = 30.0,
        http_port: int = 0,
    ) -> None:
        """Takes the address; answers from `start` on.

        Args:
            plant: what is shown.
            ports: whose faults can be changed; named by the last part of their path.
            frame_rate_hz: of every camera [Hz].
            http_port: 0 takes a free one.
        """
        self._plant = plant
        self._ports = {port.path.name: port for port in ports}
        self._period_s = 1.0 / frame_rate_hz
        self.feeds = {name: CameraFeed() for name in plant.cameras}
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.is_closing = threading.Event()
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", http_port), lambda *arguments: RequestHandler(self, *arguments)
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="twin-server", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it answers, e.g. `http://127.0.0.1:41234`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def camera_urls(self) -> dict[str, str]:
        """The URL of each camera, as `Cameras` takes it."""
        return {name: f"{self.url}/cameras/{name}" for name in self.feeds}

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def close(self) -> None:
        """Ends every connection. Allowed once the emulation is closed, any number of times."""
        self.is_closing.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def on_tick(self, now_s: float) -> None:
        """Does what was asked, and renders the frame that is longest overdue, if one is.

        One frame at most: the devices on the ports wait meanwhile.
        """
        while not self._jobs.empty():
            self._jobs.get()()
        overdue = [
            (feed.due_s, name)
            for name, feed in self.feeds.items()
            if feed.num_watchers > 0 and feed.due_s <= now_s
        ]
        if overdue:
            due_s, name = min(overdue)
            # A late frame does not shift those after it, but missed ones are not made up for.
            next_s = due_s + self._period_s
            self.feeds[name].due_s = next_s if next_s > now_s else now_s + self._period_s
            self.feeds[name].show(self._plant.render(name))

    def get_feed(self, camera: str) -> CameraFeed:
        """Returns what a camera shows.

        Raises:
            UnknownNameError: if there is no such camera.
        """
        if camera not in self.feeds:
            raise UnknownNameError("camera", camera, self.feeds, "of the twin")
        return self.feeds[camera]

    def get_state(self) -> dict[str, list[float]]:
        """Returns the plant's state; raises as `call` does."""
        return dict(self.call(self._plant.get_state))

    def begin_episode(self, request: dict[str, Any]) -> None:
        """Sets out the scene.

        Raises:
            RobolearnError: if the request names no seed, or as the plant raises.
        """
        seed = request.get("seed")
        if set(request) != {"seed"} or type(seed) is not int or seed < 0:
            raise RobolearnError(f'an episode takes {{"seed": n}}, got {json.dumps(request)}')
        self.call(lambda: self._plant.begin_episode(seed))

    def change_faults(self, request: dict[str, Any]) -> None:
        """Changes what goes wrong.

        Raises:
            RobolearnError: if there is no such fault, camera or port, or a value makes no sense.
        """
        request = dict(request)
        ports = self._choose_ports(request.pop("port", None))
        stalled, gone = (self._read_cameras(request, word) for word in ("stall", "vanish"))
        plug, unplug = (_read_truth(request, word) for word in ("plug", "unplug"))
        for name, value in request.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not 0 <= value < math.inf:
                raise RobolearnError(f"fault {name!r} takes a number from 0, got {value!r}")

        def change() -> None:
            for port in ports:
                port.faults.change(**request)
            for port in ports:
                if unplug:
                    port.unplug()
                if plug:
                    port.plug()
            for name, feed in self.feeds.items():
                feed.is_stalled = feed.is_stalled if stalled is None else name in stalled
                feed.is_gone = feed.is_gone if gone is None else name in gone

        self.call(change)

    def call(self, function: Callable[[], Any]) -> Any:
        """Calls a function in the emulation's thread and returns what it returns.

        Raises:
            RobotError: if the emulation has ended.
            Exception: as the function raises.
        """
        done = threading.Event()
        outcome: list[Any] = [None, None]

        def job() -> None:
            try:
                outcome[0] = function()
            except Exception as error:  # raised again below, in the thread that asked
                outcome[1] = error
            done.set()

        self._jobs.put(job)
        end_s = time.monotonic() + ANSWER_TIMEOUT_S
        while not done.wait(0.1):
            if self.is_closing.is_set() or time.monotonic() > end_s:
                raise RobotError("the emulation does not run any more")
        if outcome[1] is not None:
            raise outcome[1]
        return outcome[0]

    def _choose_ports(self, name: object) -> list[EmulatedPort]:
        if name is None:
            return list(self._ports.values())
        if name not in self._ports:
            raise UnknownNameError("port", str(name), self._ports, "of the twin")
        return [self._ports[str(name)]]

    def _read_cameras(self, request: dict[str, Any], word: str) -> set[str] | None:
        """Takes a list of cameras out of a request; None if it is not there."""
        if word not in request:
            return None
        names = request.pop(word)
        if not isinstance(names, list):
            raise RobolearnError(f"{word!r} takes a list of cameras, got {names!r}")
        for name in names:
            self.get_feed(str(name))
        return {str(name) for name in names}


def _read_truth(request: dict[str, Any], word: str) -> bool:
    """Takes a yes or no out of a request."""
    value = request.pop(word, False)
    if not isinstance(value, bool):
        raise RobolearnError(f"{word!r} takes true or false, got {value!r}")
    return value

"""`Twin`: an emulated robot whole: its devices on their port, its cameras and its scene."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from robolearn.errors import MissingDependencyError
from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.faults import Faults
from robolearn.hardware.emulators.hand import Hand, HandPlant
from robolearn.hardware.emulators.port import Device, EmulatedPort
from robolearn.hardware.emulators.twin_server import TwinServer
from robolearn.plant import Plant

PORT_NAME = "port"


class EmulatedBody(Protocol):
    """The devices of one robot, ready to be plugged in."""

    @property
    def device(self) -> Device:
        """What answers on the port."""
        ...

    def calibrate(self, port: str, folder: Path) -> Path | None:
        """Calibrates the devices through their port; returns the file, None if they need none."""
        ...


@dataclass(frozen=True)
class TwinDescription:
    """What a driver must be told to use a twin in place of the robot.

    Attributes:
        port: of the devices.
        scene: address of the service that sets out and shows the scene.
        cameras: address of each camera, by name.
        calibration: file that fits the devices; None if they need none.
        is_leader: it is an arm that leads a robot, not the robot.
        hand: what a person's hand does to it, in words; empty if nothing.
    """

    port: str
    scene: str
    cameras: dict[str, str] = field(default_factory=dict)
    calibration: str | None = None
    is_leader: bool = False
    hand: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns plain data."""
        return asdict(self)


class Twin:
    """Runs in real time from `start` to `close`; also a context manager."""

    def __init__(
        self,
        plant: Plant,
        make_body: Callable[[Plant], EmulatedBody],
        folder: Path | str,
        faults: Faults | None = None,
        frame_rate_hz: float = 30.0,
        hand: Hand | None = None,
        is_leader: bool = False,
        baud_rate: int | None = None,
    ) -> None:
        """Plugs the devices in.

        Args:
            plant: the body's physics with its surroundings.
            make_body: gives the devices that drive the plant.
            folder: where the port's link and the calibration go; made if it does not exist.
            faults: of the line.
            frame_rate_hz: of the cameras [Hz].
            hand: of a person, on an arm; None for nobody's.
            is_leader: it is an arm that leads a robot, not the robot.
            baud_rate: at which the devices understand their host; None for any, as over USB.
        """
        if hand is not None:
            plant = HandPlant(plant, hand)
        self._hand_words = hand.words if hand is not None else ""
        self._is_leader = is_leader
        self._plant, self._body = plant, make_body(plant)
        self._folder = Path(folder).absolute()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._port = EmulatedPort(self._body.device, self._folder / PORT_NAME, faults, baud_rate)
        self._emulation = Emulation(plant, [self._port], self._on_tick, self._warm_up)
        self._server = TwinServer(plant, [self._port], frame_rate_hz)

    def start(self) -> TwinDescription:
        """Begins to run, and says how to reach everything."""
        self._server.start()
        self._emulation.start()
        port = str(self._port.path)
        calibration = self._body.calibrate(port, self._folder)
        return TwinDescription(
            port=port,
            scene=self._server.url,
            cameras=self._server.camera_urls,
            calibration=None if calibration is None else str(calibration),
            is_leader=self._is_leader,
            hand=self._hand_words,
        )

    def close(self) -> None:
        """Stops everything. Raises what ended the emulation, if something did."""
        self._server.close()
        self._emulation.close()

    def __enter__(self) -> TwinDescription:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _on_tick(self, now_s: float) -> None:
        self._server.on_tick(now_s)

    def _warm_up(self) -> None:
        """Draws every camera once: the first picture takes long, and no device would answer."""
        with contextlib.suppress(MissingDependencyError):  # said to whoever looks through one
            for camera in self._plant.cameras:
                self._plant.render(camera)

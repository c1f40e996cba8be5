"""Emulated robots that keep a diary, and commands that drive them from processes of their own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from robolearn.cli.assemble import build, to_plain
from robolearn.cli.choices import compose_config
from robolearn.cli.twin import make_words
from robolearn.hardware.emulators.port import Device
from robolearn.hardware.emulators.twin import Twin
from robolearn.plant import Drive, Plant
from tests.robolearn.cli.set_points import is_set_point

STILL_RADPS = 0.05
# Where commands find policies that are made up for tests.
MODULES = [str(Path(__file__).parent), str(Path(__file__).parents[1])]


@dataclass
class Diary:
    """What happened to one emulated robot; times are on `time.monotonic` [s].

    Attributes:
        set_points_s: when each set-point for the motors reached the device.
        drives: each change of what an actuator does: time, actuator, drive, target.
        speeds: fastest actuator after each step of the physics: time, speed [rad/s].
        episodes: how many scenes were set out.
    """

    set_points_s: list[float] = field(default_factory=list)
    drives: list[tuple[float, str, Drive, float]] = field(default_factory=list)
    speeds: list[tuple[float, float]] = field(default_factory=list)
    episodes: int = 0

    def get_drives(self):
        """What each actuator does now."""
        return {actuator: drive for _, actuator, drive, _ in list(self.drives)}

    def find_still_s(self, since_s):
        """When the last motion after a moment had ended."""
        moving = [now_s for now_s, speed in self.speeds if speed >= STILL_RADPS]
        return max([since_s, *moving])


class WatchedPlant(Plant):
    """A plant that enters into a diary what it is told and what it does."""

    def __init__(self, plant, watched, diary):
        self._plant, self._watched, self._diary = plant, watched, diary
        self.actuators, self.cameras = plant.actuators, plant.cameras
        self._told = {}

    def drive(self, actuator, drive, target=0.0, max_effort=1.0):
        self._plant.drive(actuator, drive, target, max_effort)
        if self._told.get(actuator) != (drive, target):
            self._told[actuator] = drive, target
            self._diary.drives.append((time.monotonic(), actuator, drive, target))

    def advance(self, duration_s):
        self._plant.advance(duration_s)
        speed = max(abs(self._plant.measure(name).velocity_radps) for name in self._watched)
        self._diary.speeds.append((time.monotonic(), speed))

    def begin_episode(self, seed):
        self._plant.begin_episode(seed)
        self._diary.episodes += 1

    def measure(self, actuator):
        return self._plant.measure(actuator)

    @property
    def now_s(self):
        return self._plant.now_s

    def measure_imu(self):
        return self._plant.measure_imu()

    def render(self, camera):
        return self._plant.render(camera)

    def get_state(self):
        return self._plant.get_state()

    def close(self):
        self._plant.close()


class WatchedDevice(Device):
    """A device that enters into a diary when it is given set-points."""

    def __init__(self, device, diary):
        self.inner, self._diary = device, diary

    def receive(self, data, now_s):
        if is_set_point(data):
            self._diary.set_points_s.append(time.monotonic())
        return self.inner.receive(data, now_s)

    def update(self, now_s):
        self.inner.update(now_s)

    @property
    def next_due_s(self):
        return self.inner.next_due_s


class LiveTwin:
    """An emulated robot in this process.

    Attributes:
        diary: what happened to it.
        plant: its physics.
        words: overrides by which a command drives it.
        description: the same as data.
    """

    def __init__(self, robot, folder, words=()):
        """Prepares the emulated robot that `robolearn emulate` would run."""
        line = [f"robot={robot}", f"folder={folder / 'twin'}", *words]
        config = to_plain(compose_config("emulate", line))["emulator"]
        self.robot, self.folder, self.diary = robot, folder, Diary()
        plant, body_config = build(config.pop("plant")), config.pop("make_body")
        # The steering of a car that stands may still turn: it is no motion of the car.
        watched = [name for name in plant.actuators if name != "steering"]
        self.plant = WatchedPlant(plant, watched, self.diary)

        def make_watched_body(plant):
            self.body = build(body_config, plant=plant)
            self.device = self.body.device
            self.body.device = WatchedDevice(self.device, self.diary)
            return self.body

        config.pop("_target_")
        parts = {name: build(config[name]) for name in ("faults", "hand") if name in config}
        self._twin = Twin(self.plant, make_watched_body, **{**config, **parts})

    def __enter__(self):
        self.description = self._twin.__enter__()
        self.words = [f"robot={self.robot}", *make_words(self.description.to_json())]
        return self

    def __exit__(self, *error):
        self._twin.__exit__(*error)

    def post_faults(self, **faults):
        """Makes something go wrong, over the network as a person would."""
        request = urllib.request.Request(
            f"{self.description.scene}/faults",
            json.dumps(faults).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=15) as reply:
            assert reply.status == 200

    def wait_until_it_drives(self, command, speed_radps=0.3, num_set_points=20):
        """Waits until the robot moves in the middle of an episode."""
        diary = self.diary
        wait_for(lambda: diary.episodes > 0 or command.poll() is not None, 60)
        begun = len(diary.set_points_s)
        wait_for(
            lambda: (
                command.poll() is not None
                or (
                    len(diary.set_points_s) >= begun + num_set_points
                    and diary.speeds[-1][1] > speed_radps
                )
            ),
            60,
        )
        assert command.poll() is None, f"it has ended already: {command.read_errors()}"


class Command:
    """`robolearn …` in a process of its own."""

    def __init__(self, folder, *words):
        line = [sys.executable, "-m", "robolearn.cli.main", *map(str, words)]
        self._process = subprocess.Popen(
            line,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(MODULES), "COLUMNS": "200"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a process group of its own
        )
        self._errors = []
        # Read as it comes: a pipe that is full would hold the command up.
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.pid = self._process.pid

    def _read(self):
        with self._process.stderr as stream:
            self._errors.extend(stream)

    def poll(self):
        return self._process.poll()

    def send_signal(self, number):
        self._process.send_signal(number)

    @property
    def has_ended(self):
        return self._process.poll() is not None

    def interrupt_group(self):
        """Does what Ctrl-C in a terminal does: all its processes are told."""
        os.killpg(self.pid, signal.SIGINT)

    def list_children(self):
        """Returns the processes it has started that still run."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text().split()]

    def wait(self, timeout_s=60):
        """Waits for its end; returns exit status and what it said to the person."""
        try:
            status = self._process.wait(timeout_s)
        finally:
            self.close()
        return status, self.read_errors()

    def read_errors(self):
        self._reader.join(0.5)
        return "".join(self._errors)

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join()


@contextlib.contextmanager
def running(folder, *words):
    """Runs `robolearn …` beside the test; it is ended with the block."""
    command = Command(folder, *words)
    try:
        yield command
    finally:
        command.close()


def wait_for(condition, timeout_s):
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "it did not happen in time"
        time.sleep(0.005)

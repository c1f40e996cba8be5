"""`port=twin`: an emulated robot in a process of its own, for as long as a command runs."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from robolearn.cli.assemble import PlainConfig, build, to_plain
from robolearn.cli.choices import add_usual_task, compose_config, find_choice, list_groups
from robolearn.errors import RobolearnError, UnknownNameError
from robolearn.worker_process import WorkerError, WorkerProcess

TWIN_WORD = "port=twin"
# What of a command's line concerns the twin too; `emulator.…` concerns it alone.
SHARED_KEYS = ("robot", "task")
OWN_KEY = "emulator"
START_TIMEOUT_S = 60.0  # a cold start imports MuJoCo and compiles a scene


@contextmanager
def expand_twin(words: Sequence[str], config_name: str) -> Iterator[list[str]]:
    """Starts a twin where the line says `port=twin`, and gives the line that drives it instead.

    Args:
        words: the overrides of a command.
        config_name: the command's YAML file; one that has no scene is told of none.

    Yields:
        The overrides with `port=twin` replaced by the twin's port, calibration, cameras and scene.

    Raises:
        RobolearnError: if the line names no robot, or the twin does not start.
    """
    if TWIN_WORD not in words:
        yield list(words)
        return
    robot = find_choice("robot", words)
    if robot is None:
        raise RobolearnError("port=twin emulates a physical robot: say which, as robot=so101")
    others = [word for word in words if word != TWIN_WORD]
    concerning = [word for word in others if _root(word) == OWN_KEY or _is_shared(word)]
    with tempfile.TemporaryDirectory(prefix="robolearn-") as folder:
        concerning = [*add_usual_task("emulate", concerning), f"folder={folder}"]
        config = compose_config("emulate", concerning)
        with _running(get_emulator(to_plain(config), robot)) as description:
            known = compose_config(config_name, [f"robot={robot}"])
            twin_words = [word for word in make_words(description) if _root(word) in known]
            yield [*twin_words, *(word for word in others if _root(word) != OWN_KEY)]


def get_emulator(config: PlainConfig, robot: str) -> PlainConfig:
    """Returns the emulator of the chosen robot.

    Raises:
        UnknownNameError: if this robot has none; lists those that have.
    """
    if OWN_KEY not in config:
        raise UnknownNameError("emulator", robot, list_groups()[OWN_KEY])
    emulator: PlainConfig = config[OWN_KEY]
    return emulator


def make_words(description: dict[str, Any]) -> list[str]:
    """Returns the overrides that make a command drive the twin.

    Args:
        description: as the twin gives it: see `TwinDescription`.
    """
    if description["is_leader"]:
        words = ["teleop=leader_arm", f"teleop.bus.port={description['port']}"]
        if description["calibration"] is not None:
            words.append(f"teleop.calibration={description['calibration']}")
        return words
    words = [
        f"port={description['port']}",
        "scene=twin",
        f"scene.address={description['scene']}",
    ]
    words += [f"robot.camera_sources.{n}={url}" for n, url in description["cameras"].items()]
    if description["calibration"] is not None:
        words.append(f"robot.calibration={description['calibration']}")
    return words


def _key(word: str) -> str:
    return word.partition("=")[0].lstrip("+~")


def _root(word: str) -> str:
    return _key(word).partition(".")[0]


def _is_shared(word: str) -> bool:
    """The choice of robot and task, and settings of the task; settings of the driver stay there."""
    return _key(word) in SHARED_KEYS or _root(word) == "task"


@contextmanager
def _running(config: PlainConfig) -> Iterator[dict[str, Any]]:
    """Runs a twin in a process of its own; it ends with this block, or when this process dies."""
    process = WorkerProcess("twin", "request", functools.partial(TwinWorker, config))
    try:
        yield _get_description(process)
    finally:
        WorkerProcess.stop_all([process])


def _get_description(process: WorkerProcess) -> dict[str, Any]:
    """Waits until the twin runs.

    Raises:
        RobolearnError: if it failed or took too long.
    """
    if not process.connection.poll(START_TIMEOUT_S):
        raise RobolearnError(f"the twin did not start within {START_TIMEOUT_S:g} s")
    try:
        process.receive()  # it is built
        process.send(0, None)
        description: dict[str, Any] = process.receive()[1]
    except WorkerError as error:
        raise RobolearnError(f"the twin did not start: {error}") from error
    return description


class TwinWorker:
    """Runs a twin until it is closed; see `worker_process.Worker`."""

    def __init__(self, config: PlainConfig) -> None:
        """Builds and starts it."""
        self._stack = ExitStack()
        self._description = self._stack.enter_context(build(config))

    def __call__(self, job: None, /) -> dict[str, Any]:
        """Says how to reach it."""
        description: dict[str, Any] = self._description.to_json()
        return description

    def close(self) -> None:
        """Ends it."""
        self._stack.close()

import dataclasses
import functools
import json
import re
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hydra.utils import get_object, instantiate
from omegaconf import OmegaConf

import robolearn.configs
from robolearn.cli.assemble import build, make_environment, to_plain
from robolearn.cli.choices import compose_config
from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.errors import IncompatibleError, RobolearnError, RobotError, UnknownNameError
from robolearn.keys import ENVIRONMENT_STATE, STATE
from robolearn.plant import Drive
from robolearn.robot import Observation, Robot
from robolearn.rollout import run_episode
from robolearn.sim import suites, twin_task
from robolearn.sim.models import get_body_model
from robolearn.sim.mujoco_robot import MujocoRobot
from robolearn.sim.predicates import ConsecutiveSteps
from robolearn.sim.tasks.sim_task import HOLD_STEPS, SimTask
from robolearn.sim.twin import MujocoPlant
from robolearn.sim.twin_task import MAX_REPLY_BYTES, SceneClient, TwinTask

TASK_FOLDER = Path(robolearn.configs.__file__).parent / "task"


def find_arm_tasks():
    for path in sorted(TASK_FOLDER.glob("*.yaml")):
        config = OmegaConf.load(path)
        # A physical robot's task has no simulation, and one of a backend brings its own robot.
        if config["_target_"] is None or any(OmegaConf.is_missing(config, key) for key in config):
            continue
        maker = get_object(config["_target_"])
        if maker is suites.make_task or issubclass(maker, SimTask):
            task = instantiate(config)
            for body in sorted({"so101", "koch"} & set(task.embodiment_names)):
                yield pytest.param(path, body, id=f"{path.stem}-{body}")


class Driver(Robot):
    """Stands in for a real driver: moves the plant's servos; its time is the plant's."""

    cameras = ()

    def __init__(self, plant, embodiment=SO101):
        self.plant, self.embodiment = plant, embodiment
        self.clock = PlantClock(plant)
        self.num_prepared = 0

    def connect(self):
        self.stop()

    def prepare(self):
        self.num_prepared += 1

    def get_observation(self):
        arm = self.embodiment
        *positions, jaw_rad = (
            self.plant.measure(name).position_rad for name in self.plant.actuators
        )
        opening = (jaw_rad - arm.gripper_closed) / arm.gripper_range
        state = np.array([*positions, opening], np.float32)
        return Observation({STATE: state}, {STATE: self.clock.now_s()})

    def send_action(self, action):
        jaw_rad = self.embodiment.gripper_closed + action[-1] * self.embodiment.gripper_range
        for name, target in zip(self.plant.actuators, [*action[:-1], jaw_rad], strict=True):
            self.plant.drive(name, Drive.POSITION, float(target))
        return action.copy()

    def stop(self):
        for name in self.plant.actuators:
            self.plant.drive(name, Drive.POSITION, self.plant.measure(name).position_rad)

    def close(self):
        self.stop()


class PlantClock:
    kind = "monotonic"

    def __init__(self, plant):
        self._plant = plant

    def now_s(self):
        return self._plant.now_s

    def sleep_until(self, deadline_s):
        self._plant.advance(max(0.0, deadline_s - self._plant.now_s))


class Scene:
    """A twin's scene over HTTP, as far as a task needs it.

    Attributes:
        requests: what was asked: method and path.
        reply: sent instead of the state, if not None: status and content.
    """

    def __init__(self, plant):
        self.requests, self.reply = [], None
        scene = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                scene.requests.append(("GET", self.path))
                status, content = scene.reply or (200, json.dumps(plant.get_state()).encode())
                self._send(status, content)

            def do_POST(self):
                scene.requests.append(("POST", self.path))
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                plant.begin_episode(request["seed"])
                self._send(200, b"{}")

            def _send(self, status, content):
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                if scene.hangs_up:
                    self.close_connection = True  # without having said so
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.hangs_up = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def make_task(path=TASK_FOLDER / "pick_place.yaml"):
    return instantiate(OmegaConf.load(path))


@contextmanager
def twin(path=TASK_FOLDER / "pick_place.yaml", body="so101", own_task=None):
    """A plant with its scene on the network, and an environment that knows it from there only."""
    model = get_body_model(body)
    plant = MujocoPlant(MujocoRobot(model), make_task(path))
    scene = Scene(plant)
    task = TwinTask(scene.address, own_task or make_task(path))
    environment = Environment(Driver(plant, model.embodiment), task)
    try:
        yield plant, scene, environment
    finally:
        environment.close()
        scene.close()


def is_goal_reached(task):
    task.world.forward()  # contacts and sites of this very moment, as in the mirror
    return task.is_goal_reached()


@pytest.mark.parametrize(("path", "body"), find_arm_tasks())
def test_the_mirror_judges_and_sees_as_the_plants_own_task_does(path, body):
    with twin(path, body) as (plant, scene, environment):
        expert = environment.task.make_expert()
        observation, _ = environment.reset(seed=7)
        expert.reset(environment.task.instruction, 7)
        held, info, ended = ConsecutiveSteps(HOLD_STEPS), {}, False
        while not ended:
            assert info.get("is_success", False) == held.update(is_goal_reached(plant.task))
            expected = plant.task.get_observation()[ENVIRONMENT_STATE]
            np.testing.assert_array_equal(observation[ENVIRONMENT_STATE], expected)
            action = expert.select_action(observation)
            observation, _, terminated, truncated, info = environment.step(action)
            ended = terminated or truncated
        assert info["is_success"]
        assert held.update(is_goal_reached(plant.task))
        num_steps = sum(request == ("GET", "/state") for request in scene.requests)
    assert num_steps < 2 * environment.max_episode_steps
    assert environment.robot.num_prepared == 1


def test_the_state_is_asked_for_once_in_a_step():
    with twin() as (_, scene, environment):
        environment.reset(seed=1)
        scene.requests.clear()
        for _ in range(3):
            environment.step(np.float32(SO101.home_position))
        assert scene.requests == [("GET", "/state")] * 3


def test_a_verdict_without_an_observation_is_about_the_present():
    with twin() as (plant, _, environment):
        environment.reset(seed=1)
        environment.step(np.float32(SO101.home_position))
        things = plant.task.scene.things
        things["block"].place((*things["target"].position_w[:2], 0.0), yaw_rad=0.0)
        verdicts = [environment.task.evaluate().success for _ in range(HOLD_STEPS)]
        assert verdicts == [False] * (HOLD_STEPS - 1) + [True]


def test_a_line_that_was_quiet_for_long_is_opened_again():
    with twin() as (_, scene, environment):
        scene.hangs_up = True
        environment.reset(seed=1)
        environment.step(np.float32(SO101.home_position))


def test_a_twin_that_is_not_there_is_named(free_address):
    environment = Environment(
        Driver(MujocoPlant(MujocoRobot(get_body_model("so101")))),
        TwinTask(free_address, make_task()),
    )
    with pytest.raises(RobotError, match=rf"{free_address} does not answer POST /episode.*emulate"):
        environment.reset(seed=0)
    environment.close()


@pytest.fixture
def free_address():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def test_a_twin_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(twin_task, "TIMEOUT_S", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        client = SceneClient(f"127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(RobotError, match="does not answer GET /state"):
            client.get_state()
        client.close()


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (400, b'{"error": "no"}', 'refuses GET /state: 400 {"error": "no"}'),
        (200, b"{", "is no JSON"),
        (200, b"[" * 100_000, "is no JSON"),
        (200, b"[1]", "is no JSON object"),
        (200, b"0" * (MAX_REPLY_BYTES + 1), "more than 1000000 bytes"),
    ],
    ids=["refused", "cut", "deep", "list", "long"],
)
def test_a_bad_reply_is_refused_in_a_sentence(status, content, words):
    with twin() as (_, scene, environment):
        environment.reset(seed=1)
        scene.reply = (status, content)
        with pytest.raises(RobotError, match=re.escape(words)):
            environment.step(np.float32(SO101.home_position))


def test_a_twin_with_another_scene_is_refused():
    reach = make_task(TASK_FOLDER / "reach.yaml")
    with (
        twin(own_task=reach) as (_, _, environment),
        pytest.raises(IncompatibleError, match=r"does not play 'reach': qpos has 13 .* need 6"),
    ):
        environment.reset(seed=1)


def test_a_twin_that_sets_out_otherwise_is_refused():
    push = make_task(TASK_FOLDER / "push_block.yaml")  # also a block and a disc
    with (
        twin(own_task=push) as (_, _, environment),
        pytest.raises(IncompatibleError, match=r"set out start 1 .* does not play 'push_block'"),
    ):
        environment.reset(seed=1)


@pytest.mark.parametrize("address", ["", "nowhere", "host:port", "127.0.0.1", "h:99999999"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(RobolearnError, match="no address of a twin: give it as host:port"):
        SceneClient(address)


def test_an_address_may_be_a_url():
    client = SceneClient("http://127.0.0.1:8080")
    assert (client._connection.host, client._connection.port) == ("127.0.0.1", 8080)


def test_a_body_that_is_not_simulated_is_refused():
    class Unknown:
        embodiment = dataclasses.replace(SO101, name="so100")

    task = TwinTask("127.0.0.1:1", make_task())
    with pytest.raises(UnknownNameError, match=r"unknown body 'so100'.*so101"):
        task.bind(Unknown())


def test_the_scene_is_composed_around_the_chosen_task():
    config = compose_config(
        "evaluate", ["checkpoint=expert", "scene=twin", "scene.address=127.0.0.1:1", "task=stack"]
    )
    for node in (config.scene, to_plain(config)["scene"]):
        task = build(node)
        assert isinstance(task, TwinTask)
        assert task.name == "stack"


def test_a_task_without_a_simulation_has_no_twin():
    config = compose_config(
        "evaluate", ["checkpoint=expert", "scene=twin", "scene.address=127.0.0.1:1", "task=own"]
    )
    config.robot = {"_target_": "robolearn.testing.fakes.FakeRobot"}
    with pytest.raises(RobolearnError, match="task 'own' has no simulation"):
        make_environment(config)


def test_a_missing_address_is_asked_for():
    config = compose_config("evaluate", ["checkpoint=expert", "scene=twin"])
    for node in (config.scene, to_plain(config)["scene"]):
        with pytest.raises(RobolearnError, match=r"TwinTask still needs: (scene\.)?address"):
            build(node)


@pytest.mark.gl
def test_the_mirror_can_be_looked_at():
    with twin() as (_, _, environment):
        environment.reset(seed=1)
        image = environment.task.render()
        assert image.dtype == np.uint8
        assert image.max() > image.min()


@pytest.mark.parametrize("body", ["so101", "koch"])
def test_an_arm_picks_and_places_by_its_servos_own_strength(body):
    with twin(body=body) as (plant, _, environment):
        plant.drive = functools.partial(drive_gently, plant.drive)
        expert = environment.task.make_expert()
        results = [run_episode(environment, expert, seed=seed) for seed in range(20)]
    assert sum(result.success for result in results) >= 19


def drive_gently(drive, actuator, kind, target):
    """Lets the gripper's servo have half of its torque, as people set it."""
    drive(actuator, kind, target, 0.5 if actuator == "gripper" else 1.0)

import http.client
import json
import threading
import time

import cv2
import numpy as np
import pytest

from robolearn.errors import RobotError
from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.port import Device, EmulatedPort
from robolearn.hardware.emulators.twin_requests import encode_jpeg
from robolearn.hardware.emulators.twin_server import TwinServer
from tests.hardware.fakes.filmed_plant import FilmedPlant


class Silent(Device):
    def receive(self, data, now_s):
        return []


@pytest.fixture(name="port")
def _port(tmp_path):
    return EmulatedPort(Silent(), tmp_path / "arm")


@pytest.fixture(name="plant")
def _plant():
    return FilmedPlant()


@pytest.fixture(name="server")
def _server(plant, port):
    server = TwinServer(plant, [port])
    with server, Emulation(plant, [port], on_tick=server.on_tick):
        yield server


def ask(server, method, path, body=None, content_type="application/json"):
    """Returns status and answer."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    try:
        headers = {"Content-Type": content_type} if body is not None else {}
        data = body if isinstance(body, bytes | None) else json.dumps(body)
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_the_state_is_the_plants(server):
    status, state = ask(server, "GET", "/state")
    assert status == 200
    assert state["qpos"] == [0.0]
    assert ask(server, "GET", "/cameras") == (200, ["front", "wrist"])


def test_one_connection_serves_many_requests(server):
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    times_s = []
    for _ in range(20):
        connection.request("GET", "/state")
        times_s.append(json.loads(connection.getresponse().read())["time_s"][0])
    connection.close()
    assert times_s == sorted(times_s)


def test_an_episode_is_set_out_in_the_emulations_thread(server, plant):
    threads = []
    begin = plant.begin_episode
    plant.begin_episode = lambda seed: (
        threads.append(threading.current_thread().name),
        begin(seed),
    )
    assert ask(server, "POST", "/episode", {"seed": 7}) == (200, {"done": True})
    assert plant.episodes == [7]
    assert threads == ["emulation"]


def test_what_the_plant_refuses_comes_back_as_its_sentence(server, plant):
    def refuse(seed):
        raise RobotError(f"start {seed} cannot be set out")

    plant.begin_episode = refuse
    status, answer = ask(server, "POST", "/episode", {"seed": 13})
    assert (status, answer) == (400, {"error": "start 13 cannot be set out"})


def test_faults_of_the_line_change_while_it_runs(server, port):
    assert ask(server, "POST", "/faults", {"lost": 0.02, "late_s": 0.1})[0] == 200
    assert (port.faults.lost, port.faults.late_s, port.faults.corrupt) == (0.02, 0.1, 0.0)
    assert ask(server, "POST", "/faults", {"lost": 0, "port": "arm"})[0] == 200
    assert port.faults.lost == 0.0


def test_the_cable_can_be_pulled_and_put_back(server, port):
    ask(server, "POST", "/faults", {"unplug": True})
    assert not port.is_plugged
    ask(server, "POST", "/faults", {"plug": True})
    assert port.is_plugged


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/episode", {"seed": "7"}, "an episode takes"),
        ("/episode", {"seed": True}, "an episode takes"),
        ("/episode", {"seed": 1, "other": 2}, "an episode takes"),
        ("/faults", {"losst": 0.1}, "no fault is called losst"),
        ("/faults", {"lost": 1.5}, "probability"),
        ("/faults", {"lost": True}, "takes a number"),
        ("/faults", {"late_s": float("nan")}, "takes a number"),
        ("/faults", {"late_s": -1}, "takes a number"),
        ("/faults", {"unplug": 1}, "takes true or false"),
        ("/faults", {"port": "leg"}, "unknown port 'leg' of the twin; known: arm"),
        ("/faults", {"stall": ["rear"]}, "unknown camera 'rear'"),
        ("/faults", {"stall": "front"}, "takes a list"),
        ("/faults", [1], "must be a JSON object"),
        ("/faults", b"{not json", "must be JSON"),
        ("/faults", b"[" * 50_000, "must be JSON"),
        ("/faults", b" " * 70_000, "needs a length"),
    ],
)
def test_a_bad_request_is_one_sentence_and_changes_nothing(server, port, plant, path, body, words):
    before = vars(port.faults).copy()
    status, answer = ask(server, "POST", path, body)
    assert status == 400
    assert words in answer["error"]
    assert vars(port.faults) == before
    assert plant.episodes == []
    assert port.is_plugged


def test_a_page_in_a_browser_cannot_change_anything(server, plant):
    status, answer = ask(server, "POST", "/episode", {"seed": 1}, content_type="text/plain")
    assert (status, plant.episodes) == (400, [])
    assert "application/json" in answer["error"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("POST", "/state"), ("GET", "/camerasx")]
)
def test_unknown_places_are_not_found(server, method, path):
    assert ask(server, method, path, {} if method == "POST" else None)[0] == 404


def test_an_unknown_camera_is_not_found_and_the_known_ones_are_named(server):
    status, answer = ask(server, "GET", "/cameras/fromt")
    assert status == 404
    assert "Did you mean 'front'?" in answer["error"]


def test_nothing_is_rendered_for_nobody(server, plant):
    ask(server, "GET", "/state")
    time.sleep(0.1)
    assert plant.num_rendered == {"front": 0, "wrist": 0}


def test_only_a_watched_camera_is_rendered_and_no_longer_than_it_is_watched(server, plant):
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/cameras/front")
    response = connection.getresponse()
    assert response.getheader("Content-Type") == "multipart/x-mixed-replace; boundary=frame"
    assert response.readline() == b"--frame\r\n"
    response.close()
    connection.close()
    end_s = time.monotonic() + 10
    while server.feeds["front"].num_watchers:
        assert time.monotonic() < end_s
        time.sleep(0.02)
    assert plant.num_rendered["front"] > 0
    assert plant.num_rendered["wrist"] == 0


def test_the_rate_of_rendering_is_the_one_asked_for(plant):
    server = TwinServer(plant, frame_rate_hz=10.0)
    feed = server.feeds["front"]
    with feed.watch():
        for tick in range(500):  # one second in steps of 2 ms
            server.on_tick(100.0 + 0.002 * tick)
    server.close()
    assert plant.num_rendered["front"] == 10


def test_frames_missed_in_a_pause_are_not_made_up(plant):
    server = TwinServer(plant, frame_rate_hz=10.0)
    with server.feeds["front"].watch():
        for now_s in (100.0, 105.0, 105.01, 105.02):
            server.on_tick(now_s)
    server.close()
    assert plant.num_rendered["front"] == 2


def test_colours_survive_the_compression():
    image = np.zeros((96, 96, 3), np.uint8)
    image[:, :48], image[:, 48:] = (200, 30, 40), (20, 60, 210)
    data = np.frombuffer(encode_jpeg(image), np.uint8)
    decoded = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert np.abs(decoded.astype(int) - image).max() <= 8


def test_a_request_after_the_emulations_end_says_so(plant):
    server = TwinServer(plant)
    with server, Emulation(plant, [], on_tick=server.on_tick) as emulation:
        emulation.close()
        threading.Timer(0.2, server.is_closing.set).start()
        status, answer = ask(server, "GET", "/state")
    assert status == 400
    assert "does not run any more" in answer["error"]

"""What the twin's server answers to each request."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import cv2

from robolearn.errors import RobolearnError, UnknownNameError
from robolearn.specs import Array

if TYPE_CHECKING:
    from robolearn.hardware.emulators.twin_server import CameraFeed, TwinServer

LARGEST_REQUEST_BYTES = 1 << 16
SOCKET_TIMEOUT_S = 5.0
FRAME_TIMEOUT_S = 0.1  # how often a stalled stream looks whether it has ended
BOUNDARY = "frame"
# Full colour resolution: a policy shall see through the stream what it saw in simulation.
JPEG_OPTIONS = [
    *(cv2.IMWRITE_JPEG_QUALITY, 95),
    *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
]


def encode_jpeg(image: Array) -> bytes:
    """Compresses a picture, uint8 HWC RGB."""
    encoded, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), JPEG_OPTIONS)
    if not encoded:
        raise RobolearnError(f"a picture of shape {image.shape} cannot be compressed")
    return bytes(data)


class RequestHandler(BaseHTTPRequestHandler):
    """One connection; see `TwinServer` for what can be asked."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # answers are small and somebody waits for them
    timeout = SOCKET_TIMEOUT_S

    def __init__(self, twin: TwinServer, *arguments: Any) -> None:
        self._twin = twin
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Answers with a state, a list or a stream."""
        camera = self.path.removeprefix("/cameras/")
        if self.path == "/state":
            self._answer(self._twin.get_state)
        elif self.path == "/cameras":
            self._answer(lambda: sorted(self._twin.feeds))
        elif camera != self.path:
            self._stream(camera)
        else:
            self._send_json(HTTPStatus.NOT_FOUND, {"error": f"there is no {self.path}"})

    def do_POST(self) -> None:
        """Changes the scene or the faults."""
        actions = {"/episode": self._twin.begin_episode, "/faults": self._twin.change_faults}
        if self.path not in actions:
            self._send_json(HTTPStatus.NOT_FOUND, {"error": f"there is no {self.path}"})
            return
        self._answer(lambda: actions[self.path](self._read_json()) or {"done": True})

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing: requests come many times a second."""

    def _answer(self, make: Any) -> None:
        """Sends what `make` returns, or the sentence it raises."""
        try:
            self._send_json(HTTPStatus.OK, make())
        except RobolearnError as error:
            self._send_json(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def _read_json(self) -> dict[str, Any]:
        """Reads the request's body.

        Raises:
            RobolearnError: if it is not a JSON object of a sensible size.
        """
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST_REQUEST_BYTES:
            self.close_connection = True  # what follows is of unknown length
            raise RobolearnError(f"a request needs a length up to {LARGEST_REQUEST_BYTES} bytes")
        body = self.rfile.read(int(length))
        # A page in a browser cannot send this type to another host without asking first.
        if self.headers.get_content_type() != "application/json":
            raise RobolearnError("a request needs the content type application/json")
        try:
            request = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise RobolearnError(f"a request must be JSON: {error}") from error
        if not isinstance(request, dict):
            raise RobolearnError(f"a request must be a JSON object, got {request!r}")
        return request

    def _send_json(self, status: HTTPStatus, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, camera: str) -> None:
        """Sends frames until either side has enough."""
        self.close_connection = True
        try:
            feed = self._twin.get_feed(camera)
        except UnknownNameError as error:
            self._send_json(HTTPStatus.NOT_FOUND, {"error": str(error)})
            return
        if feed.is_gone:
            self._send_json(HTTPStatus.NOT_FOUND, {"error": f"camera {camera!r} is unplugged"})
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.send_header("Connection", "close")
        self.end_headers()
        with feed.watch():
            try:
                self._send_frames(feed)
            except OSError:
                return  # whoever watched has gone

    def _send_frames(self, feed: CameraFeed) -> None:
        number = 0
        while not (self._twin.is_closing.is_set() or feed.is_gone):
            number, image = feed.wait_for_frame(number, FRAME_TIMEOUT_S)
            if image is None or feed.is_stalled:
                continue
            data = encode_jpeg(image)
            head = (
                f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            )
            self.wfile.write(head.encode() + data + b"\r\n")

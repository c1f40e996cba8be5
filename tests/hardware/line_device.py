"""A device of lines of text, for tests of what every protocol shares."""

import math

from robolearn.hardware.emulators.port import Device


class LineDecoder:
    """Frames are lines; one that begins with `!` is damaged."""

    def __init__(self):
        self.bad_frames = 0
        self._buffer = b""

    def feed(self, data):
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self.bad_frames += sum(line.startswith(b"!") for line in lines)
        return [line for line in lines if not line.startswith(b"!")]

    def clear(self):
        self._buffer = b""


class EchoDevice(Device):
    """Answers `x` with `>x`, and remembers what it was told; while it babbles it never rests."""

    def __init__(self):
        self.babbles = False
        self.lines = []
        self.updates_s = []
        self._buffer = b""

    def receive(self, data, now_s):
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self.lines += lines
        return [b">" + line + b"\n" for line in ([b"babble"] if self.babbles else lines)]

    @property
    def next_due_s(self):
        return 0.0 if self.babbles else math.inf

    def update(self, now_s):
        self.updates_s.append(now_s)

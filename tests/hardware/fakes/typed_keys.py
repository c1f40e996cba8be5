"""Keys that a test types."""

from robolearn.keyboard import KeySource


class Typed(KeySource):
    def __init__(self):
        self.keys = []
        self.is_open = False

    def connect(self, robot):
        self.is_open = True

    def read_keys(self):
        pressed, self.keys = self.keys, []
        return pressed

    def close(self):
        self.is_open = False

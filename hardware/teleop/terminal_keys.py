"""Steering an arm from a terminal: needs no window, and works over SSH."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import select
import sys
import termios
import tty
from collections.abc import Sequence
from typing import Any

from robolearn.errors import RobotError
from robolearn.keyboard import KeySource
from robolearn.robot import Robot

ESCAPE = 0x1B
# What terminals send for the keys that are no characters (ECMA-48 and xterm).
SEQUENCES: dict[bytes, str] = {
    b"[A": "up",
    b"[B": "down",
    b"[C": "right",
    b"[D": "left",
    b"OA": "up",
    b"OB": "down",
    b"OC": "right",
    b"OD": "left",
    b"[5~": "page_up",
    b"[6~": "page_down",
}
NAMED_BYTES: dict[int, str] = {
    0x0A: "enter",
    0x0D: "enter",
    0x08: "backspace",
    0x7F: "backspace",
    ESCAPE: "escape",
}
LONGEST_READ_BYTES = 4096
# Over SSH a sequence may come in pieces: an escape byte waits this long for what belongs to it.
UNFINISHED_SEQUENCE = re.compile(rb"\x1b(?:O|\[[0-9;<]*)?$")
SEQUENCE_GAP_S = 0.02


def decode_keys(data: bytes) -> list[str]:
    """Names the keys in what a terminal sent; what has no name is left out.

    An escape byte alone is the Escape key; followed by `[` or `O` it begins a sequence, which is
    taken or left out as a whole, so that an unknown function key never counts as Escape.
    """
    names = []
    place = 0
    while place < len(data):
        if data[place] == ESCAPE and data[place + 1 : place + 2] in (b"[", b"O"):
            end = _find_sequence_end(data, place + 1)
            name = SEQUENCES.get(data[place + 1 : end])
        else:
            end = place + 1
            byte = data[place]
            name = NAMED_BYTES.get(byte)
            if name is None and chr(byte).isascii() and chr(byte).isalpha():
                name = chr(byte).lower()
        if name is not None:
            names.append(name)
        place = end
    return names


def _find_sequence_end(data: bytes, start: int) -> int:
    """Returns the place after a sequence that begins at `start` with `[` or `O`."""
    if data[start : start + 1] == b"O":
        return start + 2
    place = start + 1
    while place < len(data) and not 0x40 <= data[place] <= 0x7E:
        place += 1
    return place + 1


class TerminalKeys(KeySource):
    """Reads keys from the terminal without waiting for Enter, for any robot.

    The terminal is put back as it was by `close`, and at the latest when Python ends. Ctrl-C still
    interrupts.
    """

    def __init__(self, file_descriptor: int | None = None) -> None:
        """Names the terminal.

        Args:
            file_descriptor: of the terminal; None takes standard input.
        """
        self._asked_descriptor = file_descriptor
        self._descriptor = -1
        self._saved_settings: list[Any] | None = None

    def connect(self, robot: Robot) -> None:
        """Makes the terminal give every key at once, unseen.

        Raises:
            RobotError: if standard input is no terminal.
        """
        if self._saved_settings is not None:
            return
        self._descriptor = self._find_terminal()
        self._saved_settings = termios.tcgetattr(self._descriptor)
        atexit.register(self.close)
        tty.setcbreak(self._descriptor, termios.TCSANOW)

    def close(self) -> None:
        """Puts the terminal back as it was."""
        if self._saved_settings is None:
            return
        settings, self._saved_settings = self._saved_settings, None
        atexit.unregister(self.close)
        # A terminal that was closed meanwhile has nothing to put back.
        with contextlib.suppress(termios.error):
            # Discards what was typed and not read: it was meant for the robot, not for the shell.
            termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, settings)

    def read_keys(self) -> Sequence[str]:
        """Returns the keys typed since the last call; Escape if the terminal is gone."""
        if self._saved_settings is None:
            raise RobotError("the keyboard is not connected: call connect() first")
        data = b""
        while self._has_more(data):
            try:
                read = os.read(self._descriptor, LONGEST_READ_BYTES)
            except OSError:
                read = b""
            if not read:
                return ["escape"]  # the terminal is gone, and with it the person: stop
            data += read
        return decode_keys(data)

    def _has_more(self, data: bytes) -> bool:
        """Says whether more can be read; waits a moment for the rest of a sequence."""
        gap_s = SEQUENCE_GAP_S if UNFINISHED_SEQUENCE.search(data) else 0.0
        return bool(select.select([self._descriptor], [], [], gap_s)[0])

    def _find_terminal(self) -> int:
        descriptor = self._asked_descriptor
        if descriptor is None:
            try:
                descriptor = sys.stdin.fileno()
            except (AttributeError, OSError, ValueError):
                descriptor = -1
        if descriptor < 0 or not os.isatty(descriptor):
            raise RobotError(
                "the keyboard needs a terminal, but standard input is none (a pipe, a file or a"
                " service?): start this from a terminal, or steer another way (see teleop=)"
            )
        return descriptor

"""`Teleoperator`: a device a person steers or supervises with."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from robolearn.specs import Array


class Event(enum.Enum):
    """What a person can say during an episode."""

    END = "end"  # the episode is over; the task's own verdict stands
    SUCCESS = "success"  # over, and it worked
    FAILURE = "failure"  # over, and it did not work
    DISCARD = "discard"  # over, and not worth keeping
    REDO = "redo"  # over, not worth keeping, and to begin again from the same start
    STOP = "stop"  # stop the robot now and record no more


EVENT_WORDS = {
    Event.END: "end the episode; the task judges it",
    Event.SUCCESS: "end it: it worked",
    Event.FAILURE: "end it: it did not work",
    Event.DISCARD: "end it and throw it away",
    Event.REDO: "throw it away and begin the same start again",
    Event.STOP: "stop the robot and finish",
}


def format_rows(rows: Mapping[str, str]) -> str:
    """Returns the help of a device: what is touched, and what it does, one line each."""
    width = max(map(len, rows))
    return "\n".join(f"  {name:<{width}}  {words}" for name, words in rows.items())


@dataclass(frozen=True)
class Command:
    """What came from the person since the last step.

    Attributes:
        action: the action asked for, or None when the person leaves the robot to the policy.
        event: what the person said, or None.
        is_active: the person moves something; False where the action only keeps the robot as they
            left it.
    """

    action: Array | None = None
    event: Event | None = None
    is_active: bool = True


class StopLatch:
    """Remembers a STOP that was said between two commands, until one of them says it."""

    def __init__(self) -> None:
        """Begins with nothing heard."""
        self._is_heard = False

    def hear(self, event: Event | None) -> bool:
        """Takes a word, and says whether STOP is still to be passed on; other words are lost."""
        self._is_heard = self._is_heard or event is Event.STOP
        return self._is_heard

    def pass_on(self, event: Event | None) -> Event | None:
        """Returns the word of a command: STOP if it was heard before, else this one."""
        is_heard, self._is_heard = self._is_heard, False
        return Event.STOP if is_heard else event


class Teleoperator(ABC):
    """A device that turns what a person does into actions and events.

    Attributes:
        shows_scene: it has a view of the scene of its own, such as a window.
    """

    shows_scene: bool = False

    def describe(self) -> str:
        """Returns how the device is used, for the person; empty if there is nothing to say."""
        return ""

    @abstractmethod
    def connect(self) -> None:
        """Makes the device ready. Does nothing if it is."""

    @abstractmethod
    def reset(self, observation: Mapping[str, Array]) -> None:
        """Begins an episode from this observation: later actions move on from there."""

    def follow(self, observation: Mapping[str, Array]) -> None:
        """Says that somebody else moved the robot here: the next action moves on from there."""
        return

    @abstractmethod
    def get_command(self, observation: Mapping[str, Array]) -> Command:
        """Returns at once what the person wants now."""

    def is_stop_asked(self) -> bool:
        """Says at once whether the person wants everything to stop.

        Asked while the robot moves by itself, as when it goes to where an episode begins. Not
        forgotten by `reset`: the next command says STOP.
        """
        return False

    @abstractmethod
    def close(self) -> None:
        """Releases the device. Allowed in every state, any number of times."""

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

"""`SkillLog`: which skill acted when, and with what outcome."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from robolearn.policy import Segment
from robolearn.specs import Array

Check = Callable[[], bool]


class SkillLog:
    """Counts steps and writes down a segment for every skill.

    Attributes:
        num_steps: how many actions were taken so far.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begins an episode."""
        self.num_steps = 0
        self._done: list[Segment] = []
        self._running: tuple[str, tuple[str, ...], int, Check] | None = None

    def run(
        self, skill: str, arguments: tuple[str, ...], actions: Iterator[Array], check: Check
    ) -> Generator[Array, None, bool]:
        """Carries a skill out and returns whether `check` finds that it worked."""
        self._running = skill, arguments, self.num_steps, check
        yield from actions
        segment = self._finish()
        if segment.num_steps:
            self._done.append(segment)
        self._running = None
        return segment.succeeded

    def get_segments(self) -> tuple[Segment, ...]:
        """Returns what is done, and what is being done as if it ended now."""
        if self._running is None or self._finish().num_steps == 0:
            return tuple(self._done)
        return (*self._done, self._finish())

    def _finish(self) -> Segment:
        assert self._running is not None
        skill, arguments, first_step, check = self._running
        return Segment(skill, arguments, first_step, self.num_steps - first_step, check())

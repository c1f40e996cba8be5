"""Ways to put down what the hand holds, and the choice of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np

from robolearn.sim.experts.hand_target import HandTarget
from robolearn.sim.experts.skills.goals import Goal
from robolearn.sim.experts.skills.hand import HandSkills, Route
from robolearn.sim.experts.skills.preview import Held, Knot

Ratings = dict[tuple[float, ...], float]

TURN_COST, OFFSET_COST = 0.3, 1.0  # per rad, per share
MAX_ROUTES = 8  # that are looked at from end to end
# Let go higher where the hand would touch something else, at full size.
DROPS_M = (0.0, 0.02, 0.045, 0.08, 0.12)
MAX_LEVEL_DROP_M = 0.02  # where there is a ceiling
UP_W = np.array([0.0, 0.0, 1.0])


class Placing(NamedTuple):
    """A way to put down what the hand holds.

    Attributes:
        target: of the hand when it lets go.
        goal: of the thing.
    """

    target: HandTarget
    goal: Goal

    def find_start(self, scale: float) -> HandTarget:
        """Returns where the hand's way in begins; `scale` is the arm's."""
        return self.target.shift(-self.goal.standoff_m * scale * self.goal.way_in_w)


class PlacingRoute(NamedTuple):
    """A way to put something down, and the way there.

    Attributes:
        placing: how it is put down.
        route: the way to the start of its way in.
        rating: of both; see `Preview.rate`.
    """

    placing: Placing
    route: Route
    rating: float


@dataclass(frozen=True)
class PlacingSearch:
    """Looks for a way to put down what the hand holds.

    Attributes:
        hand: the hand.
        held: what is in it.
        opening: of the gripper when it lets go.
        start: where the hand is by then.
        seen: ratings of what was looked at before; filled.
    """

    hand: HandSkills
    held: Held
    opening: float
    start: Knot
    seen: Ratings = field(default_factory=dict)

    def choose_route(self, goals: Sequence[Goal]) -> PlacingRoute:
        """Returns the first way of putting down to which a free way leads; else the best.

        Args:
            goals: where it may go; at least one.
        """
        best: PlacingRoute | None = None
        for placing, rating in islice(self._find_placings(goals), MAX_ROUTES):
            start = placing.find_start(self.hand.scale)
            route = self.hand.find_route(
                start, lead_in=placing.target, start=self.start, held=self.held
            )
            rating = max(route.rating, rating)
            if best is None or rating < best.rating:
                best = PlacingRoute(placing, route, rating)
            if rating <= 1.0:
                break
        assert best is not None
        return best

    def _find_placings(self, goals: Sequence[Goal]) -> Iterator[tuple[Placing, float]]:
        """Goes through what is free, with its rating; if nothing is, the best at last."""
        best: tuple[Placing, float] | None = None
        placings = sorted((self._make_placing(goal) for goal in goals), key=self._find_cost)
        for drop_m in DROPS_M:
            for target, goal in placings:
                if goal.is_level and drop_m > MAX_LEVEL_DROP_M:
                    continue
                placing = Placing(target.shift(drop_m * self.hand.scale * UP_W), goal)
                rating = self._rate(placing)
                if rating <= 1.0:
                    yield placing, rating
                if best is None or rating < best[1]:
                    best = placing, rating
        if best is not None and best[1] > 1.0:
            yield best

    def _make_placing(self, goal: Goal) -> Placing:
        tool = goal.pose @ self.held.pose.invert()
        return Placing(self.hand.make_holding_target(tool, self.start.target.roll_rad), goal)

    def _find_cost(self, placing: Placing) -> float:
        turn_rad = abs(placing.target.roll_rad - self.start.target.roll_rad)
        # Rounded: of those that are as good the same one comes first each time.
        return round(TURN_COST * turn_rad + OFFSET_COST * placing.goal.offset, 6)

    def _rate(self, placing: Placing) -> float:
        """Rates a way of putting down, unless a hand so placed was looked at before."""
        target = placing.target
        turned = (target.rotation[:, 0], target.rotation[:, 2], target.roll_rad)
        place = target.position_w * 200 / self.hand.scale
        key = tuple(np.round(np.hstack((place, *turned)), 1).tolist())
        if key not in self.seen:
            self.seen[key] = self._look(placing)
        return self.seen[key]

    def _look(self, placing: Placing) -> float:
        """Looks at hand and thing in place, then back along the way in.

        Where there is no way in, no route needs to be looked for: that takes far longer.
        """
        preview = self.hand.preview
        found = preview.look(
            placing.target, self.opening, self.held, joint_pos=self.start.joint_pos
        )
        rating = preview.rate(found)
        if rating > 1.0:
            return rating
        back = preview.look_along(
            [placing.target, placing.find_start(self.hand.scale)],
            self.opening,
            self.held,
            joint_pos=found.joint_pos,
            limit=1.0,
        )
        return max(rating, preview.rate(back))

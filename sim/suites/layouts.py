"""Where furniture stands before an arm, and the cells that it leaves for what is to be handled.

All within a Panda's comfortable reach; a cabinet's drawers, opened, stay clear of the cells.
Positions are before the robot's base [m]; things of neighbouring cells stay `GAP_M` apart.
"""

from __future__ import annotations

from robolearn.sim.suites.scenes import Stand

PITCH_M = 0.22  # from cell to cell
GAP_M = 0.04  # for fingers
LEAST_ROOM_M = 0.03

Cells = tuple[tuple[float, float], ...]

# On the side of +y, away from the cells; opened, its drawers end at y 0.13, their handles at 0.07.
CABINET_B = (0.68, 0.39)
STOVE_B = (0.57, -0.30)  # on the side of -y
FREE_CELLS: Cells = tuple((x, y) for x in (0.44, 0.66) for y in (-0.24, 0.0, 0.24))
CABINET_CELLS: Cells = ((0.44, -0.28), (0.44, -0.06), (0.44, 0.16), (0.66, -0.27), (0.66, -0.05))
STOVE_CELLS: Cells = ((0.44, -0.04), (0.44, 0.20), (0.67, 0.02), (0.67, 0.25))
BETWEEN_CELLS: Cells = ((0.44, -0.04), (0.44, 0.18), (0.67, -0.05))


def stand_in_cell(name: str, cell_b: tuple[float, float]) -> Stand:
    """Returns a thing that stands anywhere in a cell."""
    stand = Stand(name, cell_b)
    room_m = PITCH_M - GAP_M - max(stand.category.size_m[:2])
    room_m = round(max(room_m, LEAST_ROOM_M), 3)
    return Stand(name, cell_b, (room_m, room_m))


def stand_in_cells(categories: tuple[str, ...], cells: Cells) -> tuple[Stand, ...]:
    """Returns one thing of each category, each in its cell; the second of a kind is number 2."""
    stands = []
    for index, (category, cell_b) in enumerate(zip(categories, cells, strict=False)):
        number = 1 + categories[:index].count(category)
        stands.append(stand_in_cell(f"{category}_{number}", cell_b))
    return tuple(stands)

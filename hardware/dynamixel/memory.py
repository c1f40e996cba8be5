"""What a servo keeps of its calibration: `ServoMemory` in its registers and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from robolearn.errors import RobotError
from robolearn.hardware.dynamixel import registers
from robolearn.hardware.dynamixel.access import RegisterAccess
from robolearn.hardware.servo_bus import STEPS_PER_TURN, ServoMemory


def read_memory(access: RegisterAccess, servo_ids: Sequence[int]) -> dict[int, ServoMemory]:
    """Returns what each servo keeps."""
    homing = access.read(registers.HOMING_OFFSET, servo_ids)
    lower = access.read(registers.MIN_POSITION, servo_ids)
    upper = access.read(registers.MAX_POSITION, servo_ids)
    return {
        servo_id: ServoMemory(homing[servo_id], *unfold_range(lower[servo_id], upper[servo_id]))
        for servo_id in servo_ids
    }


def write_memory(access: RegisterAccess, memories: Mapping[int, ServoMemory]) -> None:
    """Writes what each servo shall keep; see `unfold_range` for what becomes of a range.

    Raises:
        RobotError: if a range is not shorter than a turn, or its middle is beyond 0 to 4095.
    """
    ranges = {}
    for servo_id, memory in memories.items():
        wanted = memory.lower_steps, memory.upper_steps
        ranges[servo_id] = fold_range(*wanted)
        if unfold_range(*ranges[servo_id]) != wanted:
            raise RobotError(
                f"range {wanted[0]} to {wanted[1]} of servo {servo_id} cannot be kept: it must be"
                " shorter than a turn, with its middle within 0 to 4095"
            )
    homing = {servo_id: memory.homing_offset_steps for servo_id, memory in memories.items()}
    access.write(registers.HOMING_OFFSET, homing)
    access.write(registers.MIN_POSITION, {key: lower for key, (lower, _) in ranges.items()})
    access.write(registers.MAX_POSITION, {key: upper for key, (_, upper) in ranges.items()})


def fold_range(lower_steps: int, upper_steps: int) -> tuple[int, int]:
    """Returns a range as it is kept: both ends within one turn."""
    return lower_steps % STEPS_PER_TURN, upper_steps % STEPS_PER_TURN


def unfold_range(lower_steps: int, upper_steps: int) -> tuple[int, int]:
    """Returns a range as it is meant: its middle within 0 to 4095.

    Kept with its lower end above its upper, it crosses the end of a turn.
    """
    if lower_steps <= upper_steps:
        return lower_steps, upper_steps
    if lower_steps + upper_steps < STEPS_PER_TURN:
        return lower_steps, upper_steps + STEPS_PER_TURN
    return lower_steps - STEPS_PER_TURN, upper_steps

"""Finds servos on a link, and says what is wrong where they are not as expected."""

from __future__ import annotations

from collections.abc import Sequence

from robolearn.errors import RobotError
from robolearn.hardware.dynamixel import registers
from robolearn.hardware.dynamixel.access import PING_ATTEMPTS, RegisterAccess, get_model_number
from robolearn.hardware.dynamixel.registers import (
    BAUD_RATES,
    MODELS,
    TABLE_END,
    ServoModel,
    describe_model,
)
from robolearn.hardware.serial_link import LinkTimeoutError


def scan(access: RegisterAccess) -> dict[int, str]:
    """Returns id and model of every servo that answers."""
    answers = {packet.servo_id: packet for packet in access.scan()}
    return {key: describe_model(get_model_number(answers[key])) for key in sorted(answers)}


def find_servos(access: RegisterAccess, servo_ids: Sequence[int]) -> dict[int, ServoModel]:
    """Returns the model of each servo, which answers reads from now on.

    Raises:
        RobotError: if one is missing, of an unknown model, or shares its id with another.
    """
    models, missing = {}, []
    for servo_id in servo_ids:
        model = _find(access, servo_id)
        if model is None:
            missing.append(servo_id)
        else:
            models[servo_id] = model
    if missing and not models:
        raise RobotError(_explain_silence(access, servo_ids))
    if missing:
        found = ", ".join(f"{key} {model.name}" for key, model in models.items())
        names = ", ".join(map(str, missing))
        raise RobotError(
            f"no servo {names} on {access.link.port}; found: {found}: look at the cable behind the"
            " last servo that was found, and at the ids"
        )
    access.send(registers.STATUS_RETURN_LEVEL, dict.fromkeys(servo_ids, 2))
    for servo_id in servo_ids:
        _check_alone(access, servo_id)
    return models


def _find(access: RegisterAccess, servo_id: int) -> ServoModel | None:
    crowded = 0
    for _ in range(PING_ATTEMPTS):
        bad_frames = access.link.counters.bad_frames
        answers = access.ping(servo_id)
        if len(answers) == 1:
            number = get_model_number(answers[0])
            if number not in MODELS:
                raise RobotError(
                    f"servo {servo_id} on {access.link.port} is of {describe_model(number)}; known:"
                    f" {', '.join(model.name for model in MODELS.values())}"
                )
            return MODELS[number]
        # One doubled answer may be a late one to the try before.
        crowded += bool(answers) or access.link.counters.bad_frames > bad_frames
    if crowded == PING_ATTEMPTS:
        raise RobotError(_explain_double(access, servo_id))
    return None


def _check_alone(access: RegisterAccess, servo_id: int) -> None:
    """Raises if two servos answer: same models give the same ping, but not the same state."""
    bad_frames = access.link.counters.bad_frames
    state = registers.PRESENT_PWM.address
    try:
        access.read_block(state, TABLE_END - state, [servo_id])
    except LinkTimeoutError as error:
        if access.link.counters.bad_frames > bad_frames:
            raise RobotError(_explain_double(access, servo_id)) from error
        raise


def _explain_double(access: RegisterAccess, servo_id: int) -> str:
    return (
        f"answers from servo {servo_id} on {access.link.port} run into each other: two servos have"
        " this id; connect them one at a time and give each its own"
    )


def _explain_silence(access: RegisterAccess, servo_ids: Sequence[int]) -> str:
    """Says at which baud rate somebody answers, if not at the one that was asked for."""
    link, asked = access.link, access.link.baud_rate
    for baud_rate in BAUD_RATES.values():
        if baud_rate == asked:
            continue
        link.close()
        link.baud_rate = baud_rate
        link.open()
        found = ", ".join(str(servo_id) for servo_id in servo_ids if access.ping(servo_id))
        link.baud_rate = asked
        if found:
            return (
                f"no servo answers on {link.port} at {asked} baud, but {found} does at {baud_rate}:"
                f" set baud_rate to {baud_rate}, or the servos to {asked}"
            )
    return (
        f"no servo answers on {link.port} at any baud rate: is the arm's power supply on, the"
        " cable from the adapter to the first servo plugged in, and this the right port"
        " (robolearn find-port)?"
    )

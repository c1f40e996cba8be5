"""Finds servos on a link, and says what is wrong where they are not as expected."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from robolearn.errors import RobotError
from robolearn.hardware.dynamixel import registers
from robolearn.hardware.dynamixel.access import RegisterAccess
from robolearn.hardware.dynamixel.protocol import Packet
from robolearn.hardware.dynamixel.registers import (
    BAUD_RATES,
    MODEL_NUMBER,
    MODELS,
    TABLE_END,
    ServoModel,
    describe_model,
)
from robolearn.hardware.late_replies import LONGEST_LATENESS_S
from robolearn.hardware.serial_link import LinkTimeoutError
from robolearn.hardware.servo_bus import name_servos


def scan(access: RegisterAccess) -> dict[int, str]:
    """Returns id and model of every servo that answers."""
    numbers = {
        packet.servo_id: MODEL_NUMBER.decode(packet.params[: MODEL_NUMBER.size])
        for packet in access.scan()
    }
    return {servo_id: describe_model(numbers[servo_id]) for servo_id in sorted(numbers)}


def find_servos(access: RegisterAccess, servo_ids: Sequence[int]) -> dict[int, ServoModel]:
    """Returns the model of each servo, which answers reads from now on.

    Raises:
        RobotError: if one is missing, of an unknown model, or shares its id with another.
    """
    models = _ping_all(access, servo_ids)
    missing = [servo_id for servo_id in servo_ids if servo_id not in models]
    if missing and not models:
        raise RobotError(_explain_silence(access, servo_ids))
    if missing:
        found = ", ".join(f"{key} {model.name}" for key, model in models.items())
        raise RobotError(
            f"{name_servos(missing)} on {access.link.port} is missing; found: {found}. Look at the"
            " cable behind the last servo that was found, and at the ids"
        )
    access.send(registers.STATUS_RETURN_LEVEL, dict.fromkeys(servo_ids, 2))
    for servo_id in servo_ids:
        _check_alone(access, servo_id)
    return models


def _ping_all(access: RegisterAccess, servo_ids: Sequence[int]) -> dict[int, ServoModel]:
    """Returns the models of those that answer; raises if two with one id always do."""
    models: dict[int, ServoModel] = {}
    muddled: Counter[int] = Counter()
    for attempt in range(access.num_tries):
        missing = [servo_id for servo_id in servo_ids if servo_id not in models]
        if missing and attempt:
            time.sleep(
                LONGEST_LATENESS_S
            )  # else a late answer would make the next one look like two
        for servo_id in missing:
            bad_frames = access.link.counters.bad_frames
            answers = access.ping(servo_id)
            if len(answers) == 1:
                models[servo_id] = _get_model(access, answers[0])
            elif answers or access.link.counters.bad_frames > bad_frames:
                muddled[servo_id] += 1
    for servo_id, count in muddled.items():
        if count == access.num_tries:
            raise RobotError(_explain_double(access, servo_id))
    return models


def _get_model(access: RegisterAccess, answer: Packet) -> ServoModel:
    number = MODEL_NUMBER.decode(answer.params[: MODEL_NUMBER.size])
    if number not in MODELS:
        raise RobotError(
            f"servo {answer.servo_id} on {access.link.port} is of {describe_model(number)}; known:"
            f" {', '.join(model.name for model in MODELS.values())}"
        )
    return MODELS[number]


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
        " this id (connect them one at a time and give each its own), or something else talks on"
        " this port"
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

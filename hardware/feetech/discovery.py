"""Which servos are on the line, and whether they are what an arm needs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from robolearn.errors import RobotError
from robolearn.hardware.feetech import registers as reg
from robolearn.hardware.feetech.access import RegisterAccess
from robolearn.hardware.feetech.protocol import LARGEST_ID
from robolearn.hardware.late_replies import LONGEST_LATENESS_S
from robolearn.hardware.serial_link import LinkTimeoutError
from robolearn.hardware.servo_bus import name_servos

# A servo begins to answer within half a millisecond as delivered; the rest is for USB.
SCAN_TIMEOUT_S = 0.006


@dataclass(frozen=True)
class Identity:
    """What a servo is, read once.

    Attributes:
        model: number of its model.
        firmware: major and minor version.
        max_torque: its own torque limit, 0.1 % of the stall torque.
        phase: bits of its set-up.
    """

    model: int
    firmware: tuple[int, int]
    max_torque: int
    phase: int

    @property
    def model_name(self) -> str:
        """Name of the model, or its number."""
        return reg.MODELS.get(self.model, f"unknown model {self.model}")


def find_servos(access: RegisterAccess, servo_ids: Sequence[int]) -> dict[int, Identity]:
    """Returns what the servos of these ids are.

    Raises:
        RobotError: if one is missing, is of an unknown model or has other firmware than the rest,
            or if two answer to one id; says what is there and what to look at.
    """
    alone = {servo_id: access.is_alone(servo_id) for servo_id in servo_ids}
    if suspects := [servo_id for servo_id, is_alone in alone.items() if not is_alone]:
        time.sleep(LONGEST_LATENESS_S)  # late replies look like a second servo: let them come
        alone |= {servo_id: access.is_alone(servo_id) for servo_id in suspects}
    missing = [servo_id for servo_id, is_alone in alone.items() if is_alone is None]
    crowded = [servo_id for servo_id, is_alone in alone.items() if is_alone is False]
    if crowded:
        raise RobotError(_explain_crowd(access.link.port, crowded, missing, len(alone)))
    if missing:
        raise RobotError(_explain_missing(access, missing))
    identities = read_identities(access, servo_ids)
    _check_models(access.link.port, identities)
    return identities


def read_identities(access: RegisterAccess, servo_ids: Sequence[int]) -> dict[int, Identity]:
    """Asks each servo what it is; raises what `RegisterAccess.read` raises."""
    return {
        servo_id: Identity(
            stretch.get(reg.MODEL),
            (stretch.get(reg.FIRMWARE_MAJOR), stretch.get(reg.FIRMWARE_MINOR)),
            stretch.get(reg.MAX_TORQUE),
            stretch.get(reg.PHASE),
        )
        for servo_id, stretch in access.read(servo_ids, reg.FIRMWARE_MAJOR, reg.PHASE).items()
    }


def scan(access: RegisterAccess) -> dict[int, str]:
    """Returns id and model of every servo that answers, out of all ids there can be."""
    models = {}
    for servo_id in range(LARGEST_ID + 1):
        if access.ping(servo_id, SCAN_TIMEOUT_S):
            try:
                models[servo_id] = read_identities(access, [servo_id])[servo_id].model_name
            except LinkTimeoutError:
                models[servo_id] = "garbled replies, perhaps of two servos"
    return models


def _explain_crowd(port: str, crowded: list[int], missing: list[int], num_servos: int) -> str:
    if len(crowded) == num_servos > 1:
        return (
            f"every reply on {port} is garbled or doubled: look for noise, a second program on"
            " the line, or an adapter that hears itself"
        )
    others = f" and none to {', '.join(map(str, missing))}" if missing else ""
    return (
        f"two servos on {port} answer to id {', '.join(map(str, crowded))}{others}: leave one of"
        " them alone on the line and give it an id of its own"
    )


def _explain_missing(access: RegisterAccess, missing: list[int]) -> str:
    port, baud_rate = access.link.port, access.link.baud_rate
    present = scan(access)
    if not present:
        others = ", ".join(str(rate) for rate in reg.BAUD_RATES if rate != baud_rate)
        return (
            f"no servo answers on {port} at {baud_rate} baud: look at the servos' power and cable,"
            f" at whether this is the right port, and at the baud rate (else {others})"
        )
    found = ", ".join(f"{servo_id} ({model})" for servo_id, model in present.items())
    return (
        f"{name_servos(missing)} on {port} is missing; found: {found}. Look at the cable to the"
        " first that is missing, and at its id"
    )


def _check_models(port: str, identities: dict[int, Identity]) -> None:
    for servo_id, identity in identities.items():
        if identity.model not in reg.MODELS:
            known = ", ".join(f"{number} ({name})" for number, name in reg.MODELS.items())
            raise RobotError(
                f"servo {servo_id} on {port} is of model {identity.model}; known: {known}"
            )
    versions = {identity.firmware for identity in identities.values()}
    if len(versions) > 1:
        listed = ", ".join(
            f"{servo_id}: {identity.firmware[0]}.{identity.firmware[1]}"
            for servo_id, identity in identities.items()
        )
        raise RobotError(
            f"the servos on {port} have different firmware ({listed}): bring all to one version"
            " with the maker's FD software"
        )

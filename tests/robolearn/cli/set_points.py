"""Tells set-points for motors from everything else that hosts send to the emulated devices."""

from robolearn.hardware.vesc.protocol import Command, FrameDecoder

SYNC_WRITE = 0x83  # of both servo protocols
FEETECH_HEAD = bytes([0xFF, 0xFF, 0xFE])
DYNAMIXEL_HEAD = bytes([0xFF, 0xFF, 0xFD, 0x00, 0xFE])
FEETECH_GOAL = 41  # acceleration, which is written with every goal
DYNAMIXEL_GOAL = 116
VESC_SET_POINTS = {Command.SET_RPM, Command.SET_CURRENT_BRAKE}


def is_set_point(data):
    """Whether bytes from the host hold a set-point for the motors."""
    if data.startswith(FEETECH_HEAD):
        return data[4] == SYNC_WRITE and data[5] == FEETECH_GOAL
    if data.startswith(DYNAMIXEL_HEAD):
        return data[7] == SYNC_WRITE and data[8] == DYNAMIXEL_GOAL
    return any(payload[0] in VESC_SET_POINTS for payload in FrameDecoder().feed(data))

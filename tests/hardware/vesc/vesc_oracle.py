"""The VESC's protocol once more, written from its description and sharing nothing with the driver.

A second opinion for tests: frames are cut and built bit by bit, values are read at fixed offsets.
"""


def compute_crc(data):
    """CRC-16, polynomial 0x1021, initial value 0, most significant bit first."""
    crc = 0
    for byte in data:
        for bit in range(7, -1, -1):
            carry = (crc >> 15) ^ (byte >> bit & 1)
            crc = (crc << 1 & 0xFFFF) ^ (0x1021 if carry else 0)
    return crc


def build_frame(payload):
    length, crc = len(payload), compute_crc(payload)
    if length <= 255:
        head = [2, length]
    elif length <= 65535:
        head = [3, length >> 8, length & 255]
    else:
        head = [4, length >> 16, length >> 8 & 255, length & 255]
    return bytes(head) + payload + bytes([crc >> 8, crc & 255, 3])


def open_frame(frame):
    """Returns the payload of exactly one frame, and fails on anything else."""
    assert frame[0] in (2, 3, 4)
    length = 0
    for byte in frame[1 : frame[0]]:
        length = length * 256 + byte
    payload = frame[frame[0] : frame[0] + length]
    assert len(frame) == frame[0] + length + 3
    assert frame[-1] == 3
    assert frame[-3] * 256 + frame[-2] == compute_crc(payload)
    return payload


def read_integer(payload, offset, num_bytes):
    value = 0
    for byte in payload[offset : offset + num_bytes]:
        value = value * 256 + byte
    return value - (1 << 8 * num_bytes) if value >> (8 * num_bytes - 1) else value


# Offset, number of bytes and scale of each value in a reply to GET_VALUES.
VALUES = {
    "fet_temperature_c": (1, 2, 10),
    "motor_temperature_c": (3, 2, 10),
    "motor_current_a": (5, 4, 100),
    "input_current_a": (9, 4, 100),
    "id_current_a": (13, 4, 100),
    "iq_current_a": (17, 4, 100),
    "duty": (21, 2, 1000),
    "erpm": (23, 4, 1),
    "voltage_v": (27, 2, 10),
    "drawn_ah": (29, 4, 10000),
    "charged_ah": (33, 4, 10000),
    "drawn_wh": (37, 4, 10000),
    "charged_wh": (41, 4, 10000),
    "tachometer": (45, 4, 1),
    "tachometer_abs": (49, 4, 1),
    "fault_code": (53, 1, 1),
    "position_deg": (54, 4, 1000000),
    "controller_id": (58, 1, 1),
    "mosfet_1_temperature_c": (59, 2, 10),
    "mosfet_2_temperature_c": (61, 2, 10),
    "mosfet_3_temperature_c": (63, 2, 10),
    "vd_v": (65, 4, 1000),
    "vq_v": (69, 4, 1000),
    "status": (73, 1, 1),
}


def read_values(payload):
    """Reads as many of the values as the reply is long for."""
    assert payload[0] == 4
    return {
        name: read_integer(payload, offset, size) / scale
        for name, (offset, size, scale) in VALUES.items()
        if offset + size <= len(payload)
    }

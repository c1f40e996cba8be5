import random

import pytest

from robolearn.errors import RobotError
from robolearn.hardware.vesc.protocol import (
    Command,
    FrameDecoder,
    compute_crc,
    decode_command,
    encode_command,
    encode_frame,
)
from tests.hardware.vesc import vesc_oracle

GOLDEN = [
    (Command.FW_VERSION, (), "02 01 00 00 00 03"),
    (Command.GET_VALUES, (), "02 01 04 40 84 03"),
    (Command.GET_APPCONF, (), "02 01 11 02 10 03"),
    (Command.ALIVE, (), "02 01 1E F3 FF 03"),
    (Command.SET_DUTY, (0.10,), "02 05 05 00 00 27 10 AE 17 03"),
    (Command.SET_DUTY, (-0.10,), "02 05 05 FF FF D8 F0 D4 06 03"),
    (Command.SET_CURRENT, (5.0,), "02 05 06 00 00 13 88 8B 25 03"),
    (Command.SET_CURRENT, (0.0,), "02 05 06 00 00 00 00 CD 85 03"),
    (Command.SET_CURRENT_BRAKE, (10.0,), "02 05 07 00 00 27 10 EA 94 03"),
    (Command.SET_RPM, (5000,), "02 05 08 00 00 13 88 44 8D 03"),
    (Command.SET_RPM, (-5000,), "02 05 08 FF FF EC 78 2C AD 03"),
    (Command.SET_POS, (90.0,), "02 05 09 05 5D 4A 80 7B 29 03"),
    (Command.SET_SERVO_POS, (0.5,), "02 03 0C 01 F4 E9 CB 03"),
    (Command.GET_VALUES_SELECTIVE, (0xE180,), "02 05 32 00 00 E1 80 FA 66 03"),
]


def make_frames(number, seed=0, longest=300):
    chance = random.Random(seed)
    payloads = [chance.randbytes(chance.randint(1, longest)) for _ in range(number)]
    return payloads, [encode_frame(payload) for payload in payloads]


def cut(data, chance):
    while data:
        size = chance.randint(1, 40)
        yield data[:size]
        data = data[size:]


@pytest.mark.parametrize(("command", "arguments", "expected"), GOLDEN)
def test_commands_are_the_known_bytes(command, arguments, expected):
    frame = encode_frame(encode_command(command, *arguments))
    assert frame == bytes.fromhex(expected)
    assert decode_command(vesc_oracle.open_frame(frame)) == (
        command,
        tuple(map(pytest.approx, arguments)),
        b"",
    )


@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        (Command.REBOOT, (), "1D"),
        (Command.SET_HANDBRAKE, (2.5,), "0A 00 00 09 C4"),
        (Command.GET_VALUES_SETUP, (), "2F"),
        (Command.APP_DISABLE_OUTPUT, (1, 500), "3F 01 00 00 01 F4"),
        (Command.GET_IMU_DATA, (0x01F8,), "41 01 F8"),
        (Command.SET_CURRENT_REL, (-0.5,), "54 FF FF 3C B0"),
        (Command.GET_STATS, (0xFFFF,), "80 FF FF"),
        (Command.SHUTDOWN, (), "9C"),
        (Command.MOTOR_ESTOP, (1000,), "9F 03 E8"),
    ],
)
def test_other_commands_have_the_described_layout(command, arguments, expected):
    assert encode_command(command, *arguments) == bytes.fromhex(expected)


def test_a_command_for_another_controller_carries_a_whole_payload():
    inner = encode_command(Command.SET_RPM, 5000)
    payload = encode_command(Command.FORWARD_CAN, 7, inner=inner)
    assert payload == bytes.fromhex("22 07 08 00 00 13 88")
    assert decode_command(payload) == (Command.FORWARD_CAN, (7.0,), inner)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 3e9])
def test_a_value_that_no_field_holds_is_refused(value):
    with pytest.raises(RobotError, match="SET_RPM"):
        encode_command(Command.SET_RPM, value)


def test_an_unknown_or_short_command_decodes_to_nothing():
    assert decode_command(b"\xfa") is None
    assert decode_command(b"\x08\x00") is None


def test_the_checksum_agrees_with_another_implementation():
    assert compute_crc(b"123456789") == 0x31C3
    chance = random.Random(1)
    for _ in range(10_000):
        payload = chance.randbytes(chance.randint(1, 40))
        assert encode_frame(payload) == vesc_oracle.build_frame(payload)


@pytest.mark.parametrize("length", [1, 255, 256, 300, 65535, 65536, 70000])
def test_each_length_has_its_kind_of_frame(length):
    payload = random.Random(length).randbytes(length)
    frame = encode_frame(payload)
    assert frame == vesc_oracle.build_frame(payload)
    assert FrameDecoder(largest_payload_bytes=100_000).feed(frame) == [payload]


@pytest.mark.parametrize("length", [0, 1 << 24])
def test_a_payload_that_no_frame_holds_is_refused(length):
    with pytest.raises(RobotError, match="holds"):
        encode_frame(bytes(length))


def test_frames_are_found_however_the_stream_is_cut():
    payloads, frames = make_frames(500)
    decoder, chance = FrameDecoder(), random.Random(2)
    found = [p for piece in cut(b"".join(frames), chance) for p in decoder.feed(piece)]
    assert found == payloads
    assert decoder.bad_frames == 0


def test_every_good_frame_is_found_among_damaged_ones():
    payloads, frames = make_frames(2000, seed=3)
    chance = random.Random(4)
    stream, good = b"", []
    for payload, frame in zip(payloads, frames, strict=True):
        kind = chance.random()
        if kind < 0.1:
            bit = chance.randrange(8 * len(frame))
            damaged = bytearray(frame)
            damaged[bit // 8] ^= 1 << bit % 8
            stream += bytes(damaged)
        elif kind < 0.2:
            stream += frame[: chance.randrange(1, len(frame))]
        else:
            stream += (chance.randbytes(chance.randint(1, 4)) if kind < 0.4 else b"") + frame
            good.append(payload)
    decoder = FrameDecoder()
    found = [p for piece in cut(stream, chance) for p in decoder.feed(piece)]
    assert found == good
    assert decoder.bad_frames > 400


@pytest.mark.parametrize(
    "noise", ["02", "02 40", "03", "03 01", "03 01 F0", "04 00", "02 FF 03 02"]
)
def test_what_looks_like_a_beginning_does_not_hold_up_a_frame(noise):
    decoder, frame = FrameDecoder(), encode_frame(b"payload")
    assert decoder.feed(bytes.fromhex(noise) + frame) == [b"payload"]
    assert decoder.feed(frame) == [b"payload"]
    assert decoder.bad_frames == 1


def test_a_stretch_of_noise_counts_once():
    decoder = FrameDecoder()
    decoder.feed(bytes(50))
    decoder.feed(bytes(50))
    decoder.feed(encode_frame(b"a"))
    decoder.feed(bytes(50))
    assert decoder.bad_frames == 2


def test_an_unfinished_frame_is_forgotten_and_counted():
    decoder, frame = FrameDecoder(), encode_frame(b"payload")
    decoder.feed(frame[:5])
    decoder.clear()
    assert decoder.feed(frame[5:]) == []
    assert decoder.feed(frame) == [b"payload"]
    assert decoder.bad_frames >= 1


def test_a_frame_longer_than_any_the_device_sends_is_not_waited_for():
    decoder = FrameDecoder()
    decoder.feed(bytes([3, 0x40, 0]))
    assert decoder.bad_frames == 1

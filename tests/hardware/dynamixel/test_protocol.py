"""The bytes of protocol 2.0: golden frames, CRC and stuffing against the maker's own code."""

from random import Random

import pytest
from dynamixel_sdk import Protocol2PacketHandler

from robolearn.hardware.dynamixel import protocol
from robolearn.hardware.dynamixel.decoder import PacketDecoder
from robolearn.hardware.dynamixel.protocol import BROADCAST_ID, Instruction, Packet, compute_crc

GOLDEN = {
    "FF FF FD 00 01 03 00 01 19 4E": protocol.ping(1),
    "FF FF FD 00 01 07 00 02 84 00 04 00 1D 15": protocol.read(1, 132, 4),
    "FF FF FD 00 01 06 00 03 40 00 01 DB 66": protocol.write(1, 64, b"\x01"),
    "FF FF FD 00 01 09 00 03 74 00 00 08 00 00 42 89": protocol.write(1, 116, b"\x00\x08\x00\x00"),
    "FF FF FD 00 01 06 00 03 62 00 05 68 E4": protocol.write(1, 98, b"\x05"),
    "FF FF FD 00 01 03 00 08 2F 4E": protocol.reboot(1),
    "FF FF FD 00 FE 09 00 82 84 00 04 00 01 02 CE FA": protocol.sync_read([1, 2], 132, 4),
    "FF FF FD 00 FE 11 00 83 74 00 04 00 01 00 04 00 00 02 00 FC FF FF DE 80": protocol.sync_write(
        116, {1: b"\x00\x04\x00\x00", 2: b"\x00\xfc\xff\xff"}
    ),
    "FF FF FD 00 01 07 00 55 00 B0 04 34 B2 D4": Packet(1, 0x55, b"\xb0\x04\x34").encode(),
    "FF FF FD 00 01 08 00 55 00 00 08 00 00 1C 38": Packet(1, 0x55, b"\x00\x08\x00\x00").encode(),
    "FF FF FD 00 01 04 00 55 00 A1 0C": Packet(1, 0x55).encode(),
}


@pytest.mark.parametrize("text", GOLDEN)
def test_a_golden_frame_is_encoded_byte_for_byte(text):
    assert GOLDEN[text] == bytes.fromhex(text)


@pytest.mark.parametrize("text", GOLDEN)
def test_a_golden_frame_is_decoded_to_what_it_was_made_from(text):
    (packet,) = PacketDecoder().feed(bytes.fromhex(text))
    assert packet.encode() == bytes.fromhex(text)


def test_the_crc_is_that_of_the_makers_code_on_10000_random_frames():
    sdk, random = Protocol2PacketHandler(), Random(1)
    for _ in range(10_000):
        data = random.randbytes(random.randint(1, 60))
        assert compute_crc(data) == sdk.updateCRC(0, data, len(data))


def make_nasty_bytes(random):
    """Bytes in which the header and the stuffed header come up often."""
    pieces = (b"\xff", b"\xfd", b"\x00", b"\xff\xff\xfd", b"\xff\xff\xfd\xfd", b"\xff\xff\xfd\x00")
    return b"".join(random.choice(pieces) for _ in range(random.randint(0, 12)))


def test_bytes_that_look_like_a_header_survive_the_round_trip():
    random = Random(2)
    for _ in range(5_000):
        packet = Packet(random.randrange(253), Instruction.WRITE, make_nasty_bytes(random))
        assert PacketDecoder().feed(packet.encode()) == [packet]
        reply = Packet(random.randrange(253), Instruction.STATUS, make_nasty_bytes(random), 0xFD)
        assert PacketDecoder().feed(reply.encode()) == [reply]


@pytest.mark.parametrize(
    ("params", "stuffed"),
    [
        ("FF FF FD", "FF FF FD FD"),
        ("FF FF FD FD", "FF FF FD FD FD"),
        ("FF FF FD 00", "FF FF FD FD 00"),
        ("FF FF FF FD", "FF FF FF FD FD"),
        ("FF FD FF FF", "FF FD FF FF"),
    ],
)
def test_a_header_in_the_parameters_is_stuffed(params, stuffed):
    encoded = Packet(1, Instruction.WRITE, bytes.fromhex(params)).encode()
    assert encoded[8:-2] == bytes.fromhex(stuffed)
    assert encoded[5] == len(bytes.fromhex(stuffed)) + 3


def test_stuffing_is_that_of_the_makers_code():
    sdk, random = Protocol2PacketHandler(), Random(3)
    for _ in range(2_000):
        params = make_nasty_bytes(random)
        length = len(params) + 3
        plain = [*b"\xff\xff\xfd\x00\x01", length & 0xFF, length >> 8, Instruction.WRITE, *params]
        stuffed = bytes(sdk.addStuffing([*plain, 0, 0]))
        assert Packet(1, Instruction.WRITE, params).encode()[:-2] == stuffed[:-2]


def test_an_error_byte_is_told_apart_from_an_alert():
    packet = Packet(4, Instruction.STATUS, b"", 0x84)
    assert packet.has_alert
    assert packet.refusal == "the value is out of range"
    assert Packet(4, Instruction.STATUS, b"", 0x80).refusal == ""
    assert Packet(4, Instruction.STATUS, b"", 0x0B).refusal == "error 11"


def test_the_less_common_instructions_have_their_bytes():
    def parse(data):
        (packet,) = PacketDecoder().feed(data)
        return packet

    assert parse(protocol.action()) == Packet(BROADCAST_ID, 0x05)
    assert parse(protocol.reg_write(2, 0x74, b"\x01")) == Packet(2, 0x04, b"\x74\x00\x01")
    assert parse(protocol.factory_reset(2, 0x01)) == Packet(2, 0x06, b"\x01")
    assert parse(protocol.clear_turns(2)) == Packet(2, 0x10, b"\x01\x44\x58\x4c\x22")
    assert parse(protocol.bulk_read({1: (144, 2), 2: (132, 4)})).params == bytes.fromhex(
        "01 90 00 02 00 02 84 00 04 00"
    )
    assert parse(protocol.bulk_write({1: (65, b"\x01"), 2: (116, b"\x01\x02\x03\x04")})).params == (
        bytes.fromhex("01 41 00 01 00 01 02 74 00 04 00 01 02 03 04")
    )
    assert parse(protocol.sync_read([1, 2], 132, 4, fast=True)).instruction == 0x8A


def test_values_of_different_sizes_cannot_be_sync_written():
    with pytest.raises(ValueError, match="too many values"):
        protocol.sync_write(116, {1: b"\x00", 2: b"\x00\x00"})

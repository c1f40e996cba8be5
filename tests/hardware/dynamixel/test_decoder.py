"""Cutting a stream into packets, whatever happened to it."""

from random import Random

from robolearn.hardware.dynamixel import protocol
from robolearn.hardware.dynamixel.decoder import PacketDecoder
from robolearn.hardware.dynamixel.protocol import Instruction, Packet

REPLY = Packet(1, Instruction.STATUS, b"\x00\x08\x00\x00")
OTHER = Packet(2, Instruction.STATUS, b"\x01\xff\xff\xfd\xff")


def flip(data, place, bit=0):
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def test_packets_are_found_however_the_stream_is_cut():
    stream = REPLY.encode() + protocol.ping(7) + OTHER.encode()
    expected = [REPLY, Packet(7, Instruction.PING), OTHER]
    for size in range(1, len(stream) + 1):
        decoder = PacketDecoder()
        found = []
        for place in range(0, len(stream), size):
            found += decoder.feed(stream[place : place + size])
        assert found == expected
        assert decoder.bad_frames == 0


def test_a_reply_is_told_from_an_echoed_instruction():
    echo, reply = PacketDecoder().feed(protocol.read(1, 132, 4) + REPLY.encode())
    assert not echo.is_status
    assert reply.is_status


def test_every_single_flipped_bit_costs_one_packet_and_no_neighbour():
    damaged, after = REPLY.encode(), OTHER.encode()
    for place in range(len(damaged)):
        for bit in range(8):
            decoder = PacketDecoder()
            found = decoder.feed(OTHER.encode() + flip(damaged, place, bit) + after + after)
            assert found == [OTHER] * 3, (place, bit)
            assert decoder.bad_frames == 1


def test_a_packet_cut_off_is_given_up_as_soon_as_the_next_begins():
    for kept in range(1, len(REPLY.encode())):
        decoder = PacketDecoder()
        assert decoder.feed(REPLY.encode()[:kept] + OTHER.encode()) == [OTHER]
        assert decoder.bad_frames == 1


def test_garbage_before_a_packet_is_one_bad_frame():
    random = Random(5)
    for _ in range(500):
        decoder = PacketDecoder()
        garbage = random.randbytes(random.randint(1, 30)).replace(b"\xff\xff\xfd\x00", b"")
        found = decoder.feed(garbage + REPLY.encode())
        assert found == [REPLY]
        assert decoder.bad_frames == (1 if garbage else 0)


def test_a_crc_that_looks_like_a_header_does_not_break_the_packet():
    # Parameters that end in FF FF FD or in FF, with any CRC behind.
    random = Random(6)
    for _ in range(20_000):
        params = random.randbytes(2) + random.choice((b"\xff", b"\xff\xff", b"\xff\xff\xfd"))
        packet = Packet(3, Instruction.STATUS, params)
        assert PacketDecoder().feed(packet.encode()) == [packet]


def test_a_length_beyond_all_servos_is_not_waited_for():
    decoder = PacketDecoder()
    assert decoder.feed(b"\xff\xff\xfd\x00\x01\xff\xff" + REPLY.encode()) == [REPLY]
    assert decoder.bad_frames == 1


def test_clear_forgets_an_unfinished_packet():
    decoder = PacketDecoder()
    decoder.feed(REPLY.encode()[:9])
    decoder.clear()
    assert decoder.feed(REPLY.encode()[9:]) == []
    assert decoder.feed(OTHER.encode()) == [OTHER]


def test_a_random_stream_yields_no_packet():
    decoder = PacketDecoder()
    assert decoder.feed(Random(7).randbytes(50_000)) == []
    assert decoder.bad_frames > 0


def test_storms_of_damage_lose_only_what_they_hit():
    random = Random(8)
    sent, expected, stream = [], [], b""
    for number in range(2_000):
        packet = Packet(random.randrange(253), Instruction.STATUS, number.to_bytes(4, "little"))
        sent.append(packet)
        data = packet.encode()
        if random.random() < 0.2:
            data = flip(data, random.randrange(len(data)), random.randrange(8))
        else:
            expected.append(packet)
        stream += data
    decoder, found = PacketDecoder(), []
    while stream:
        size = random.randint(1, 40)
        found += decoder.feed(stream[:size])
        stream = stream[size:]
    assert found == expected

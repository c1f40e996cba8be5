import itertools
import random

import pytest

from robolearn.hardware.feetech.protocol import (
    BROADCAST_ID,
    Frame,
    FrameDecoder,
    Instruction,
    compute_checksum,
    decode_sign_magnitude,
    encode_action,
    encode_ping,
    encode_read,
    encode_reg_write,
    encode_reset,
    encode_sign_magnitude,
    encode_sync_read,
    encode_sync_write,
    encode_write,
    name_faults,
)

POSITION = 56
# Frames computed from the maker's description by other code than ours.
REQUESTS = {
    "FF FF 01 02 01 FB": encode_ping(1),
    "FF FF 01 04 02 38 02 BE": encode_read(1, POSITION, 2),
    "FF FF 01 04 03 28 01 CE": encode_write(1, 40, b"\x01"),
    "FF FF 01 04 03 28 00 CF": encode_write(1, 40, b"\x00"),
    "FF FF 01 05 03 2A 00 08 C4": encode_write(1, 42, b"\x00\x08"),
    "FF FF 01 04 03 37 00 C0": encode_write(1, 55, b"\x00"),
    "FF FF FE 0A 82 38 02 01 02 03 04 05 06 26": encode_sync_read(POSITION, 2, range(1, 7)),
    "FF FF FE 0A 83 2A 02 01 00 08 02 00 04 39": encode_sync_write(
        42, {1: b"\x00\x08", 2: b"\x00\x04"}
    ),
    # Example frames of the maker's protocol manual.
    "FF FF FE 02 05 FA": encode_action(),
    "FF FF 00 02 06 F7": encode_reset(0),
}
REPLIES = {
    "FF FF 01 02 00 FC": Frame(1, 0),
    "FF FF 01 04 00 00 08 F2": Frame(1, 0, b"\x00\x08"),
    "FF FF 01 04 00 64 80 16": Frame(1, 0, b"\x64\x80"),
    "FF FF 01 02 20 DC": Frame(1, 0x20),
}


def decode(data, **arguments):
    return FrameDecoder(**arguments).feed(data)


def make_frame(rng, largest=40):
    # Many 0xFF, so that headers appear inside.
    parameters = bytes(
        rng.choice((0xFF, rng.randrange(256))) for _ in range(rng.randrange(largest))
    )
    return Frame(rng.randrange(BROADCAST_ID + 1), rng.randrange(256), parameters)


@pytest.mark.parametrize("text", REQUESTS)
def test_requests_are_encoded_as_the_maker_describes(text):
    assert REQUESTS[text].hex(" ").upper() == text


@pytest.mark.parametrize("text", REPLIES)
def test_replies_are_decoded_and_encoded_as_the_maker_describes(text):
    data = bytes.fromhex(text)
    assert decode(data) == [REPLIES[text]]
    assert REPLIES[text].encode() == data


@pytest.mark.parametrize("text", REQUESTS)
def test_requests_are_decoded_too(text):
    [frame] = decode(bytes.fromhex(text))
    assert frame.encode().hex(" ").upper() == text


def test_a_deferred_write_differs_from_a_write_in_its_instruction_alone():
    [direct] = decode(encode_write(3, 42, b"\x12\x34"))
    [deferred] = decode(encode_reg_write(3, 42, b"\x12\x34"))
    assert (direct.code, deferred.code) == (Instruction.WRITE, Instruction.REG_WRITE)
    assert (direct.servo_id, direct.parameters) == (deferred.servo_id, deferred.parameters)


def test_a_sync_write_of_unequal_lengths_is_refused():
    with pytest.raises(ValueError, match="too many values"):
        encode_sync_write(42, {1: b"\x00", 2: b"\x00\x00"})


def test_the_checksum_makes_the_sum_255_on_ten_thousand_frames():
    rng = random.Random(1)
    decoder = FrameDecoder()
    for _ in range(10_000):
        frame = make_frame(rng)
        data = frame.encode()
        # Another formula: all from the id on, checksum included, adds up to 255.
        assert sum(data[2:]) % 256 == 255
        assert data[-1] == compute_checksum(data[2:-1]) == 255 - sum(data[2:-1]) % 256
        assert decoder.feed(data) == [frame]
    assert decoder.bad_frames == 0


def test_every_flipped_bit_behind_the_header_is_noticed():
    data = Frame(5, 0, bytes(range(15))).encode()
    for place in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << place % 8
        assert decode(bytes(damaged)) == []


@pytest.mark.parametrize("garbage", [b"\x00", b"\xff", b"\xff\xff", b"\xff\xff\xff\x05", b"ab" * 9])
def test_garbage_before_a_frame_is_skipped(garbage):
    frame = Frame(1, 0, b"\x00\x08")
    decoder = FrameDecoder(largest_length=30)
    assert decoder.feed(garbage + frame.encode()) == [frame]
    assert decoder.bad_frames == 1


def test_a_stream_may_be_cut_anywhere():
    frames = [Frame(1, 0, b"\xff\xff\x01"), Frame(2, 0x20), Frame(3, 0, bytes(9))]
    data = b"\x77".join(frame.encode() for frame in frames)
    for first, second in itertools.combinations(range(len(data) + 1), 2):
        decoder = FrameDecoder()
        pieces = (data[:first], data[first:second], data[second:])
        assert [frame for piece in pieces for frame in decoder.feed(piece)] == frames
        assert decoder.bad_frames == 2


def test_a_header_inside_the_parameters_does_not_cut_the_frame():
    inner = Frame(2, 0, b"\x01\x02").encode()
    frame = Frame(1, 0, b"\xff\xff" + inner + b"\xff")
    assert decode(frame.encode()) == [frame]


def test_a_good_frame_directly_after_a_truncated_one_is_found():
    good = Frame(2, 0, bytes(15))
    truncated = Frame(1, 0, bytes(15)).encode()
    for end in range(1, len(truncated)):
        decoder = FrameDecoder(largest_length=30)
        assert decoder.feed(truncated[:end] + good.encode()) == [good]
        assert decoder.bad_frames == 1


def test_garbage_inside_a_frame_costs_that_frame_alone():
    before, broken, after = (Frame(i, 0, bytes([i] * 15)) for i in (1, 2, 3))
    data = broken.encode()
    for place in range(1, len(data)):
        decoder = FrameDecoder(largest_length=30)
        stream = before.encode() + data[:place] + b"\x5a" + data[place:] + after.encode()
        assert decoder.feed(stream) == [before, after]
        assert decoder.bad_frames >= 1


def test_a_damaged_length_beyond_the_largest_keeps_nothing_waiting():
    good = Frame(2, 0, b"\x00\x08")
    data = bytes.fromhex("FF FF 01 F0 00") + good.encode()
    assert decode(data, largest_length=30) == [good]
    assert decode(data) == []


def test_a_forgotten_beginning_does_not_spoil_what_follows():
    good = Frame(2, 0, b"\x00\x08")
    decoder = FrameDecoder()
    assert decoder.feed(bytes.fromhex("FF FF 01 F0 00")) == []
    decoder.clear()
    assert decoder.feed(good.encode()) == [good]


def test_random_damage_never_costs_a_frame_that_came_whole():
    rng = random.Random(2)
    for _ in range(300):
        frames = [make_frame(rng, largest=20) for _ in range(5)]
        gaps = [rng.randbytes(rng.randrange(6)).replace(b"\xff", b"\x00") for _ in frames]
        stream = b"".join(g + f.encode() for g, f in zip(gaps, frames, strict=True))
        decoder, found = FrameDecoder(), []
        while stream:
            size = rng.randrange(1, 9)
            found += decoder.feed(stream[:size])
            stream = stream[size:]
        assert found == frames
        assert decoder.bad_frames == sum(map(bool, gaps))


@pytest.mark.parametrize(
    ("value", "sign_bit", "raw"),
    [(0, 15, 0), (100, 15, 100), (-100, 15, 0x8064), (-5, 10, 0x405), (-2047, 11, 0xFFF)],
)
def test_a_signed_field_is_size_and_sign(value, sign_bit, raw):
    assert encode_sign_magnitude(value, sign_bit) == raw
    assert decode_sign_magnitude(raw, sign_bit) == value


@pytest.mark.parametrize("value", [2048, -2048])
def test_a_number_too_large_for_its_field_is_refused(value):
    with pytest.raises(ValueError, match="does not fit into 11 bits and a sign"):
        encode_sign_magnitude(value, 11)


def test_minus_zero_is_zero():
    assert decode_sign_magnitude(0x8000, 15) == 0


def test_faults_are_named():
    assert name_faults(0) == ()
    assert name_faults(0x25) == ("supply voltage out of range", "too hot", "overload")
    assert name_faults(0x40) == ("unknown fault 0x40",)

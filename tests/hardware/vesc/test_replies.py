import struct

import pytest

from robolearn.errors import RobotError
from robolearn.hardware.vesc import replies
from robolearn.hardware.vesc.protocol import FrameDecoder
from tests.hardware.vesc import vesc_oracle

VALUES_FRAME = bytes.fromhex(
    "02 4A 04 01 38 01 1D 00 00 04 D2 00 00 02 37 FF FF FF F4 00 00 04 CE 00 99 00 00 12 06 00 9E"
    "00 00 30 39 00 00 00 00 00 02 F5 D0 00 00 00 00 00 00 0D AC 00 00 10 68 00 05 5D 4A 80 11 01"
    "36 01 37 01 38 FF FF FF 6A 00 00 08 98 00 6E A4 03"
)
VALUES = {
    "fet_temperature_c": 31.2,
    "motor_temperature_c": 28.5,
    "motor_current_a": 12.34,
    "input_current_a": 5.67,
    "id_current_a": -0.12,
    "iq_current_a": 12.30,
    "duty": 0.153,
    "erpm": 4614,
    "voltage_v": 15.8,
    "drawn_ah": 1.2345,
    "charged_ah": 0,
    "drawn_wh": 19.4,
    "charged_wh": 0,
    "tachometer": 3500,
    "tachometer_abs": 4200,
    "fault_code": 0,
    "position_deg": 90,
    "controller_id": 17,
    "mosfet_1_temperature_c": 31.0,
    "mosfet_2_temperature_c": 31.1,
    "mosfet_3_temperature_c": 31.2,
    "vd_v": -0.15,
    "vq_v": 2.2,
    "status": 0,
}
FIRMWARE_FRAME = bytes.fromhex(
    "02 1B 00 06 02 36 30 00 01 02 03 04 05 06 07 08 09 0A 0B 0C00 00 00 00 00 00 00 00 00 22 43 03"
)


def make_configuration(signature, servo_offset=None, timeout_ms=250, brake_current_a=12.5):
    data = bytearray(300)
    data[:1] = b"\x11"
    place = 1
    if signature is not None:
        data[1:5] = signature.to_bytes(4, "big")
        place = 5
    data[place : place + 9] = b"\x07" + struct.pack(">If", timeout_ms, brake_current_a)
    if servo_offset is not None:
        data[servo_offset] = 1
    return bytes(data)


def test_the_known_reply_gives_the_known_values():
    (payload,) = FrameDecoder().feed(VALUES_FRAME)
    assert replies.parse_values(payload) == pytest.approx(VALUES)
    assert vesc_oracle.read_values(vesc_oracle.open_frame(VALUES_FRAME)) == pytest.approx(VALUES)


@pytest.mark.parametrize("length", [54, 58, 59, 65, 73, 74])
def test_each_firmware_gives_as_many_values_as_its_reply_is_long(length):
    payload = vesc_oracle.open_frame(VALUES_FRAME)[:length]
    values = replies.parse_values(payload)
    assert values == pytest.approx(vesc_oracle.read_values(payload))
    assert ("status" in values) == (length == 74)


def test_bytes_after_the_last_known_value_are_ignored():
    payload = vesc_oracle.open_frame(VALUES_FRAME)
    assert replies.parse_values(payload + b"\x12\x34\x56") == replies.parse_values(payload)


def test_a_reply_that_lacks_the_fault_code_is_refused():
    with pytest.raises(RobotError, match="54 expected"):
        replies.parse_values(vesc_oracle.open_frame(VALUES_FRAME)[:53])


def test_encoded_values_are_those_that_another_parser_reads():
    data = replies.encode_values(VALUES, replies.ALL_VALUES)
    assert b"\x04" + data == vesc_oracle.open_frame(VALUES_FRAME)


def test_a_selective_reply_holds_what_its_mask_says_and_unknown_bits_nothing():
    mask = 0xAB00E180
    data = struct.pack(">BIihiiB", 50, mask, 4614, 158, -5, 7, 4)
    assert replies.measure_values(mask) == len(data)
    assert replies.parse_values(data) == {
        "erpm": 4614,
        "voltage_v": 15.8,
        "tachometer": -5,
        "tachometer_abs": 7,
        "fault_code": 4,
    }
    with pytest.raises(RobotError, match="expected"):
        replies.parse_values(data[:-1])


def test_the_mask_for_all_three_mosfets_is_one_bit():
    assert replies.make_mask(replies.BIT_OF_VALUE, ("mosfet_1_temperature_c",)) == 1 << 18
    assert replies.measure_values(1 << 18) == 11


def test_the_firmware_is_read_with_whatever_follows_its_version():
    assert replies.parse_firmware(vesc_oracle.open_frame(FIRMWARE_FRAME)) == replies.Firmware(
        (6, 2), "60"
    )
    assert str(replies.parse_firmware(bytes([0, 5, 2]))) == "5.02"
    with pytest.raises(RobotError, match="FW_VERSION"):
        replies.parse_firmware(bytes([0, 5]))


@pytest.mark.parametrize(
    ("version", "signature", "servo_offset"),
    [
        ((5, 3), 3733512279, 28),
        ((6, 0), 486554156, 32),
        ((6, 2), 486554156, 32),
        ((6, 6), 2099347128, 32),
        ((7, 0), 2384027283, 32),
        ((7, 1), 982638166, 32),
    ],
)
def test_a_configuration_tells_timeout_brake_and_servo_output(version, signature, servo_offset):
    on = replies.parse_app_configuration(make_configuration(signature, servo_offset), version)
    assert on == replies.AppConfiguration(signature, 0.25, 12.5, True)
    off = replies.parse_app_configuration(make_configuration(signature), version)
    assert off.servo_output is False


@pytest.mark.parametrize(
    ("version", "signature"), [((3, 40), None), ((3, 60), 543202478), ((5, 2), 3264926020)]
)
def test_older_configurations_do_not_tell_of_the_servo_output(version, signature):
    configuration = replies.parse_app_configuration(make_configuration(signature), version)
    assert configuration == replies.AppConfiguration(signature, 0.25, 12.5, None)


def test_a_configuration_cut_short_is_refused():
    with pytest.raises(RobotError, match="GET_APPCONF"):
        replies.parse_app_configuration(make_configuration(486554156)[:30], (6, 2))


def test_the_inertial_sensor_is_read_by_mask():
    mask = 0b1_1111_1000 | 1 << 9 | 1 << 14
    data = struct.pack(">BH8f", 65, mask, 0.1, 0.2, 1.0, 10, 20, 30, 5, 6)
    expected = {
        "acceleration_x": 0.1,
        "acceleration_y": 0.2,
        "acceleration_z": 1.0,
        "gyro_x": 10,
        "gyro_y": 20,
        "gyro_z": 30,
        "magnetic_x": 5,
        "quaternion_y": 6,
    }
    assert replies.parse_imu(data) == pytest.approx(expected)
    assert replies.parse_imu(data + b"\x07") == pytest.approx(expected)  # the controller's id
    with pytest.raises(RobotError, match="GET_IMU_DATA"):
        replies.parse_imu(data[:-1])


def test_faults_have_words():
    assert replies.describe_fault(4) == "absolute over-current"
    assert replies.describe_fault(5) == "MOSFETs too hot"
    assert replies.describe_fault(33) == "absolute overspeed"
    assert replies.describe_fault(99) == "fault 99"

"""The emulated VESC, in simulated time, at its bytes as another implementation reads them."""

import math
import struct

import pytest

from robolearn.errors import RobotError
from robolearn.hardware.emulators.vesc import VescController
from robolearn.plant import Drive
from tests.hardware.vesc.car_plant import ERPM_PER_RADPS, CarPlant
from tests.hardware.vesc.vesc_oracle import build_frame, open_frame, read_integer, read_values

TICK_S = 0.002


class Bench:
    """A controller on a bench, with a clock that only goes when told to."""

    def __init__(self, **settings):
        self.plant = CarPlant()
        self.drives = []
        self.device = VescController(self.plant, erpm_per_radps=ERPM_PER_RADPS, **settings)
        self.now_s = 0.0

    def run(self, duration_s, feed=b""):
        """Lets time pass; sends `feed` at every tick."""
        for _ in range(round(duration_s / TICK_S)):
            self.now_s += TICK_S
            self.plant.advance(TICK_S)
            self.device.update(self.now_s)
            if feed:
                assert self.tell(feed) == []

    def tell(self, payload):
        return list(self.device.receive(build_frame(payload), self.now_s))

    def ask(self, payload):
        (frame,) = self.tell(payload)
        return open_frame(frame)

    def read(self):
        return read_values(self.ask(b"\x04"))

    @property
    def erpm(self):
        return self.plant.measure("motor").velocity_radps * ERPM_PER_RADPS

    @property
    def drive(self):
        return self.plant._drives["motor"][0]


def set_rpm(erpm):
    return b"\x08" + struct.pack(">i", erpm)


def set_brake(current_a):
    return b"\x07" + struct.pack(">i", round(1000 * current_a))


def set_servo(position):
    return b"\x0c" + struct.pack(">h", round(1000 * position))


@pytest.mark.parametrize(
    ("version", "length", "configuration_length"),
    [((3, 40), 59, 160), ((5, 2), 73, 419), ((6, 2), 74, 494), ((7, 1), 74, 285)],
)
def test_each_firmware_gives_its_replies(version, length, configuration_length):
    bench = Bench(version=version, timeout_s=0.25, brake_current_a=7.5)
    assert bench.ask(b"\x00")[:3] == bytes([0, *version])
    assert len(bench.ask(b"\x04")) == length
    (frame,) = bench.tell(b"\x11")
    payload = open_frame(frame)
    assert len(payload) == configuration_length
    assert frame[0] == (3 if configuration_length > 255 else 2)
    place = 1 if version == (3, 40) else 5
    _, timeout_ms, brake_current_a = struct.unpack_from(">BIf", payload, place)
    assert (timeout_ms, brake_current_a) == (250, 7.5)


@pytest.mark.parametrize(("version", "answers"), [((3, 40), False), ((5, 2), True), ((7, 1), True)])
def test_old_firmware_knows_neither_selection_nor_sensor(version, answers):
    bench = Bench(version=version)
    assert bool(bench.tell(b"\x32" + struct.pack(">I", 0x80))) == answers
    assert bool(bench.tell(b"\x41" + struct.pack(">H", 0x1F8))) == answers


def test_an_unknown_firmware_is_refused():
    with pytest.raises(RobotError, match="firmware"):
        Bench(version=(9, 9))


def test_the_servo_output_is_told_where_each_layout_has_it():
    for on in (False, True):
        assert Bench(version=(6, 2), servo_output=on).ask(b"\x11")[32] == on
        assert Bench(version=(7, 1), servo_output=on).ask(b"\x11")[32] == on


def test_a_selection_repeats_its_mask_and_gives_only_what_it_chose():
    bench = Bench()
    bench.device.voltage_v = 11.1
    payload = bench.ask(b"\x32" + struct.pack(">I", 0x77000100))
    assert payload == b"\x32" + struct.pack(">Ih", 0x77000100, 111)


def test_the_motor_follows_a_speed_with_a_ramp():
    bench = Bench(timeout_s=1.0)
    bench.run(0.2, feed=set_rpm(10_000))
    assert bench.erpm == pytest.approx(25_000 * 0.2, rel=0.3)
    bench.run(1.0, feed=set_rpm(10_000))
    assert bench.erpm == pytest.approx(10_000, rel=0.01)
    assert bench.read()["erpm"] == pytest.approx(10_000, rel=0.01)
    assert bench.read()["status"] == 0


def test_too_low_a_speed_releases_the_motor():
    bench = Bench()
    bench.run(0.5, feed=set_rpm(899))
    assert bench.drive is Drive.OFF
    bench.run(0.5, feed=set_rpm(901))
    assert bench.drive is Drive.VELOCITY


@pytest.mark.parametrize(("brake_current_a", "drive"), [(20.0, Drive.BRAKE), (0.0, Drive.OFF)])
def test_silence_stops_the_motor_after_the_timeout(brake_current_a, drive):
    bench = Bench(timeout_s=0.2, brake_current_a=brake_current_a)
    bench.run(0.5, feed=set_rpm(5000))
    bench.run(0.19)
    assert (bench.drive, bench.device.is_timed_out) == (Drive.VELOCITY, False)
    bench.run(0.02)
    assert (bench.drive, bench.device.is_timed_out) == (drive, True)
    assert bench.read()["status"] == 1
    bench.run(0.1, feed=set_rpm(5000))
    assert (bench.drive, bench.read()["status"]) == (Drive.VELOCITY, 0)


def test_without_a_timeout_the_motor_never_stops():
    bench = Bench(timeout_s=0.0)
    bench.run(0.5, feed=set_rpm(5000))
    bench.run(5.0)
    assert bench.erpm == pytest.approx(5000, rel=0.01)


@pytest.mark.parametrize(
    ("payload", "feeds"),
    [
        (b"\x1e", True),
        (b"\x04", False),
        (b"\x00", False),
        (b"\x11", False),
        (set_servo(0.5), False),
    ],
)
def test_only_set_points_and_alive_feed_the_watchdog(payload, feeds):
    bench = Bench(timeout_s=0.2)
    bench.run(0.3, feed=set_rpm(5000))
    for _ in range(10):
        bench.run(0.1)
        bench.tell(payload)
    assert bench.device.is_timed_out != feeds


def test_the_servo_stays_where_it_was_after_a_timeout():
    bench = Bench(servo_gain=-0.8, servo_offset=0.5)
    bench.tell(set_servo(0.26))
    bench.run(1.0)
    assert bench.device.is_timed_out
    assert bench.plant.steering_rad == pytest.approx(0.3, abs=0.01)


def test_without_servo_output_the_servo_is_ignored():
    bench = Bench(servo_output=False)
    assert bench.tell(set_servo(0.26)) == []
    bench.run(1.0)
    assert bench.plant.steering_rad == 0.0


def test_set_points_have_no_reply():
    bench = Bench()
    for payload in (set_rpm(1000), set_brake(5), set_servo(0.5), b"\x1e"):
        assert bench.tell(payload) == []


def test_the_tachometer_counts_six_per_electrical_revolution_and_both_ways():
    bench = Bench(timeout_s=1.0)
    bench.run(1.0, feed=set_rpm(6000))
    before = bench.read()
    turned_before_rad = bench.plant.measure("motor").position_rad
    bench.run(1.0, feed=set_rpm(6000))
    turned_rad = bench.plant.measure("motor").position_rad - turned_before_rad
    counted = bench.read()["tachometer"] - before["tachometer"]
    assert counted == pytest.approx(turned_rad * ERPM_PER_RADPS / 10, abs=1.5)
    assert counted == pytest.approx(600, rel=0.02)
    bench.run(3.0, feed=set_rpm(-6000))
    after = bench.read()
    assert after["tachometer"] < before["tachometer"]
    assert after["tachometer_abs"] > before["tachometer_abs"] + 1000


def test_the_tachometer_wraps_and_restarts():
    bench = Bench(timeout_s=1.0)
    bench.device.reboot(tachometer=2**31 - 10)
    bench.run(1.0, feed=set_rpm(6000))
    assert bench.read()["tachometer"] < -(2**31) + 1000
    bench.tell(b"\x1d")
    assert bench.read()["tachometer"] == 0


def test_currents_are_averages_since_they_were_last_read():
    bench = Bench(torque_nm_per_a=0.05)
    effort_nm = 0.5
    measure = bench.plant.measure

    def measure_with_effort(actuator):
        state = measure(actuator)
        return type(state)(state.position_rad, state.velocity_radps, effort_nm)

    bench.plant.measure = measure_with_effort
    bench.run(0.1)
    effort_nm = 1.0
    bench.run(0.1)
    assert bench.read()["motor_current_a"] == pytest.approx(15.0, rel=0.05)
    bench.run(0.1)
    assert bench.read()["motor_current_a"] == pytest.approx(20.0)
    assert bench.read()["motor_current_a"] == 0.0


def test_a_fault_releases_the_motor_for_half_a_second_and_forgets_itself():
    bench = Bench(timeout_s=2.0)
    bench.run(0.5, feed=set_rpm(5000))
    bench.device.trigger_fault(4, bench.now_s)
    bench.run(0.4, feed=set_rpm(5000))
    assert (bench.drive, bench.read()["fault_code"]) == (Drive.OFF, 4)
    bench.run(0.2, feed=set_rpm(5000))
    assert (bench.drive, bench.read()["fault_code"]) == (Drive.VELOCITY, 0)


def test_the_kill_switch_holds_the_motor():
    bench = Bench()
    bench.device.kill_switch = True
    bench.run(0.3, feed=set_rpm(5000))
    assert (bench.drive, bench.read()["status"]) == (Drive.BRAKE, 2)


def test_the_inertial_sensor_gives_g_and_degrees_per_second():
    bench = Bench(version=(5, 2))
    bench.plant.angular_velocity_radps[:] = (0.0, 0.0, math.radians(90))
    payload = bench.ask(b"\x41" + struct.pack(">H", 1 << 5 | 1 << 8))
    assert payload == b"\x41" + struct.pack(">Hff", 1 << 5 | 1 << 8, 1.0, 90.0)
    newer = Bench(version=(6, 2)).ask(b"\x41" + struct.pack(">H", 1 << 5))
    assert newer == b"\x41" + struct.pack(">HfB", 1 << 5, 1.0, 1)


def test_without_a_sensor_it_gives_zeros():
    payload = Bench(imu=False).ask(b"\x41" + struct.pack(">H", 0x1F8))
    assert payload[3:27] == bytes(24)


def test_damaged_and_unknown_frames_do_nothing():
    bench = Bench()
    frame = bytearray(build_frame(set_rpm(5000)))
    frame[4] ^= 1
    assert list(bench.device.receive(bytes(frame), 0.0)) == []
    assert bench.tell(b"\xfa\x01") == []
    bench.run(0.1)
    assert bench.drive is not Drive.VELOCITY


def test_numbers_are_signed_and_big_endian():
    bench = Bench(timeout_s=1.0)
    bench.run(1.0, feed=set_rpm(-3000))
    assert read_integer(bench.ask(b"\x04"), 23, 4) == pytest.approx(-3000, rel=0.01)

"""Lost, damaged and late answers: whatever comes, no wrong value is ever taken for an answer."""

import pytest

from robolearn.hardware.emulators.vesc import VescController
from robolearn.hardware.serial_link import LinkTimeoutError

ANSWER_TIMEOUT_S = 0.02


class CountingController(VescController):
    """Shows in every answer which question it answers."""

    def __init__(self, plant, **settings):
        super().__init__(plant, **settings)
        self.num_values = self.num_readings = 0
        self._measure_imu = plant.measure_imu
        plant.measure_imu = self._count_reading

    def _get_values(self):
        self.num_values += 1
        self.voltage_v = self.num_values % 30_000 / 10
        self.fet_temperature_c = -self.voltage_v
        return super()._get_values()

    def _count_reading(self):
        self.num_readings += 1
        state = self._measure_imu()
        state.acceleration_mps2[2] = 9.80665 * self.num_readings
        state.angular_velocity_radps[2] = self.num_readings
        return state


def weather(line, num_steps, **faults):
    """Runs control steps in bad weather; every value must be of the question just asked."""
    vesc, device = line.vesc, line.device
    vesc.connect()
    line.emulation.call(lambda: line.port.faults.change(**faults))
    has_sensor = vesc.firmware.version >= (5, 2)
    for step in range(num_steps):
        vesc.set_servo(0.3 + 0.4 * (step % 2))
        vesc.set_rpm(3000)
        try:
            check_step(vesc, device, has_sensor)
        except LinkTimeoutError:
            continue  # no answer, said so: no wrong one
    assert vesc.counters.failures <= 1 + num_steps // 1000
    return vesc.counters


def check_step(vesc, device, has_sensor):
    state = vesc.read_values()
    assert state.voltage_v == pytest.approx(device.num_values % 30_000 / 10)
    assert state.fet_temperature_c == -state.voltage_v
    if has_sensor:
        reading = vesc.read_imu()
        assert reading.acceleration_mps2[2] == pytest.approx(9.80665 * device.num_readings)
        assert reading.angular_velocity_radps[2] == pytest.approx(device.num_readings)


def check_counters(counters, num_reads):
    """Rate loss is reported: about 6 % of the answers had to be asked for again."""
    assert num_reads * 1.02 < counters.requests < num_reads * 1.3
    assert counters.timeouts > 0.02 * num_reads
    assert counters.bad_frames > 0.005 * num_reads
    assert counters.strays > 0.005 * num_reads


STORM = {"lost": 0.02, "corrupt": 0.02, "late": 0.02}


def test_no_wrong_value_is_accepted_in_1000_steps(start):
    line = start(ANSWER_TIMEOUT_S, make_device=CountingController)
    check_counters(weather(line, 1000, **STORM), 2000)


@pytest.mark.slow
def test_no_wrong_value_is_accepted_in_10000_steps(start):
    line = start(ANSWER_TIMEOUT_S, make_device=CountingController)
    check_counters(weather(line, 10_000, **STORM), 20_000)


def test_answers_late_by_many_steps_are_not_taken_either(start):
    line = start(ANSWER_TIMEOUT_S, make_device=CountingController)
    counters = weather(line, 300, late=0.05, late_s=0.25)
    assert counters.strays > 10


def test_a_firmware_without_masks_is_asked_again_only_when_late_answers_have_passed(start):
    line = start(ANSWER_TIMEOUT_S, make_device=CountingController, version=(3, 40))
    counters = weather(line, 50, lost=0.04, corrupt=0.04, late=0.1)
    assert counters.strays > 0


def test_answers_cut_merged_and_among_noise_are_read(start):
    line = start(0.2, make_device=CountingController)
    counters = weather(line, 200, split=0.3, garbage=0.3)
    assert counters.bad_frames > 50
    assert counters.timeouts == 0

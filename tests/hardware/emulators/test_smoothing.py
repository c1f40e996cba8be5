import math

import pytest

from robolearn.hardware.emulators.smoothing import SmoothedReading


def test_a_lasting_reading_is_approached_with_the_time_constant():
    sensor = SmoothedReading(0.05)
    sensor.update(2.0, 0.05)
    assert sensor.value == pytest.approx(2.0 * (1.0 - math.exp(-1.0)))
    sensor.update(2.0, 10.0)
    assert sensor.value == pytest.approx(2.0)


def test_many_short_readings_equal_one_long_one():
    short, long = SmoothedReading(), SmoothedReading()
    for _ in range(100):
        short.update(1.0, 0.001)
    long.update(1.0, 0.1)
    assert short.value == pytest.approx(long.value)


def test_what_shakes_about_nothing_is_nearly_unseen():
    sensor, shown = SmoothedReading(0.05), []
    for index in range(1000):  # 20 Hz
        sensor.update(1.0 if index // 25 % 2 else -1.0, 0.001)
        shown.append(abs(sensor.value))
    assert max(shown[500:]) < 0.3

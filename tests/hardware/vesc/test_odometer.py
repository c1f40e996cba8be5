from robolearn.hardware.vesc.odometer import Odometer

LARGEST, SMALLEST = 2**31 - 1, -(2**31)


def read(*readings):
    odometer = Odometer()
    for tachometer, tachometer_abs in readings:
        odometer.update(tachometer, tachometer_abs)
    return odometer.counts, odometer.restarts


def test_it_counts_from_the_first_reading():
    assert read((5000, 9000)) == (0, 0)
    assert read((5000, 9000), (5100, 9100), (5050, 9150)) == (50, 0)


def test_it_counts_over_the_wrap_both_ways():
    assert read((LARGEST, 10), (SMALLEST + 4, 15)) == (5, 0)
    assert read((SMALLEST, 10), (LARGEST - 4, 15)) == (-5, 0)
    assert read((100, LARGEST), (105, SMALLEST + 4)) == (5, 0)


def test_a_restart_is_seen_and_counting_goes_on():
    assert read((5000, 9000), (5100, 9100), (-20, 20)) == (80, 1)
    assert read((5000, 9000), (0, 0), (7, 7)) == (7, 1)

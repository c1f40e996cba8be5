"""Thousands of cycles on a bad line: no wrong value is ever accepted, and every miss is counted."""

import time

import pytest

from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.hardware.serial_link import LinkTimeoutError
from robolearn.plant import LagPlant
from tests.hardware.dynamixel.rig import run_rig

ACTUATORS = ("a", "b", "c", "d")
IDS = (1, 2, 3, 4)
# Prime, so that a position comes again only after so many cycles, long after the latest reply.
NUM_POSITIONS = 997


def encode(cycle, servo_id):
    """Where a servo stands in a cycle [steps]: unlike any other servo, and any cycle near by."""
    return servo_id * NUM_POSITIONS + (cycle * 389) % NUM_POSITIONS


def weather(tmp_path, num_cycles, **faults):
    """Reads the states so many times on a bad line; returns rig and number of cycles given up."""
    setups = dict(zip(IDS, map(ServoSetup, ACTUATORS), strict=True))
    plant = LagPlant(ACTUATORS)
    with run_rig(tmp_path, setups, plant, models={}, timeout_s=0.008) as rig:
        # Turned by hand, the limp servos stand where the cycle says.
        rig.bus.open(IDS)
        rig.bus.configure(IDS)
        counters = rig.bus.counters
        begun = (counters.requests, counters.timeouts)
        rig.call(lambda: rig.port.faults.change(**faults))
        failures = 0
        for cycle in range(num_cycles):
            expected = {key: encode(cycle, key) for key in IDS}

            def place(expected=expected):
                for key, actuator in zip(IDS, ACTUATORS, strict=True):
                    plant.place(actuator, setups[key].to_rad(expected[key]))

            rig.call(place)
            try:
                states = rig.bus.read_states(IDS)
            except LinkTimeoutError:
                failures += 1
                continue
            assert {key: state.position_steps for key, state in states.items()} == expected
        requests, timeouts = counters.requests - begun[0], counters.timeouts - begun[1]
        happened = dict(rig.port.happened)
        return counters, requests, timeouts, failures, happened


def check_books(num_cycles, counters, requests, timeouts, failures, happened):
    assert counters.failures == failures
    assert failures < num_cycles / 50  # retries save nearly all
    # A reply lost or damaged costs a request, though one request can lose several.
    struck = happened["lost"] + happened["corrupt"] + happened["late"]
    assert struck > num_cycles / 10
    assert struck / 4 < timeouts
    assert requests >= num_cycles + timeouts - failures
    assert counters.strays > 0
    assert counters.bad_frames > 0


def test_a_thousand_cycles_on_a_bad_line_yield_no_wrong_value(tmp_path):
    faults = {"lost": 0.02, "corrupt": 0.02, "late": 0.02, "late_s": 0.03}
    check_books(1_000, *weather(tmp_path, 1_000, **faults))


@pytest.mark.parametrize("late_s", [0.014, 0.03])
def test_replies_late_by_one_or_more_requests_are_never_taken_for_answers(tmp_path, late_s):
    counters, _, timeouts, failures, happened = weather(tmp_path, 80, late=0.3, late_s=late_s)
    assert happened["late"] > 50
    assert timeouts > 10
    assert counters.strays > 10
    assert failures < 40


def test_split_merged_and_dirty_replies_are_read(tmp_path):
    faults = {"split": 0.2, "garbage": 0.2}
    counters, _, timeouts, failures, _ = weather(tmp_path, 200, **faults)
    assert failures == 0
    assert counters.bad_frames > 20
    assert timeouts < 100


@pytest.mark.slow
def test_ten_thousand_cycles_on_a_bad_line_yield_no_wrong_value(tmp_path):
    faults = {"lost": 0.02, "corrupt": 0.02, "late": 0.02, "late_s": 0.03}
    start_s = time.monotonic()
    check_books(10_000, *weather(tmp_path, 10_000, **faults))
    print(f"{10_000 / (time.monotonic() - start_s):.0f} cycles/s")

"""Reading and commanding an arm over a line that loses, spoils and delays replies.

The servos stand where the number of reads asked so far puts them. So an answer to any earlier
question is recognised, also one to an earlier try of the same call.
"""

import time
from collections import Counter

import pytest

from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.faults import Faults
from robolearn.hardware.emulators.feetech import FeetechServos
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.hardware.feetech import registers as reg
from robolearn.hardware.feetech.bus import FeetechBus
from robolearn.hardware.feetech.protocol import FrameDecoder, Instruction
from robolearn.hardware.serial_link import LinkTimeoutError
from robolearn.hardware.servo_bus import STEPS_PER_TURN
from robolearn.plant import LagPlant
from tests.hardware.feetech.conftest import IDS, SETUPS

TIMEOUT_S = 0.004
# Past the deadline of its own question, in the middle of later ones.
LATENESSES_S = (0.007, 0.008, 0.011, 0.017)


def expected_steps(servo_id, num_reads):
    return (num_reads + 600 * servo_id) % STEPS_PER_TURN


class CountingServos(FeetechServos):
    """Servos that move on with every read they are asked for."""

    def __init__(self, plant, servos):
        super().__init__(plant, servos)
        self.plant = plant
        self.num_reads = 0
        self._requests = FrameDecoder()

    def receive(self, data, now_s):
        for request in self._requests.feed(data):
            if request.code in (Instruction.READ, Instruction.SYNC_READ):
                self.num_reads += 1
                for servo_id, setup in SETUPS.items():
                    steps = expected_steps(servo_id, self.num_reads)
                    self.plant.place(setup.actuator, setup.to_rad(steps))
        return super().receive(data, now_s)


class Storm:
    """Control cycles, with every single answer looked at."""

    def __init__(self, port, emulation, bus):
        self.port, self.emulation, self.bus = port, emulation, bus
        self.seen = Counter()
        self._read_once = bus._access._read_once
        bus._access._read_once = self.read_once

    def read_once(self, servo_ids, address, num_bytes, length):
        """One try, as the bus makes it; all it takes for an answer must be one to this question."""
        answers = self._read_once(servo_ids, address, num_bytes, length)
        num_reads = self.port.device.num_reads
        for servo_id, stretch in answers.items():
            assert stretch.get(reg.PRESENT_POSITION) == expected_steps(servo_id, num_reads)
        self.seen["tries"] += 1
        self.seen["incomplete"] += len(answers) < len(servo_ids)
        self.seen["missing"] += len(servo_ids) - len(answers)
        return answers

    def run(self, num_cycles):
        for cycle in range(num_cycles):
            self.port.faults.late_s = LATENESSES_S[cycle % len(LATENESSES_S)]
            try:
                states = self.bus.read_states(IDS)
            except LinkTimeoutError:
                self.seen["failures"] += 1
            else:
                assert tuple(states) == IDS
                assert all(state.faults == () for state in states.values())
            goals = {servo_id: (cycle + servo_id) % STEPS_PER_TURN for servo_id in IDS}
            self.bus.write_goals(goals)
        self.port.faults.change(lost=0.0, corrupt=0.0, late=0.0, garbage=0.0, split=0.0, merged=0.0)
        time.sleep(2 * max(LATENESSES_S))
        self.bus.read_states(IDS)
        assert {i: self.port.device.servos[i].get(reg.GOAL_POSITION) for i in IDS} == goals


@pytest.fixture
def make_storm(tmp_path):
    plant = LagPlant(tuple(setup.actuator for setup in SETUPS.values()))
    port = EmulatedPort(CountingServos(plant, SETUPS), tmp_path / "arm", Faults())
    bus = FeetechBus(str(port.path), num_retries=5)

    with Emulation(plant, [port]) as emulation:

        def make(**faults):
            bus.open(IDS)
            bus._access._timeout_s = TIMEOUT_S
            storm = Storm(port, emulation, bus)
            emulation.call(lambda: port.faults.change(**faults))
            return storm

        yield make
        bus.close()


def check_counts(storm):
    """Every miss was counted, and what went wrong on the line explains them."""
    counters, happened = storm.bus.counters, storm.port.happened
    assert counters.requests == storm.seen["tries"]
    assert counters.timeouts == storm.seen["incomplete"]
    assert counters.failures == storm.seen["failures"]
    # A lost or a corrupt reply is never an answer.
    assert storm.seen["missing"] >= happened["lost"] + happened["corrupt"]
    assert min(happened[name] for name in ("lost", "corrupt", "late")) > 0
    assert counters.strays > 0
    assert counters.bad_frames > 0


def test_a_thousand_cycles_of_lost_corrupt_and_late_replies(make_storm):
    storm = make_storm(lost=0.02, corrupt=0.02, late=0.02)
    storm.run(1_000)
    check_counts(storm)


@pytest.mark.slow
def test_ten_thousand_cycles_of_lost_corrupt_and_late_replies(make_storm):
    storm = make_storm(lost=0.02, corrupt=0.02, late=0.02)
    storm.run(10_000)
    check_counts(storm)


def test_split_and_merged_replies_and_garbage_on_top(make_storm):
    faults = dict.fromkeys(("lost", "corrupt", "late", "split", "merged", "garbage"), 0.02)
    storm = make_storm(**faults)
    storm.run(300)
    check_counts(storm)
    assert min(storm.port.happened[name] for name in ("split", "merged", "garbage")) > 0


def test_late_replies_alone_are_all_dropped(make_storm):
    storm = make_storm(late=0.1)
    storm.run(300)
    counters = storm.bus.counters
    assert storm.seen["missing"] > 50
    # All that was missed came later and was dropped. What comes while nobody waits may be cut in
    # two by the next question, and then is damage.
    assert counters.strays <= storm.seen["missing"] <= counters.strays + counters.bad_frames


def test_without_the_length_of_reads_late_replies_would_be_taken_for_answers(make_storm):
    """That the storm notices wrong values at all."""
    storm = make_storm(late=0.1)
    storm.bus._access._lengths.choose = lambda lengths: lengths[0]
    with pytest.raises(AssertionError):
        storm.run(1_000)

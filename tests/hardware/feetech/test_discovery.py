import pytest

from robolearn.errors import RobotError
from robolearn.hardware.feetech import discovery
from robolearn.hardware.feetech import registers as reg
from robolearn.hardware.feetech.bus import FeetechBus
from tests.hardware.feetech.conftest import IDS, set_saved


@pytest.fixture
def closed_bus(arm):
    bus = FeetechBus(arm.path, timeout_s=0.02, num_retries=5)
    yield bus
    bus.close()


@pytest.fixture
def few_ids(monkeypatch):
    """Keeps scans short, and patient with a busy machine."""
    monkeypatch.setattr(discovery, "LARGEST_ID", 12)
    monkeypatch.setattr(discovery, "SCAN_TIMEOUT_S", 0.05)


def refuse(bus, words, servo_ids=IDS):
    with pytest.raises(RobotError, match=words):
        bus.open(servo_ids)
    # Half open is closed.
    with pytest.raises(RobotError, match="not open"):
        bus.read_states(servo_ids)


@pytest.mark.usefixtures("few_ids")
def test_a_missing_servo_is_named_with_those_that_are_there(arm, closed_bus):
    arm.change(4, dead=True)
    refuse(closed_bus, r"servo 4 on .* is missing; found: 1 \(STS3215\), 2 \(STS3215\), 3")


@pytest.mark.usefixtures("few_ids")
def test_servos_that_do_not_exist_are_named(closed_bus):
    refuse(closed_bus, r"servos 17, 18 on .* is missing; found: 1 ", (17, 18))


@pytest.mark.usefixtures("few_ids")
def test_when_nothing_answers_the_other_baud_rates_are_named(arm, closed_bus):
    for servo_id in IDS:
        arm.change(servo_id, dead=True)
    refuse(closed_bus, r"no servo answers on .* at 1000000 baud: .* \(else 500000, 250000, ")


@pytest.mark.usefixtures("few_ids")
def test_a_wrong_baud_rate_is_silence(arm):
    bus = FeetechBus(arm.path, baud_rate=115_200, timeout_s=0.02)
    refuse(bus, r"no servo answers on .* at 115200 baud: .* \(else 1000000, 500000, ")


@pytest.mark.parametrize("delay", [250, 0], ids=["doubled", "garbled"])
def test_two_servos_with_one_id_are_noticed(arm, closed_bus, delay):
    """With other delays both are heard, with equal ones their replies collide."""

    def give_five_the_id_of_two():
        arm.plant.place("joint5", 1.0)
        set_saved(arm.device.servos[5], reg.ID, 2)
        set_saved(arm.device.servos[5], reg.RETURN_DELAY, delay)
        set_saved(arm.device.servos[2], reg.RETURN_DELAY, 0)

    arm.call(give_five_the_id_of_two)
    refuse(closed_bus, r"two servos on .* answer to id 2 and none to 5: leave one of them alone")


def test_a_line_on_which_every_reply_is_spoilt_is_not_taken_for_many_twins(arm, closed_bus):
    arm.call(lambda: arm.port.faults.change(corrupt=1.0))
    refuse(closed_bus, r"every reply on .* is garbled or doubled: look for noise")


def test_some_noise_does_not_keep_it_from_opening(arm, closed_bus):
    arm.call(lambda: arm.port.faults.change(corrupt=0.1, lost=0.1))
    closed_bus.open(IDS)
    assert tuple(closed_bus.read_states(IDS)) == IDS


def test_an_unknown_model_is_refused(arm, closed_bus):
    arm.set(3, reg.MODEL, 1284)
    refuse(closed_bus, r"servo 3 on .* is of model 1284; known: 777 \(STS3215\)")


def test_mixed_firmware_is_refused(arm, closed_bus):
    arm.set(6, reg.FIRMWARE_MINOR, 9)
    refuse(closed_bus, r"different firmware \(1: 3.10, .* 6: 3.9\)")


@pytest.mark.usefixtures("few_ids")
def test_a_scan_finds_servos_of_any_id_and_model(arm, closed_bus):
    arm.set(1, reg.ID, 0)
    arm.set(2, reg.ID, 12)
    arm.set(2, reg.MODEL, 9)
    closed_bus.open([])
    found = closed_bus.scan()
    assert found == {
        **dict.fromkeys((0, 3, 4, 5, 6), "STS3215"),
        12: "unknown model 9",
    }


@pytest.mark.usefixtures("few_ids")
def test_a_scan_of_an_empty_line_finds_nobody(arm, closed_bus):
    for servo_id in IDS:
        arm.change(servo_id, dead=True)
    closed_bus.open([])
    assert closed_bus.scan() == {}

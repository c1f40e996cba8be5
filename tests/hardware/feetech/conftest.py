"""An arm of six emulated servos on a pseudo-terminal, and the bus that drives it."""

from dataclasses import dataclass

import pytest

from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.feetech import FeetechServos
from robolearn.hardware.emulators.feetech_servo import FeetechServo
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.hardware.feetech.bus import FeetechBus
from robolearn.plant import LagPlant

IDS = (1, 2, 3, 4, 5, 6)
# A busy machine may stand still for a tenth of a second; that is not what is tested here.
MANY_RETRIES = 20

SETUPS = {
    servo_id: ServoSetup(f"joint{servo_id}", direction=1 if servo_id % 2 else -1)
    for servo_id in IDS
}


@dataclass
class Arm:
    plant: LagPlant
    device: FeetechServos
    port: EmulatedPort
    emulation: Emulation

    @property
    def path(self) -> str:
        return str(self.port.path)

    def call(self, function):
        return self.emulation.call(function)

    def change(self, servo_id, **attributes):
        """Changes a servo while the emulation stands still."""
        self.call(lambda: vars(self.device.servos[servo_id]).update(attributes))

    def set(self, servo_id, register, value):
        """Writes a register as if it had been saved long ago."""
        self.call(lambda: set_saved(self.device.servos[servo_id], register, value))

    def get(self, servo_id, register):
        return self.call(lambda: self.device.servos[servo_id].get(register))


def set_saved(servo: FeetechServo, register, value):
    memory = bytearray(servo._saved)
    servo._set(register, value)
    if register.address < len(memory):
        memory[register.address : register.end] = register.encode(value)
        servo._saved = bytes(memory)


@pytest.fixture
def arm(tmp_path):
    plant = LagPlant(tuple(setup.actuator for setup in SETUPS.values()))
    device = FeetechServos(plant, SETUPS)
    port = EmulatedPort(device, tmp_path / "arm", baud_rate=1_000_000)
    with Emulation(plant, [port]) as emulation:
        yield Arm(plant, device, port, emulation)


@pytest.fixture
def bus(arm):
    bus = FeetechBus(arm.path, timeout_s=0.01, num_retries=MANY_RETRIES)
    bus.open(IDS)
    yield bus
    bus.close()

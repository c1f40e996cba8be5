"""Emulated servos in real time with our bus at the other end of a pseudo-terminal."""

import contextlib
import time
from dataclasses import dataclass

from robolearn.hardware.dynamixel.bus import DynamixelBus
from robolearn.hardware.emulators.dynamixel import DynamixelServos
from robolearn.hardware.emulators.emulation import Emulation
from robolearn.hardware.emulators.port import EmulatedPort
from robolearn.hardware.emulators.servo_setup import ServoSetup
from robolearn.plant import LagPlant

ACTUATORS = ("shoulder", "elbow", "gripper")
IDS = (1, 2, 3)
# As on a Koch: a big servo without a current sensor first, a gripper last.
MODELS = {1: "XL430-W250", 2: "XL330-M288", 3: "XL330-M288"}


@dataclass
class Rig:
    plant: LagPlant
    device: DynamixelServos
    port: EmulatedPort
    emulation: Emulation
    bus: DynamixelBus

    def call(self, function):
        return self.emulation.call(function)

    def place(self, actuator, steps):
        """Turns an actuator by hand to where its servo stands at so many steps."""
        setup = ServoSetup(actuator)
        self.call(lambda: self.plant.place(actuator, setup.to_rad(steps)))

    def measure(self, actuator):
        """Returns where the servo of an actuator really stands [steps]."""
        setup = ServoSetup(actuator)
        return self.call(lambda: setup.to_steps(self.plant.measure(actuator).position_rad))

    def get(self, servo_id, register):
        return self.call(lambda: self.device.servos[servo_id].get(register))

    def arm(self, ids=IDS):
        """Takes the servos from found to holding, in the order of an arm."""
        self.bus.configure(ids)
        states = self.bus.read_states(ids)
        self.bus.write_goals({key: state.position_steps for key, state in states.items()})
        self.bus.set_torque(ids, True)

    def wait_until(self, condition, timeout_s=5.0):
        """Waits until a condition holds inside the standing emulation."""
        deadline_s = time.monotonic() + timeout_s
        while not self.call(condition):
            assert time.monotonic() < deadline_s, "it never happened"
            time.sleep(0.005)


@contextlib.contextmanager
def run_rig(tmp_path, setups=None, plant=None, models=MODELS, **bus_settings):
    """Yields a running rig whose bus is closed yet."""
    plant = plant or LagPlant(ACTUATORS, time_constant_s=0.01)
    setups = setups or dict(zip(IDS, map(ServoSetup, ACTUATORS), strict=True))
    device = DynamixelServos(plant, setups, models)
    port = EmulatedPort(device, tmp_path / "port")
    # More patience than usual, for machines that do other things as well.
    bus_settings = {"grippers": [3], "timeout_s": 0.15, **bus_settings}
    bus = DynamixelBus(str(port.path), **bus_settings)
    with Emulation(plant, [port]) as emulation, contextlib.closing(bus):
        yield Rig(plant, device, port, emulation, bus)

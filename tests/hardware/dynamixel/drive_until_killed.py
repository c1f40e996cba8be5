"""Moves the first servo slowly for ever, as a host that is about to die: `… PORT`."""

import sys
import time

from robolearn.hardware.dynamixel.bus import DynamixelBus

IDS = (1, 2, 3)


def main() -> None:
    bus = DynamixelBus(sys.argv[1], grippers=[3], timeout_s=0.15, goal_speed_radps=0.5)
    bus.open(IDS)
    bus.configure(IDS)
    states = bus.read_states(IDS)
    bus.write_goals({key: state.position_steps for key, state in states.items()})
    bus.set_torque(IDS, True)
    bus.set_watchdog(IDS, 0.8)
    print("moving", flush=True)
    while True:
        bus.write_goals({1: 3500})
        bus.read_states(IDS)
        time.sleep(0.02)


if __name__ == "__main__":
    main()

"""Drives a car until it is killed. Started by `test_rc_car.py`, never imported."""

import sys

import numpy as np

from robolearn.hardware.rc_car import RcCar


def main(port: str) -> None:
    with RcCar(port) as car:
        print("drives", flush=True)
        while True:
            deadline_s = car.clock.now_s() + car.control_period_s
            car.send_action(np.array([0.1, 2.0], np.float32))
            car.clock.sleep_until(deadline_s)
            car.get_observation()


main(sys.argv[1])

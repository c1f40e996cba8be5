"""Waiting for what threads and processes do in their own time."""

import time

PATIENCE_S = 10.0


def wait_until(is_true):
    end_s = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < end_s, "it never became true"
        time.sleep(0.005)

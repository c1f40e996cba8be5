import os
import signal
import threading

import pytest

from robolearn.hardware.interrupts import hold_back_interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_block_is_finished_and_then_it_is_raised(number):
    heard, done = [], []
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        finish_although(number, heard, done)
    assert heard == ["heard"]
    assert done == ["all"]
    assert signal.getsignal(number) == before


def finish_although(number, heard, done):
    with hold_back_interrupts(lambda: heard.append("heard")) as held:
        assert not held.requested
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert held.requested
        done.append("all")


def test_without_an_interrupt_nothing_is_raised():
    with hold_back_interrupts(lambda: None) as held:
        pass
    assert not held.requested


def test_an_error_of_the_block_is_not_hidden_by_the_interrupt():
    with pytest.raises(ValueError, match="block"):
        fail_when_interrupted()


def fail_when_interrupted():
    with hold_back_interrupts(lambda: None):
        os.kill(os.getpid(), signal.SIGINT)
        raise ValueError("block")


def test_what_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with hold_back_interrupts(lambda: None) as held:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not held.requested
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_outside_the_main_thread_it_does_nothing():
    seen = []

    def look():
        with hold_back_interrupts(lambda: None) as held:
            seen.append(held.requested)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [False]

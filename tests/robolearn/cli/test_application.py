import multiprocessing
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from robolearn.cli.application import exit_on_signals, shorten


def test_a_folder_below_this_one_is_shown_as_a_person_would_type_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shorten(tmp_path / "runs" / "a") == Path("runs/a")
    assert shorten(tmp_path) == Path()
    assert shorten(Path("/elsewhere")) == Path("/elsewhere")


def wait_for_line(child):
    """Returns the next line of a child, which must come."""
    line = child.stdout.readline()
    assert line, child.stderr.read()
    return line.strip()


CHILD = """
import os, sys, time
from robolearn.cli.application import exit_on_signals

try:
    with exit_on_signals():
        print("running", flush=True)
        time.sleep(60)
finally:
    print("closed", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_closes_what_is_open(number):
    command = [sys.executable, "-c", CHILD]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert wait_for_line(child) == "running"
        child.send_signal(number)
        assert wait_for_line(child) == "closed"
        assert child.wait(timeout=30) == 128 + number


def test_sigterm_works_as_before_once_the_command_is_done():
    before = signal.getsignal(signal.SIGTERM)
    with exit_on_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_below_nohup_a_command_outlives_its_terminal():
    command = ["nohup", sys.executable, "-c", CHILD.replace("sleep(60)", "sleep(1)")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert wait_for_line(child) == "running"
        child.send_signal(signal.SIGHUP)
        assert wait_for_line(child) == "closed"
        assert child.wait(timeout=30) == 0


def set_and_sleep(running):
    running.set()
    time.sleep(60)


def test_a_forked_child_of_a_command_dies_of_sigterm_at_once():
    with exit_on_signals():
        context = multiprocessing.get_context("fork")
        running = context.Event()
        child = context.Process(target=set_and_sleep, args=(running,))
        child.start()
        assert running.wait(timeout=30)
        child.terminate()
        child.join(timeout=30)
    assert child.exitcode == -signal.SIGTERM


def test_outside_the_main_thread_nothing_is_installed():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def look():
        with exit_on_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]

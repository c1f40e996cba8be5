from __future__ import annotations

import io
from pathlib import Path

import pytest

from robolearn.cli.progress import ProgressBar, TrainingProgress, format_duration


class Terminal(io.StringIO):
    def isatty(self):
        return True


class FakeClock:
    def __init__(self):
        self.time_s = 100.0

    def __call__(self):
        return self.time_s


def test_without_a_terminal_lines_come_every_few_seconds_and_at_the_end():
    stream, clock = io.StringIO(), FakeClock()
    with ProgressBar("record", 40, "episodes", stream=stream, now_s=clock) as bar:
        for index in range(40):
            clock.time_s += 0.5
            bar.advance(note=f"{index + 1} succeeded")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "record: 10/40 episodes, 2.0/s, 0:15 left, 10 succeeded"
    assert lines[-1] == "record: 40/40 episodes, 2.0/s, took 0:20, 40 succeeded"
    assert len(lines) == 5
    assert "\x1b" not in stream.getvalue()


def test_slow_units_are_given_in_seconds_each():
    clock = FakeClock()
    with ProgressBar("evaluate", 3, "episodes", stream=io.StringIO(), now_s=clock) as bar:
        clock.time_s += 4
        bar.advance()
        assert bar.describe() == "1/3 episodes, 4.0 s each, 0:08 left"


def test_rate_leaves_out_what_was_done_before_a_resume():
    clock = FakeClock()
    stream = io.StringIO()
    with ProgressBar("train", 100, "updates", completed=50, stream=stream, now_s=clock) as bar:
        assert bar.describe() == "50/100 updates"
        clock.time_s += 1
        bar.advance(10)
        assert bar.describe() == "60/100 updates, 10.0/s, 0:04 left"


def test_a_job_cut_short_says_how_far_it_came():
    stream = io.StringIO()

    def interrupt():
        with ProgressBar("record", 40, "episodes", stream=stream) as bar:
            bar.advance(7)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert stream.getvalue().startswith("record: 7/40 episodes")


def test_a_terminal_gets_a_bar_that_takes_notes_literally(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    with ProgressBar("record", 4, "episodes", stream=stream) as bar:
        bar.advance(4, note="store [red]x[/red]")
    assert "\x1b" in stream.getvalue()
    assert "4/4 episodes" in stream.getvalue()
    assert "[red]x[/red]" in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (0.2, "0:00"), (59.6, "1:00"), (3725, "1:02:05")]
)
def test_durations_are_rounded_to_seconds(seconds, text):
    assert format_duration(seconds) == text


def test_training_progress_shows_both_losses():
    stream = io.StringIO()
    progress = TrainingProgress(stream, interval_s=0.0)
    progress.on_start(0, 2)
    progress.on_update(1, {"loss": 0.5})
    progress.on_validation(1, {"loss": 0.25})
    progress.on_checkpoint(1, Path("c"))
    progress.on_update(2, {"loss": 0.4})
    progress.on_end(None)
    progress.close()
    lines = stream.getvalue().splitlines()
    assert "1/2 updates" in lines[0]
    assert "validation" not in lines[0]
    assert lines[1].endswith("loss 0.4, validation loss 0.25")

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from robolearn.embodiments.so101 import SO101
from robolearn.environment import Environment
from robolearn.errors import RobolearnError
from robolearn.evaluation import EpisodeWorker, run_seeds
from robolearn.worker_process import WorkerError, WorkerTraceback

HERE = Path(__file__).parent


@pytest.fixture(name="workers", autouse=True)
def _workers(monkeypatch):
    """The module of workers, on a path that spawned processes take over from this one."""
    monkeypatch.syspath_prepend(str(HERE))
    import seed_workers

    yield seed_workers
    assert multiprocessing.active_children() == []


def test_any_number_of_workers_gives_the_same_results_in_the_order_of_seeds(workers):
    seeds = [9, 4, 7, 1, 8, 2, 11, 30]
    runs = [run_seeds(workers.RandomWorker, seeds, n) for n in (0, 1, 3)]
    assert runs[0] == runs[1] == runs[2]
    assert list(runs[2].results) == seeds
    assert [result.seed for result in runs[2].results.values()] == seeds
    assert runs[2].missing == ()
    assert not runs[2].interrupted


def test_episodes_of_an_environment_are_run_by_seed(workers):
    results = run_seeds(workers.make_counting_worker, [3, 4, 100], 2).results
    assert [r.seed for r in results.values()] == [3, 4, 100]
    assert [r.num_steps for r in results.values()] == [3, 4, round(1.0 / SO101.control_period_s)]
    assert [r.success for r in results.values()] == [True, False, False]
    assert [r.truncated for r in results.values()] == [False, False, True]


def test_closing_an_episode_worker_closes_its_robot(workers):
    robot = workers.CountingRobot()
    environment = Environment(robot, workers.SeededTask())
    EpisodeWorker(environment, workers.StillPolicy()).close()
    assert robot.closed


def test_each_result_is_told_as_soon_as_it_is_there(workers):
    told = []
    run = run_seeds(workers.RandomWorker, range(6), 2, lambda seed, _: told.append(seed))
    assert sorted(told) == list(range(6)) == list(run.results)


def test_seeds_are_shared_among_processes_with_one_thread_each(workers, tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    make_worker = functools.partial(workers.ProcessWorker, str(tmp_path), 2)
    results = run_seeds(make_worker, range(8), 2).results
    assert {threads for _, threads in results.values()} == {"1"}
    process_ids = {process_id for process_id, _ in results.values()}
    assert len(process_ids) == 2
    assert os.getpid() not in process_ids


def test_no_more_workers_are_started_than_there_are_seeds(workers, tmp_path):
    assert run_seeds(workers.RandomWorker, [], 4).results == {}
    run_seeds(functools.partial(workers.ProcessWorker, str(tmp_path), 1), [1], 4)
    assert len(list(tmp_path.iterdir())) == 1


def test_an_exception_names_its_seed_and_stops_the_others(workers, tmp_path):
    make_worker = functools.partial(workers.FailingWorker, str(tmp_path))
    told = []
    started_s = time.monotonic()
    with pytest.raises(WorkerError, match=r"at seed 3.*SpecError: action: gripper = nan") as info:
        run_seeds(make_worker, [4, 1, 2, 3], 2, lambda seed, _: told.append(seed))
    assert time.monotonic() - started_s < 30
    assert info.value.job == 3
    assert isinstance(info.value.__cause__, WorkerTraceback)
    assert "seed_workers.py" in str(info.value.__cause__)
    assert told == [1, 2]
    # Both were closed in order, the one that was stopped amid seed 4 too.
    assert len(list(tmp_path.glob("closed-*"))) == 2


def test_an_exception_in_this_process_names_its_seed(workers, tmp_path):
    with pytest.raises(WorkerError, match="seed 3 failed: "):
        run_seeds(functools.partial(workers.FailingWorker, str(tmp_path)), [1, 3], 0)
    assert len(list(tmp_path.glob("closed-*"))) == 1


def test_a_killed_worker_is_reported_by_name_and_does_not_hang(workers):
    with pytest.raises(WorkerError, match=r"worker \d \(at seed 2\) was killed by SIGKILL") as info:
        run_seeds(workers.KilledWorker, range(4), 2)
    assert info.value.job == 2


def test_a_result_that_cannot_be_sent_names_its_seed(workers):
    with pytest.raises(WorkerError, match="at seed 5"):
        run_seeds(workers.UnsendableWorker, [5], 1)


def test_a_worker_that_cannot_be_built_or_closed_is_an_error(workers):
    with pytest.raises(WorkerError, match=r"outside any seed.*no such camera"):
        run_seeds(workers.fail_to_build, [0, 1], 2)
    with pytest.raises(WorkerError, match=r"outside any seed.*No space left"):
        run_seeds(workers.FailsToCloseWorker, [0, 1], 2)


def test_an_error_in_the_callback_stops_the_workers(workers):
    def refuse(seed, result):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run_seeds(workers.RandomWorker, range(20), 2, refuse)


def test_a_seed_given_twice_is_refused(workers):
    with pytest.raises(RobolearnError, match=r"come twice: \[3\]"):
        run_seeds(workers.RandomWorker, [3, 1, 3], 1)


def test_an_interrupt_keeps_what_is_finished(workers, tmp_path):
    """Ctrl-C goes to the whole process group, as a terminal sends it."""
    script = tmp_path / "interrupted.py"
    script.write_text(
        "import functools, sys\n"
        f"sys.path.insert(0, {str(HERE)!r})\n"
        "import seed_workers\n"
        "from robolearn.evaluation import run_seeds\n"
        "if __name__ == '__main__':\n"
        f"    make = functools.partial(seed_workers.FailingWorker, {str(tmp_path)!r})\n"
        "    run = run_seeds(make, [1, 2, 7, 8], 2)\n"
        "    print(run.results, run.missing, run.interrupted)\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for _ in range(400):
        if all((tmp_path / f"started-{seed}").exists() for seed in (7, 8)):
            break
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert output.strip() == "{1: 1, 2: 2} (7, 8) True"
    assert errors == ""
    assert process.returncode == 0
    assert len(list(tmp_path.glob("closed-*"))) == 2


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_seed_that_on_result_returns_is_run_too(workers, num_workers):
    further = iter(range(100, 103))

    def retry(seed, result):
        return next(further) if seed in (1, 3, 100) else None

    run = run_seeds(workers.RandomWorker, range(4), num_workers, retry)
    assert list(run.results) == [0, 1, 2, 3, 100, 101, 102]
    assert run.missing == ()

"""Meta-World from the command line: the comparison, and demonstrations by its own policies."""

import json

import pytest

from robolearn.cli.benchmark_metaworld import make_table
from robolearn.cli.main import main
from robolearn.datasets.store import EpisodeStore

ROW = {
    "episodes": 3,
    "successes": 2,
    "own_successes": 3,
    "same_returns": 1,
    "steps_per_s": 612.4,
    "own_steps_per_s": 700.0,
}


def test_the_table_has_a_line_for_each_task_and_the_total():
    table = make_table({"reach-v3": ROW, "total": {**ROW, "episodes": 6}})
    columns = [list(column.cells) for column in table.columns]
    assert columns[0] == ["reach-v3", "total"]
    assert columns[1] == ["2 of 3", "2 of 6"]
    assert columns[2][0] == "3 of 3"
    assert columns[3][0] == "1 of 3"
    assert columns[4][0] == "612"


def test_figures_are_printed_and_written_with_where_they_come_from(tmp_path, capsys):
    pytest.importorskip("metaworld", reason="Meta-World is not installed")
    path = tmp_path / "figures.json"
    words = ["tasks=[reach-v3]", "episodes=1", "workers=1", f"json={path}"]
    assert main(["benchmark", "metaworld", *words]) == 0
    assert "reach-v3" in capsys.readouterr().out
    figures = json.loads(path.read_text())
    assert figures["metaworld"]["reach-v3"]["same_returns"] == 1
    assert "metaworld" in figures["provenance"]["versions"]


def test_an_unknown_task_is_answered_with_the_nearest(capsys):
    assert main(["benchmark", "metaworld", "tasks=[door-opn-v3]"]) == 2
    assert "Did you mean 'door-open-v3'" in capsys.readouterr().err


def test_demonstrations_by_its_policies_are_stored_under_the_tasks_own_name(tmp_path, capsys):
    pytest.importorskip("metaworld", reason="Meta-World is not installed")
    words = ["robot=metaworld_sim", "task.name=button-press-v3", "episodes=2", "seed=50000"]
    assert main(["record", *words, f"dataset={tmp_path / 'store'}"]) == 0
    assert "kept 2 of 2" in capsys.readouterr().err
    store = EpisodeStore(tmp_path / "store")
    episodes = [episode.attributes for episode in store.iterate_episodes()]
    assert [episode.task for episode in episodes] == ["metaworld-button-press-v3-reward-v2"] * 2
    assert all(episode.success for episode in episodes)

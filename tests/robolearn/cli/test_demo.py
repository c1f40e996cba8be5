import pytest

from robolearn.cli import record
from robolearn.cli.choices import compose_config
from robolearn.cli.demo import clear_folder, make_stages
from robolearn.errors import RobolearnError


def test_stages_are_commands_that_exist_and_share_their_folders(tmp_path):
    words = ["seed=4", "demonstrations=7", "deployment_episodes=0"]
    stages = make_stages(compose_config("demo", words), tmp_path)
    assert [stage.name for stage in stages] == ["record", "train", "evaluate"]
    recorded, trained, evaluated = (compose_config(s.command, s.words) for s in stages)
    assert recorded.dataset == trained.dataset == str(tmp_path / "data")
    assert recorded.episodes == 7
    assert trained.seed == 4
    assert evaluated.checkpoint == trained.output


def test_training_starts_are_never_evaluated(tmp_path):
    record, _, evaluate = make_stages(compose_config("demo"), tmp_path)[:3]
    recorded = compose_config("record", record.words)
    evaluated = compose_config("evaluate", evaluate.words)
    most_tries = 20 * recorded.episodes
    assert recorded.seed + most_tries < evaluated.seed


def test_the_trained_policy_is_deployed_last(tmp_path):
    words = ["deployment_episodes=2", "deployment=['task=stack','robot=so101_sim']"]
    stages = make_stages(compose_config("demo", words), tmp_path)
    evaluated, deployed = (compose_config(s.command, s.words) for s in stages[2:])
    assert [stage.name for stage in stages[2:]] == ["evaluate", "deployment"]
    assert deployed.checkpoint == evaluated.checkpoint
    assert deployed.output == str(tmp_path / "deployment")
    assert deployed.episodes == 2
    assert deployed.seed == evaluated.seed  # the same starts, as far as they go
    assert deployed.task.name == "stack"


def test_the_deployment_speaks_the_protocol_of_the_twins_motors():
    config = compose_config("demo")
    assert config.deployment_episodes == 3
    assert {"robot=so101", "port=twin", "scene=twin"} <= set(config.deployment)


def test_an_earlier_demo_is_cleared(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "zarr.json").touch()
    (tmp_path / "report.html").touch()
    clear_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(RobolearnError, match=r"thesis\.tex"):
        clear_folder(tmp_path)
    assert (tmp_path / "data").is_dir()


def test_an_interrupted_recording_ends_the_demo(tmp_path, monkeypatch):
    stage = make_stages(compose_config("demo", ["demonstrations=5"]), tmp_path)[0]
    monkeypatch.setattr(record, "record", lambda config: record.Recording(kept=3, tried=3))
    with pytest.raises(KeyboardInterrupt):
        stage.run(compose_config("record", stage.words), tmp_path)

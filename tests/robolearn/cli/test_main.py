import subprocess
import sys
import time

import pytest

from robolearn.cli.commands import COMMANDS
from robolearn.cli.main import find_command, main, to_overrides
from robolearn.errors import RobolearnError, UnknownNameError


def test_help_lists_every_command(capsys):
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in COMMANDS)


def test_top_level_help_imports_nothing_heavy():
    code = (
        "import sys; from robolearn.cli.main import main; main(['--help']);"
        "heavy = {'hydra', 'torch', 'mujoco', 'zarr', 'numpy', 'rich'} & set(sys.modules);"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command_shows_its_options_and_choices(name, capsys):
    assert main([*name.split(), "--help"]) == 0
    printed = capsys.readouterr().out
    assert COMMANDS[name].summary in printed
    assert "options" in printed


def test_help_of_train_lists_the_policies(capsys):
    main(["train", "--help"])
    printed = capsys.readouterr().out
    assert "bc_images (default)" in printed
    assert "bc_state" in printed
    assert "[required]" in printed


def test_unknown_command_names_the_nearest(capsys):
    assert main(["trian"]) == 2
    assert "Did you mean 'train'?" in capsys.readouterr().err


def test_half_a_two_word_command_lists_its_other_halves(capsys):
    assert main(["benchmark"]) == 2
    assert "benchmark sim, benchmark vector, benchmark dataset" in capsys.readouterr().err


def test_a_wrong_second_word_names_the_nearest_pair():
    with pytest.raises(UnknownNameError, match="dataset check"):
        find_command(["dataset", "chek"])


@pytest.mark.parametrize(
    ("words", "overrides"),
    [
        (["--json", "a.json"], ["json=a.json"]),
        (["--json=a.json"], ["json=a.json"]),
        (["--checkpoint-every", "5"], ["checkpoint_every=5"]),
        (["folder"], ["dataset=folder"]),
        (["-m", "seed=0,1"], ["-m", "seed=0,1"]),
        (["--multirun", "--seed", "0,1"], ["--multirun", "seed=0,1"]),
        (["--cfg", "job"], ["--cfg", "job"]),
        (["~robot"], ["~robot"]),
    ],
)
def test_words_become_overrides(words, overrides):
    assert to_overrides(words, "dataset") == overrides


def test_a_bare_word_where_none_is_meant_is_refused():
    with pytest.raises(RobolearnError, match="'folder' is not an option"):
        to_overrides(["folder"], "")


def test_an_option_without_a_value_is_refused():
    with pytest.raises(RobolearnError, match="--json needs a value"):
        to_overrides(["--json"], "")


def test_running_as_a_module_reports_bad_input_with_status_2():
    started_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "robolearn.cli.main", "train", "datset=x"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "Did you mean 'dataset'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - started_s < 60

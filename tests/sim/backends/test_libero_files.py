import os
import pickle
import sys
import zipfile

import numpy as np
import pytest
import yaml

from robolearn.errors import MissingDependencyError, RobolearnError, UnknownNameError
from robolearn.sim.backends import libero_files
from robolearn.sim.backends.libero_files import (
    CONFIG_VARIABLE,
    ensure_config,
    find_package_folder,
    list_tasks,
    read_init_states,
    read_instruction,
)

STATES = np.arange(12.0).reshape(3, 4)


class Malice:
    """Runs a command when it is unpickled."""

    def __reduce__(self):
        return print, ("it ran",)


class Tensor:
    """Is stored as torch stores a tensor: by a reference to another file in the archive."""


class TensorPickler(pickle.Pickler):
    def persistent_id(self, value):
        return "storage" if isinstance(value, Tensor) else None


def write_states(path, value, pickler=pickle.Pickler, protocol=2):
    """Writes a value the way `torch.save` does."""
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("archive/data.pkl", "w") as file:
            pickler(file, protocol).dump(value)
        archive.writestr("archive/version", "3\n")
    return path


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of LIBERO's shape on the path, without anything that could be run."""
    folder = tmp_path / "site" / "libero" / "libero"
    (folder / "bddl_files").mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "benchmark").mkdir()
    (folder / "benchmark" / "__init__.py").write_text("raise ImportError('no torch')\n")
    tasks = {"libero_goal": ["b", "a"]}
    (folder / "benchmark" / "libero_suite_task_map.py").write_text(f"libero_task_map = {tasks}\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "libero", raising=False)
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "looked_in"))
    return folder


def test_the_package_is_found_without_importing_it(package):
    assert find_package_folder() == package
    assert "libero" not in sys.modules


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(libero_files.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="an environment of its own"):
        find_package_folder()


def test_a_configuration_is_written_where_the_user_says_and_found_there(package, tmp_path):
    path = ensure_config(tmp_path / "mine", package)
    assert path == tmp_path / "mine" / "config.yaml"
    assert os.environ[CONFIG_VARIABLE] == str(path.parent)
    paths = yaml.safe_load(path.read_text())
    assert paths["init_states"] == str(package / "init_files")
    assert paths.keys() == {"benchmark_root", "bddl_files", "init_states", "datasets", "assets"}


def test_a_configuration_that_is_there_is_left_alone(package, tmp_path):
    path = tmp_path / "looked_in" / "config.yaml"
    path.parent.mkdir()
    path.write_text("datasets: /elsewhere\n")
    assert ensure_config(None, package) == path
    assert ensure_config(path.parent, package) == path
    assert path.read_text() == "datasets: /elsewhere\n"


def test_nothing_is_written_or_asked_unless_the_user_says_where(package, tmp_path):
    with pytest.raises(RobolearnError, match=r"task\.config_folder="):
        ensure_config(None, package)
    assert not (tmp_path / "looked_in").exists()


def test_tasks_are_listed_in_liberos_order_without_torch(package):
    assert list_tasks("libero_goal", package) == ["b", "a"]
    with pytest.raises(UnknownNameError, match="Did you mean 'libero_goal'"):
        list_tasks("libero_gaol", package)


def test_the_instruction_is_read_from_the_description(tmp_path):
    path = tmp_path / "task.bddl"
    path.write_text("(define (problem x)\n  (:language Open the\n    drawer)\n  (:goal (And)))")
    assert read_instruction(path) == "Open the drawer"
    path.write_text("(define)")
    with pytest.raises(RobolearnError, match="nothing under :language"):
        read_instruction(path)


@pytest.mark.parametrize("protocol", [2, 4])
def test_stored_states_are_read_as_they_are(tmp_path, protocol):
    states = read_init_states(write_states(tmp_path / "a", STATES, protocol=protocol))
    assert np.array_equal(states, STATES)


def test_a_file_that_would_run_something_is_refused_and_runs_nothing(tmp_path, capsys):
    with pytest.raises(RobolearnError, match=r"asks for builtins\.print|asks for __builtin__"):
        read_init_states(write_states(tmp_path / "a", Malice()))
    assert capsys.readouterr().out == ""


def test_tensors_are_refused(tmp_path):
    with pytest.raises(RobolearnError, match="tensors"):
        read_init_states(write_states(tmp_path / "a", Tensor(), TensorPickler))


@pytest.mark.parametrize("value", [None, STATES[0], STATES[:0], np.array([["a"]])])
def test_anything_but_a_table_of_numbers_is_refused(tmp_path, value):
    with pytest.raises(RobolearnError, match=r"no (table of )?initial states"):
        read_init_states(write_states(tmp_path / "a", value))


def test_a_damaged_or_missing_file_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(RobolearnError, match="no initial states"):
        read_init_states(tmp_path / "a")
    with pytest.raises(RobolearnError, match="no initial states"):
        read_init_states(tmp_path / "b")

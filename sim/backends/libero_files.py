"""LIBERO's files, read without its own code: configuration, task lists, starts, instructions."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from robolearn.errors import MissingDependencyError, RobolearnError, UnknownNameError
from robolearn.specs import Array

CONFIG_VARIABLE = "LIBERO_CONFIG_PATH"
CONFIG_FILE = "config.yaml"
SUITES = ("libero_spatial", "libero_object", "libero_goal", "libero_90", "libero_10")
_RECONSTRUCT_ARRAY = np.zeros(0).__reduce__()[0]  # numpy's own, under whichever name it has here


def find_package_folder() -> Path:
    """Returns the folder of `libero.libero`, without importing it.

    Raises:
        MissingDependencyError: if LIBERO is not installed.
    """
    spec = importlib.util.find_spec("libero")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location) / "libero"
        if (folder / "bddl_files").is_dir():
            return folder
    raise MissingDependencyError(
        "LIBERO is not installed: it needs robosuite 1.4.0, hence an environment of its own; see"
        " docs/suites.md"
    )


def find_config_folder() -> Path:
    """Returns the folder in which LIBERO looks for its configuration."""
    return Path(os.environ.get(CONFIG_VARIABLE) or "~/.libero").expanduser()


def ensure_config(folder: str | Path | None, package_folder: Path) -> Path:
    """Makes sure that LIBERO finds a configuration, so that it asks nothing when it is imported.

    Args:
        folder: where to write one if it has none; LIBERO is then told to look there. None takes
            the folder in which it looks anyway, and writes nothing.
        package_folder: of `libero.libero`.

    Returns:
        The configuration file.

    Raises:
        RobolearnError: if there is none and no folder to write it to.
    """
    path = (Path(folder).expanduser() if folder else find_config_folder()) / CONFIG_FILE
    if not path.is_file():
        if folder is None:
            raise RobolearnError(
                f"LIBERO has no {path} and would ask for it at the keyboard: say where to write"
                " it, as task.config_folder=~/.libero"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_make_config(package_folder), "utf-8")
    os.environ[CONFIG_VARIABLE] = str(path.parent)
    return path


def list_tasks(suite: str, package_folder: Path) -> list[str]:
    """Returns the names of a suite's tasks, in LIBERO's order.

    Raises:
        UnknownNameError: if there is no such suite.
    """
    if suite not in SUITES:
        raise UnknownNameError("LIBERO suite", suite, SUITES)
    # Its package imports torch; this module in it is a dictionary alone.
    path = package_folder / "benchmark" / "libero_suite_task_map.py"
    spec = importlib.util.spec_from_file_location("libero_suite_task_map", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names: list[str] = module.libero_task_map[suite]
    return list(names)


def read_instruction(path: Path) -> str:
    """Returns what the `:language` line of a BDDL file says.

    Raises:
        RobolearnError: if the file has none.
    """
    found = re.search(r"\(:language\s+([^()]*)\)", path.read_text("utf-8"))
    if found is None:
        raise RobolearnError(f"{path} says nothing under :language")
    return " ".join(found[1].split())


def read_init_states(path: Path) -> Array:
    """Returns the stored starts of a task.

    The file is what `torch.save` makes of a numpy array: a ZIP archive with a pickle in it, which
    could run anything. So it is read by an unpickler that knows how to build an array and nothing
    else, and needs no torch.

    Returns:
        float64, shape (starts, length of a flattened MuJoCo state).

    Raises:
        RobolearnError: if it is no such file, or holds anything but such an array.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            (name,) = (entry for entry in archive.namelist() if entry.endswith("/data.pkl"))
            states = _ArrayUnpickler(io.BytesIO(archive.read(name))).load()
    except (OSError, ValueError, zipfile.BadZipFile, pickle.UnpicklingError, EOFError) as error:
        raise RobolearnError(f"{path} holds no initial states of LIBERO: {error}") from error
    is_numeric = isinstance(states, np.ndarray) and states.dtype.kind == "f"
    if not (is_numeric and states.ndim == 2 and len(states) > 0):
        raise RobolearnError(f"{path} holds no table of initial states")
    return np.asarray(states, np.float64)


class _ArrayUnpickler(pickle.Unpickler):
    """Builds numpy arrays and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        allowed = {
            ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT_ARRAY,
            ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT_ARRAY,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
            ("_codecs", "encode"): _encode_latin1,
        }
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no array needs")
        return allowed[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it holds tensors, not an array")


def _encode_latin1(text: str, encoding: str) -> bytes:
    """Turns the bytes of an array back from the text that old pickles store them as."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it asks for the encoding {encoding!r}, which no array needs")
    return text.encode("latin1")


def _make_config(package_folder: Path) -> str:
    """Returns LIBERO's default configuration; a JSON string is a YAML string too."""
    paths = {
        "benchmark_root": package_folder,
        "bddl_files": package_folder / "bddl_files",
        "init_states": package_folder / "init_files",
        "datasets": package_folder.parent / "datasets",
        "assets": package_folder / "assets",
    }
    return "".join(f"{key}: {json.dumps(str(path))}\n" for key, path in paths.items())

"""What importing robolearn does not load, in a Python of its own."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import importlib, json, pkgutil, sys

package = importlib.import_module(sys.argv[1])
skipped = tuple(sys.argv[2:])
names = [package.__name__]
if hasattr(package, "__path__"):
    # Walked by hand: pkgutil.walk_packages would import what is to be skipped.
    folders = [(package.__name__, package.__path__)]
    while folders:
        name, path = folders.pop()
        for info in pkgutil.iter_modules(path, name + "."):
            if not info.name.startswith(skipped or ("-",)):
                names.append(info.name)
                module = importlib.import_module(info.name)
                if info.ispkg:
                    folders.append((info.name, module.__path__))
print(json.dumps({"imported": names, "loaded": sorted(sys.modules)}))
"""
ROOMS = tuple(
    f"robolearn.{room}" for room in ("sim", "hardware", "datasets", "policies", "configs")
)


def load(package, skipped=()):
    """Imports a package with all below it; returns its modules, and the top-level ones loaded."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, package, *skipped],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answer = json.loads(done.stdout)
    return answer["imported"], {name.partition(".")[0] for name in answer["loaded"]}


def test_the_ground_floor_loads_no_heavy_library():
    imported, loaded = load("robolearn", (*ROOMS, "robolearn.cli"))
    assert {"robolearn.environment", "robolearn.testing.robot_contract"} <= set(imported)
    assert not loaded & {"torch", "mujoco", "zarr", "serial", "hydra", "omegaconf", "cv2", "h5py"}


@pytest.mark.parametrize(
    ("package", "strangers"),
    [
        ("robolearn.hardware", {"torch", "mujoco", "zarr"}),
        ("robolearn.datasets", {"torch", "mujoco", "serial"}),
        ("robolearn.policies", {"mujoco", "zarr", "serial"}),
        ("robolearn.sim", {"torch", "zarr", "serial"}),
    ],
)
def test_a_room_loads_nothing_of_another_room(package, strangers):
    imported, loaded = load(package)
    assert package in imported
    assert not loaded & strangers


def test_the_command_line_starts_without_what_a_command_needs():
    _, loaded = load("robolearn.cli.main")
    assert not loaded & {"hydra", "omegaconf", "torch", "mujoco", "zarr", "numpy", "gymnasium"}

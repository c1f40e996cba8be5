"""Which way imports point: the contracts in pyproject.toml hold, and are not vacuous."""

import subprocess
import sys

import pytest

from tests.architecture.conftest import ROOT

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint(tree):
    """Runs import-linter on a built tree with the repository's contracts."""
    arguments = ["--config", ROOT / "pyproject.toml", "--no-cache"]
    return subprocess.run(
        [sys.executable, "-c", LINT, *arguments],
        cwd=tree,
        # In front of the installed package, so that the tree is what is looked at.
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_floors_hold(tree):
    done = lint(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line", "link"),
    [
        ("sim.tasks", "import robolearn.datasets", "robolearn.sim.tasks -> robolearn.datasets"),
        ("policies", "from robolearn import sim", "robolearn.policies -> robolearn.sim"),
        ("keys", "def f():\n    import robolearn.sim", "robolearn.keys -> robolearn.sim"),
        ("cli", "import robolearn.hardware.teleop", "robolearn.cli -> robolearn.hardware.teleop"),
        ("datasets", "import robolearn.configs", "robolearn.datasets -> robolearn.configs"),
        ("specs", "import torch", "robolearn.specs -> torch"),
        ("hardware.teleop", "import torch", "robolearn.hardware.teleop -> torch"),
        ("hardware.teleop", "import mujoco", "robolearn.hardware.teleop -> mujoco"),
        ("policies", "import zarr.storage", "robolearn.policies -> zarr"),
        ("timing", "import serial", "robolearn.timing -> serial"),
        ("environment", "from omegaconf import OmegaConf", "robolearn.environment -> omegaconf"),
        ("sim.experts", "import hydra", "robolearn.sim.experts -> hydra"),
    ],
)
def test_an_import_the_wrong_way_is_found(tree, module, line, link):
    path = tree / "robolearn" / module.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    path.write_text(f"{path.read_text()}\n{line}\n")
    done = lint(tree)
    assert done.returncode == 1, done.stdout
    assert link in done.stdout

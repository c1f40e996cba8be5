from __future__ import annotations

import subprocess
import sys

MODULES = ("charts", "frames", "progress", "provenance", "report", "tracking", "video")
HEAVY = (
    "av",
    "cv2",
    "jinja2",
    "matplotlib",
    "mujoco",
    "PIL",
    "rich",
    "tensorboard",
    "torch",
    "zarr",
)


def test_importing_the_modules_of_commands_loads_nothing_heavy():
    code = (
        "import importlib, sys\n"
        f"for name in {MODULES}: importlib.import_module('robolearn.cli.' + name)\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "[]"

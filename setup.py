"""Maps the top-level rooms into the `robolearn` package; everything else is in pyproject.toml.

The rooms stand beside `robolearn/` in the repository and are imported below it (a bare `datasets`
would collide with the Hugging Face library of that name). The packages are found, not listed, so
that a new policy or task folder needs no edit here.
"""

from setuptools import find_packages, setup

ROOMS = ("sim", "hardware", "datasets", "policies", "configs")

packages = find_packages(include=["robolearn", "robolearn.*"])
for room in ROOMS:
    packages.append(f"robolearn.{room}")
    packages.extend(f"robolearn.{room}.{package}" for package in find_packages(room))

setup(packages=packages, package_dir={f"robolearn.{room}": room for room in ROOMS})

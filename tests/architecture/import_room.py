"""Imports every module of one room: `python import_room.py sim`. See `make test-extras`."""

import importlib
import pkgutil
import sys

import robolearn


def main() -> None:
    room = importlib.import_module(f"robolearn.{sys.argv[1]}")
    names = [info.name for info in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")]
    for name in names:
        importlib.import_module(name)
    print(f"{room.__name__}: {len(names)} modules import, from {robolearn.__path__[0]}")


if __name__ == "__main__":
    main()

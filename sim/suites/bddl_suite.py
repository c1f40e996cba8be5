"""`BddlSuite`: a folder of BDDL files."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from robolearn.errors import RobolearnError
from robolearn.sim.suites.suite import Suite
from robolearn.sim.tasks.bddl_task import BddlTask
from robolearn.sim.tasks.sim_task import SimTask

FILES = Path(__file__).parent / "files"  # of our own suites, a folder each


class BddlSuite(Suite):
    """One task for each `*.bddl` file of a folder, in alphabetical order.

    A name with a dot in it is another arm's layout of a task; see `BddlTask`.

    Attributes:
        folder: where the files are.
    """

    def __init__(
        self,
        name: str,
        version: int,
        summary: str,
        folder: Path | None = None,
        robot: str = "panda_sim",
    ) -> None:
        """Takes the folder; the suite's own below `FILES` if none is given."""
        super().__init__(name, version, robot, summary)
        self.folder = FILES / name if folder is None else folder

    @cached_property
    def task_ids(self) -> tuple[str, ...]:
        """Names of the files, without their ending.

        Raises:
            RobolearnError: if the folder holds none.
        """
        names = tuple(
            sorted(path.stem for path in self.folder.glob("*.bddl") if "." not in path.stem)
        )
        if not names:
            raise RobolearnError(f"no *.bddl file in {self.folder}")
        return names

    def build_task(self, task_id: str, **options: Any) -> SimTask:
        """Reads the file; see `Suite.build_task`."""
        return BddlTask(self.folder / f"{task_id}.bddl", **options)

    def describe_goal(self, task: SimTask) -> tuple[str, ...]:
        """The relations of the goal."""
        assert isinstance(task, BddlTask)
        return tuple(str(relation) for relation in task.problem.goal)


def find_suites(folder: Path) -> list[BddlSuite]:
    """Returns a suite for each folder with BDDL files in it: LIBERO's own, say.

    Raises:
        RobolearnError: if there is none.
    """
    folders = sorted({path.parent for path in folder.rglob("*.bddl")})
    if not folders:
        raise RobolearnError(f"no *.bddl file in or below {folder}")
    return [BddlSuite(f.name, 1, f"BDDL files of {f}", folder=f) for f in folders]

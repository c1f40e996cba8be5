"""`PairedSuite`: tasks with their inverses, for practice that needs no resets."""

from __future__ import annotations

from robolearn.errors import UnknownNameError
from robolearn.sim.suites.bddl_suite import BddlSuite

BACK = "_back"  # what the name of an inverse ends in


class PairedSuite(BddlSuite):
    """Every task `x` has an inverse `x_back`: where one ends, the other can begin."""

    def partner_of(self, task_id: str) -> str:
        """Returns the inverse of a task; that of an inverse is the task.

        Raises:
            UnknownNameError: if the suite has no such task.
        """
        partner = task_id.removesuffix(BACK) if task_id.endswith(BACK) else task_id + BACK
        for name in (task_id, partner):
            if name not in self.task_ids:
                raise UnknownNameError("task", name, self.task_ids, f"in suite {self.name!r}")
        return partner

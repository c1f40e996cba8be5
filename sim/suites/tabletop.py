"""Our suites for an arm at a table, as BDDL files."""

from robolearn.sim.suites.bddl_suite import BddlSuite
from robolearn.sim.suites.paired_suite import PairedSuite

SUITES = (
    BddlSuite("desk", 1, "eight tasks in an arm's own metres", robot="so101_sim"),
    BddlSuite("spatial", 1, "the same bowl in ten places: only the place in words tells which"),
    BddlSuite("object", 1, "ten objects, one goal: each into the basket"),
    BddlSuite("goal", 1, "one scene, ten things to do in it"),
    BddlSuite("long", 1, "ten tasks of two or three parts"),
    BddlSuite("tabletop90", 1, "ninety short tasks in twenty scenes: for learning many"),
    PairedSuite(
        "reset_free", 1, "pairs of a task and its inverse: practice without anybody's help"
    ),
)

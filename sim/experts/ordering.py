"""In which order the relations of a goal are brought about."""

from __future__ import annotations

from robolearn.sim.bddl.problem import Problem, Relation

PUTS = ("on", "in")


def order_relations(problem: Problem) -> tuple[Relation, ...]:
    """Returns the relations of the goal, each after those that must hold before.

    What is opened is opened before something is put in, and closed afterwards; what carries is
    put in its place before what it carries. Otherwise they stay in the order of the file.
    """
    waiting, ordered = list(problem.goal), list[Relation]()
    while waiting:
        free = [r for r in waiting if not any(must_precede(problem, o, r) for o in waiting)]
        # Relations that wait for one another cannot all be had in order: the file's order then.
        following = (free or waiting)[0]
        ordered.append(following)
        waiting.remove(following)
    return tuple(ordered)


def must_precede(problem: Problem, one: Relation, other: Relation) -> bool:
    """Says whether one relation is brought about before another."""
    if one is other:
        return False
    if other.predicate in PUTS:
        opens_it = one.predicate == "open" and one.arguments[0] in _names_of(problem, other)
        carries_it = one.predicate in PUTS and one.arguments[0] in _names_of(problem, other)
        return opens_it or carries_it
    if other.predicate == "close":
        fills_it = one.predicate in PUTS and other.arguments[0] in _names_of(problem, one)
        return fills_it
    return False


def _names_of(problem: Problem, relation: Relation) -> set[str]:
    """The names by which the second argument is spoken of: its own, and its owner's."""
    support = relation.arguments[1]
    region = problem.regions.get(support)
    return {support} if region is None else {support, region.target}

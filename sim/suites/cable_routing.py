"""The suite of a soft cable and clips."""

from robolearn.sim.suites.bddl_suite import BddlSuite

SUITES = (BddlSuite("cable_routing", 1, "a soft cable, one end in a socket, through clips"),)

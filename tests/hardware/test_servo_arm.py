"""`ServoArm` over fake servos."""

from robolearn.testing import check_robot


def test_it_keeps_the_promises_of_a_robot(bench):
    check_robot(bench.make())

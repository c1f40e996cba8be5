import numpy as np

from robolearn.embodiments.sawyer_metaworld import SAWYER_METAWORLD


def test_a_hand_without_an_action_stays_and_keeps_its_grip():
    last = np.array([0.5, -0.25, 1.0, 0.75], np.float32)
    held = SAWYER_METAWORLD.make_hold_action(last)
    assert held.tolist() == [0.0, 0.0, 0.0, 0.75]
    assert last.tolist() == [0.5, -0.25, 1.0, 0.75]
    SAWYER_METAWORLD.action_spec.validate(held)

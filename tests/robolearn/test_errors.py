import pickle

import pytest

from robolearn import errors
from robolearn.errors import RobolearnError, UnknownNameError, find_nearest

ERROR_TYPES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, BaseException)
]


@pytest.mark.parametrize("error_type", ERROR_TYPES, ids=lambda error_type: error_type.__name__)
def test_every_error_has_the_one_root(error_type):
    assert issubclass(error_type, RobolearnError)


def test_an_unknown_name_lists_what_exists_and_the_nearest():
    error = UnknownNameError("camera", "frnt", ["wrist", "front"], "on so101")
    assert str(error) == (
        "unknown camera 'frnt' on so101; known: front, wrist. Did you mean 'front'?"
    )


def test_an_unknown_name_with_nothing_near_suggests_nothing():
    assert str(UnknownNameError("task", "xyz", ["reach"])) == "unknown task 'xyz'; known: reach."
    assert str(UnknownNameError("task", "xyz", [])) == "unknown task 'xyz'; known: none."


def test_an_unknown_name_comes_whole_out_of_a_worker_process():
    error = UnknownNameError("camera", "frnt", ["wrist", "front"], "on so101")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.known) == (type(error), str(error), error.known)


@pytest.mark.parametrize(
    ("name", "nearest"), [("pick_plaec", "pick_place"), ("Reach", "reach"), ("qqqq", None)]
)
def test_find_nearest(name, nearest):
    assert find_nearest(name, ["pick_place", "reach", "stack"]) == nearest

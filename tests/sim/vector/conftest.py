import pathlib
import sys

import pytest


@pytest.fixture(scope="session")
def worlds():
    """The module of worlds, importable also in spawned processes."""
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    import vector_worlds

    yield vector_worlds
    sys.path.remove(str(pathlib.Path(__file__).parent))

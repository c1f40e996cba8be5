import pytest

from tests.hardware.dynamixel.rig import IDS, run_rig


@pytest.fixture
def rig(tmp_path):
    """Three servos, found by an open bus."""
    with run_rig(tmp_path) as rig:
        rig.bus.open(IDS)
        yield rig

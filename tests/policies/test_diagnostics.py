import sys

import pytest
import torch

from robolearn.diagnostics import Status
from robolearn.policies import diagnostics


def test_pytorch_and_its_threads_are_named():
    finding = diagnostics.diagnose()[0]
    assert finding.status is Status.OK
    assert torch.__version__ in finding.detail
    assert f"{torch.get_num_threads()} threads" in finding.detail


def test_without_pytorch_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    (finding,) = diagnostics.diagnose()
    assert finding.status is Status.MISSING
    assert "robolearn[policies]" in finding.remedy


@pytest.mark.parametrize(
    ("has_cuda", "has_mps", "status"),
    [(False, False, Status.WARNING), (False, True, Status.OK), (True, False, Status.OK)],
)
def test_the_gpu_is_found(monkeypatch, has_cuda, has_mps, status):
    class Properties:
        total_memory = 24e9

    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_cuda)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"card {index}")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: Properties)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: has_mps)
    finding = diagnostics.diagnose()[1]
    assert finding.status is status
    if has_cuda:
        assert finding.detail == "card 0, card 1 (24 GB)"

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

from robolearn.cli.tracking import TensorBoardObserver


def _read(folder):
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return {
        tag: [
            (e.step, float(tensor_util.make_ndarray(e.tensor_proto))) for e in events.Tensors(tag)
        ]
        for tag in events.Tags()["tensors"]
    }


def test_scalars_read_back_with_their_updates(tmp_path):
    observer = TensorBoardObserver(tmp_path / "events", log_every=2)
    observer.on_start(0, 4)
    for update in range(1, 5):
        observer.on_update(update, {"loss": 1 / update, "learning_rate": 1e-3})
    observer.on_validation(4, {"loss": 0.75})
    observer.on_checkpoint(4, Path("c"))
    observer.on_end(None)
    read = _read(tmp_path / "events")
    assert set(read) == {"train/loss", "train/learning_rate", "validation/loss"}
    assert read["train/loss"] == [(2, 0.5), (4, 0.25)]
    assert read["validation/loss"] == [(4, 0.75)]
    assert read["train/learning_rate"] == [(2, pytest.approx(1e-3)), (4, pytest.approx(1e-3))]


def test_validation_is_on_disk_at_once(tmp_path):
    observer = TensorBoardObserver(tmp_path)
    observer.on_validation(1, {"loss": 2.0})
    assert _read(tmp_path) == {"validation/loss": [(1, 2.0)]}
    observer.close()


def test_tracking_loads_neither_torch_nor_tensorflow(tmp_path):
    code = (
        "import sys, pathlib; from robolearn.cli.tracking import TensorBoardObserver as T;"
        f"t = T(pathlib.Path({str(tmp_path)!r})); t.on_validation(1, {{'loss': 1.0}}); t.close();"
        "sys.exit(any(name in sys.modules for name in ('torch', 'tensorflow')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

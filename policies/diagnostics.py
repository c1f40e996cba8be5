"""What this machine can train with."""

from __future__ import annotations

import importlib
from types import ModuleType

from robolearn.diagnostics import Finding, Status


def diagnose() -> list[Finding]:
    """Looks at PyTorch, its threads and its GPU."""
    try:
        torch = importlib.import_module("torch")
    except (ImportError, OSError) as error:  # OSError: installed, but a library of it is not
        remedy = "pip install 'robolearn[policies]'"
        return [Finding("PyTorch", Status.MISSING, str(error), remedy)]
    return [
        Finding("PyTorch", Status.OK, f"{torch.__version__}, {torch.get_num_threads()} threads"),
        _find_gpu(torch),
    ]


def _find_gpu(torch: ModuleType) -> Finding:
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        memory_bytes = torch.cuda.get_device_properties(0).total_memory
        return Finding("GPU", Status.OK, f"{', '.join(names)} ({memory_bytes / 1e9:.0f} GB)")
    if torch.backends.mps.is_available():
        return Finding("GPU", Status.OK, "Apple GPU (mps)")
    remedy = "training runs on the processor; for a GPU see pytorch.org/get-started"
    built_for = torch.version.cuda or "none"
    return Finding("GPU", Status.WARNING, f"none (PyTorch is built for CUDA: {built_for})", remedy)

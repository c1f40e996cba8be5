"""`__all__`, where there is one, tells the truth."""

import importlib

import pytest

from tests.architecture.conftest import ROOT, find_shipped_files


def find_modules_with_exports():
    for path in find_shipped_files():
        if path.suffix == ".py" and "__all__" in (ROOT / path).read_text():
            parts = path.with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            yield ".".join(parts if parts[0] == "robolearn" else ("robolearn", *parts))


MODULES = list(find_modules_with_exports())


def test_some_module_has_exports():
    assert "robolearn.testing" in MODULES


@pytest.mark.parametrize("name", MODULES)
def test_every_exported_name_exists_once(name):
    module = importlib.import_module(name)
    exported = module.__all__
    assert [entry for entry in exported if not hasattr(module, entry)] == []
    assert len(set(exported)) == len(exported)

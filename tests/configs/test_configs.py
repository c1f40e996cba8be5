"""Every YAML file binds to the signature of what it names, and every command's file composes.

The rule for arguments: a file gives each required argument of its `_target_`, if only as `???` (the
user must). A file whose target takes something that only the run knows, such as a robot's specs,
says `_partial_: true`; the run then calls what it gets with the rest.
"""

import inspect
from pathlib import Path

import hydra
import pytest
import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.utils import get_object
from omegaconf import OmegaConf

import robolearn.configs

FOLDER = Path(robolearn.configs.__file__).parent
FILES = sorted(FOLDER.rglob("*.yaml"))
# The commands' own files, and the choices: one folder per group.
COMMANDS = [path.stem for path in FILES if path.parent == FOLDER]
GROUPS = sorted({path.parent.relative_to(FOLDER).as_posix() for path in FILES} - {"."})
HYDRA_WORDS = {"_target_", "_partial_", "_recursive_", "_convert_", "_args_", "defaults"}


def find_targets(node, place=""):
    """Yields place and mapping of each `_target_` in a configuration, however deep."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield place or "top", node
        for key, value in node.items():
            yield from find_targets(value, f"{place}.{key}" if place else str(key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from find_targets(value, f"{place}[{index}]")


def find_binding_problems(node, where):
    """Returns, in words, how a mapping with a `_target_` fails to fit what it names."""
    try:
        target = get_object(node["_target_"])
    except Exception as error:
        return [f"{where}: {node['_target_']} cannot be imported: {error}"]
    parameters = inspect.signature(target).parameters
    given = set(node) - HYDRA_WORDS
    problems = []
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        named = {p.name for p in parameters.values() if p.kind is not p.POSITIONAL_ONLY}
        problems += [
            f"{where}: {node['_target_']} takes no {name!r}; it takes {', '.join(named)}"
            for name in sorted(given - named)
        ]
    if not node.get("_partial_"):
        problems += [
            f"{where}: {node['_target_']} needs {p.name!r}: give it, or '???', or say _partial_"
            for p in parameters.values()
            if p.default is p.empty
            and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
            and p.name not in given
        ]
    return problems


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_a_file_binds_to_what_it_names(path):
    node = yaml.safe_load(path.read_text()) or {}
    found = list(find_targets(node))
    problems = [
        problem
        for place, target in found
        for problem in find_binding_problems(target, f"{path.name}: {place}")
    ]
    assert problems == []


def compose(command, overrides=()):
    """Composes a command's configuration as Hydra does; returns it resolved, as plain data."""
    with hydra.initialize_config_dir(str(FOLDER), version_base="1.3"):
        config = hydra.compose(command, overrides=list(overrides), return_hydra_config=True)
    HydraConfig.instance().set_config(config)
    choices = OmegaConf.to_container(config.hydra.runtime.choices)
    with_hydra = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
    return OmegaConf.to_container(with_hydra, resolve=True), choices


def find_choices(command):
    """Returns, for every choice a command offers, the override that makes it."""
    _, chosen = compose(command)
    return [
        f"{place}={path.stem}"
        for place in chosen
        for path in sorted((FOLDER / place.partition("@")[0]).glob("*.yaml"))
        if not place.startswith("hydra/")
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_composes_and_binds_with_each_of_its_choices(command):
    for overrides in ([], *([choice] for choice in find_choices(command))):
        config, _ = compose(command, overrides)
        for place, target in find_targets(config):
            assert find_binding_problems(target, f"{command} {overrides}: {place}") == []


@pytest.mark.skipif(not COMMANDS, reason="no command has a configuration")
@pytest.mark.parametrize("group", GROUPS)
def test_every_group_is_a_choice_of_some_command(group):
    offered = {place.partition("@")[0] for command in COMMANDS for place in compose(command)[1]}
    assert group in offered


def make_something(name, size=3, *, speed):
    """What the examples below name."""


@pytest.mark.parametrize(
    ("node", "problem"),
    [
        ({"name": "a", "speed": 1}, None),
        ({"name": "a", "speed": "???"}, None),
        ({"name": "a", "_partial_": True}, None),
        ({"name": "a", "speed": 1, "sise": 4}, "takes no 'sise'; it takes"),
        ({"name": "a", "sise": 4, "_partial_": True}, "takes no 'sise'; it takes"),
        ({"name": "a"}, "needs 'speed'"),
        ({"_target_": "robolearn.sim.tasks.no_such.Task"}, "cannot be imported"),
    ],
)
def test_the_binding_finds_a_mistake(monkeypatch, node, problem):
    monkeypatch.setattr(robolearn.configs, "make_something", make_something, raising=False)
    node = {"_target_": "robolearn.configs.make_something", **node}
    found = find_binding_problems(node, "here")
    assert ([problem in text for text in found] == [True]) if problem else (found == [])


def test_targets_are_found_however_deep():
    node = {"a": [{"b": {"_target_": "x"}}], "_target_": "y"}
    assert [place for place, _ in find_targets(node)] == ["top", "a[0].b"]


def test_there_are_files_to_look_at():
    assert FILES

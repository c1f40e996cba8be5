"""Every command's configuration composes with each of its choices, and binds to what it names.

The rule for arguments: a configuration gives each required argument of its `_target_`, if only as
`???` (the user must), except those that only the running command knows, such as a robot's specs.
These are the keyword arguments that the command's module gives to `build(...)`; they are read from
its source, so that neither side can change alone.
"""

import ast
import inspect
from collections import defaultdict
from pathlib import Path

import hydra
import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.utils import get_object
from omegaconf import OmegaConf

import robolearn.cli
import robolearn.configs

FOLDER = Path(robolearn.configs.__file__).parent
CLI_FOLDER = Path(robolearn.cli.__file__).parent
FILES = sorted(FOLDER.rglob("*.yaml"))
# The commands' own files, and the choices: one folder per group.
COMMANDS = [path.stem for path in FILES if path.parent == FOLDER]
GROUPS = sorted({path.parent.relative_to(FOLDER).as_posix() for path in FILES} - {"."})
HYDRA_WORDS = {"_target_", "_partial_", "_recursive_", "_convert_", "_args_"}
PLACEHOLDER = "given-by-the-user"


def find_targets(node, place=""):
    """Yields place and mapping of each `_target_` in a configuration, however deep."""
    if isinstance(node, dict):
        if node.get("_target_") is not None:
            yield place, node
        for key, value in node.items():
            yield from find_targets(value, f"{place}.{key}" if place else str(key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from find_targets(value, f"{place}[{index}]")


def find_run_arguments(source):
    """Returns, for each node a command builds, the keyword arguments it adds: one set per call."""
    calls = defaultdict(list)
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "build" and call.args:
            node = call.args[0]
            name = node.attr if isinstance(node, ast.Attribute) else None
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                name = node.slice.value
            if name is not None:
                calls[name].append({keyword.arg for keyword in call.keywords})
    return calls


def find_binding_problems(node, where, run_arguments=frozenset()):
    """Returns, in words, how a mapping with a `_target_` fails to fit what it names."""
    name = node["_target_"]
    try:
        target = get_object(name)
    except Exception as error:
        return [f"{where}: {name} cannot be imported: {error}"]
    parameters = inspect.signature(target).parameters.values()
    given = (set(node) - HYDRA_WORDS) | set(run_arguments)
    problems = []
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        named = {p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY}
        problems += [
            f"{where}: {name} takes no {argument!r}; it takes {', '.join(sorted(named))}"
            for argument in sorted(given - named)
        ]
    if not node.get("_partial_"):
        problems += [
            f"{where}: {name} needs {p.name!r}: give it, or '???', or let the command give it"
            for p in parameters
            if p.default is p.empty
            and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
            and p.name not in given
        ]
    return problems


def compose(command, overrides=()):
    """Composes a command's configuration as Hydra does.

    Returns:
        The configuration, resolved, as plain data; the chosen option of each group.
    """
    with hydra.initialize_config_dir(str(FOLDER), version_base="1.3"):
        config = hydra.compose(command, overrides=list(overrides), return_hydra_config=True)
    HydraConfig.instance().set_config(config)
    chosen = OmegaConf.to_container(config.hydra.runtime.choices)
    own = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
    for key in own:
        if OmegaConf.is_missing(own, key):
            own[key] = PLACEHOLDER
    choices = {place: name for place, name in chosen.items() if not place.startswith("hydra/")}
    return OmegaConf.to_container(own, resolve=True), choices


def find_options(command):
    """Returns, for every choice a command offers, the override that takes it."""
    _, choices = compose(command)
    return [
        f"{place}={path.stem}"
        for place in choices
        for path in sorted((FOLDER / place.partition("@")[0]).glob("*.yaml"))
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_composes_and_binds_with_each_of_its_choices(command):
    module = CLI_FOLDER / f"{command}.py"
    calls = find_run_arguments(module.read_text()) if module.exists() else {}
    problems = []
    for overrides in ([], *([option] for option in find_options(command))):
        config, _ = compose(command, overrides)
        for place, target in find_targets(config):
            where = f"{command} {' '.join(overrides)}: {place}"
            for run_arguments in calls.get(place) or [set()]:
                problems += find_binding_problems(target, where, run_arguments)
    assert problems == []


def test_every_group_is_a_choice_of_some_command():
    offered = {place.partition("@")[0] for command in COMMANDS for place in compose(command)[1]}
    assert set(GROUPS) - offered == set()


def make_something(name, size=3, *, speed):
    """What the examples below name."""


@pytest.mark.parametrize(
    ("node", "run_arguments", "problem"),
    [
        ({"name": "a", "speed": 1}, set(), None),
        ({"name": "a", "speed": "???"}, set(), None),
        ({"name": "a"}, {"speed"}, None),
        ({"name": "a", "_partial_": True}, set(), None),
        (
            {"name": "a", "speed": 1, "sise": 4},
            set(),
            "takes no 'sise'; it takes name, size, speed",
        ),
        ({"name": "a"}, {"speed", "sise"}, "takes no 'sise'"),
        ({"name": "a"}, set(), "needs 'speed'"),
        ({"_target_": "robolearn.sim.tasks.no_such.Task"}, set(), "cannot be imported"),
    ],
)
def test_the_binding_finds_a_mistake(monkeypatch, node, run_arguments, problem):
    monkeypatch.setattr(robolearn.configs, "make_something", make_something, raising=False)
    node = {"_target_": "robolearn.configs.make_something", **node}
    found = find_binding_problems(node, "here", run_arguments)
    assert ([problem in text for text in found] == [True]) if problem else (found == [])


def test_targets_are_found_however_deep_and_null_is_none():
    node = {"a": [{"b": {"_target_": "x"}}], "_target_": "y", "c": {"_target_": None}}
    assert [place for place, _ in find_targets(node)] == ["", "a[0].b"]


def test_what_a_command_adds_is_read_from_its_source():
    source = (
        "build(config['a'], x=1)\nstack.enter_context(build(config.b, y=2, z=3))\nbuild(config.b)"
    )
    assert find_run_arguments(source) == {"a": [{"x"}], "b": [set(), {"y", "z"}]}


def test_there_are_commands_and_groups_to_look_at():
    assert {"record", "train", "evaluate"} <= set(COMMANDS)
    assert {"robot", "task", "policy", "teleop"} <= set(GROUPS)

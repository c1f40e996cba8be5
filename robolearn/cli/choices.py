"""What the YAML files offer: groups, their choices, and a check of what a person typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from typing import Any

from hydra import compose, initialize_config_module
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import ConfigCompositionException, HydraException
from omegaconf import DictConfig, OmegaConf

from robolearn.errors import RobolearnError, UnknownNameError

CONFIG_PACKAGE = "robolearn.configs"
# The commands' own default is a task for arms; these robots do something else where nobody says.
USUAL_TASKS = {
    "rc_car": "drive_laps",
    "rc_car_sim": "drive_laps",
    "metaworld_sim": "metaworld",
    "robosuite_sim": "robosuite",
    "libero_sim": "libero",
}


def list_groups() -> dict[str, list[str]]:
    """Returns every configuration group with its choices, e.g. `{"task": ["pick_place", …]}`."""
    root = resources.files(CONFIG_PACKAGE)
    groups = {}
    for folder in sorted(root.iterdir(), key=lambda entry: entry.name):
        if folder.is_dir():
            names = sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml"))
            if names:
                groups[folder.name] = names
    return groups


def read_text(config_name: str) -> str:
    """Returns the text of a top-level YAML file."""
    return resources.files(CONFIG_PACKAGE).joinpath(f"{config_name}.yaml").read_text("utf-8")


def compose_config(config_name: str, overrides: Sequence[str] = ()) -> DictConfig:
    """Composes a top-level YAML file with overrides, outside a running command.

    Raises:
        RobolearnError: if an override names something that does not exist.
    """
    check_overrides(config_name, overrides)
    with _hydra():
        return compose(config_name, list(overrides))


def find_choice(group: str, words: Sequence[str]) -> str | None:
    """Returns what a line chooses of a group, None if nothing."""
    pairs = (word.partition("=") for word in words)
    return next((value for key, _, value in pairs if key.lstrip("+~") == group), None)


def add_usual_task(config_name: str, words: Sequence[str]) -> list[str]:
    """Adds the task of a robot whose usual one is not the command's, if the line names none."""
    task = USUAL_TASKS.get(find_choice("robot", words) or "")
    is_open = task is not None and find_choice("task", words) is None
    if is_open and "task" in compose_config(config_name):
        return [f"task={task}", *words]
    return list(words)


def check_overrides(config_name: str, words: Sequence[str]) -> None:
    """Checks every override before anything runs.

    Raises:
        UnknownNameError: for a choice or an option that does not exist, with the nearest name.
        RobolearnError: for an override that cannot be read.
    """
    groups = list_groups()
    overrides = [_parse(word) for word in words]
    for override in overrides:
        if override.key_or_group in groups:
            for choice in _choices_in(override):
                if choice not in (*groups[override.key_or_group], "null", "None"):
                    kind = override.key_or_group
                    raise UnknownNameError(kind, choice, groups[kind])
    chosen = [
        f"{override.key_or_group}={_choices_in(override)[0]}"
        for override in overrides
        if override.key_or_group in groups
    ]
    with _hydra():
        try:
            config = compose(config_name, chosen)
        except ConfigCompositionException:
            offered = compose(config_name, return_hydra_config=True).hydra.runtime.choices
            known = [group for group in groups if group in offered]
            for group in (word.partition("=")[0] for word in chosen):
                if group not in known:
                    raise UnknownNameError("choice", group, known, f"for {config_name}") from None
            raise
    for override in overrides:
        key = override.key_or_group
        if key not in groups and not override.is_add() and not key.startswith("hydra"):
            _check_key(config, key)
            for value in _values_of(override):
                _check_kind(key, OmegaConf.select(config, key, throw_on_missing=False), value)


def check_complete(command: str, config: DictConfig) -> None:
    """Checks that every option without a default was given.

    Raises:
        RobolearnError: naming the options that are missing.
    """
    missing = [str(name) for name in config if OmegaConf.is_missing(config, name)]
    if missing:
        wanted = " ".join(f"{name}=…" for name in missing)
        raise RobolearnError(f"{command} needs {wanted} (see `robolearn {command} --help`)")


@contextmanager
def _hydra() -> Iterator[None]:
    """Makes Hydra ready to compose, also within a command that Hydra is running already."""
    outer = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with initialize_config_module(CONFIG_PACKAGE, version_base="1.3"):
            yield
    finally:
        GlobalHydra.instance().hydra = outer


def _parse(word: str) -> Override:
    try:
        return OverridesParser.create().parse_override(word)
    except HydraException as error:
        raise RobolearnError(f"cannot read {word!r}: {error}") from error


def _choices_in(override: Override) -> list[str]:
    """The choices an override of a group takes; several where it is a sweep."""
    if override.is_sweep_override():
        return [str(choice) for choice in override.sweep_string_iterator()]
    return [str(override.value())]


def _values_of(override: Override) -> list[Any]:
    """The values an override gives to its option; several where it is a list to sweep over."""
    value: Any = override.value()
    if override.is_choice_sweep():
        return list(value.list)
    return [] if override.is_sweep_override() or override.is_delete() else [value]


# What may stand where a default of this kind stood; anything may replace a text, a list or null.
_KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
}


def _check_kind(key: str, default: Any, value: Any) -> None:
    """Refuses a word where a number is meant; a reference to another option may be anything."""
    kinds, words = _KINDS.get(type(default), ((object,), ""))
    is_reference = isinstance(value, str) and "${" in value
    is_truth = isinstance(value, bool) and bool not in kinds and object not in kinds
    if not is_reference and (is_truth or not isinstance(value, kinds)):
        raise RobolearnError(f"{key} takes {words}, got {value!r}")


def _check_key(config: DictConfig, key: str) -> None:
    node: Any = config
    walked: list[str] = []
    for part in key.split("."):
        if isinstance(node, DictConfig):
            known = [str(name) for name in node if name != "_target_"]
            if part not in known:
                where = f"in {'.'.join(walked)}" if walked else ""
                raise UnknownNameError("option", part, known, where)
            node = node._get_node(part)
            if OmegaConf.is_dict(node) is False:
                node = None
        elif node is not None:
            raise UnknownNameError("option", key, [".".join(walked)])
        walked.append(part)

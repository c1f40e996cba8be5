"""The help of one command, read off its YAML file: the comments there are the descriptions."""

from __future__ import annotations

import re

from robolearn.cli.choices import list_groups, read_text
from robolearn.cli.commands import Command

GROUP_LINE = re.compile(r"^  - (?:override )?(\w+): (\S+)")
OPTION_LINE = re.compile(r"^(\w+):\s*(.*?)\s*(?:#\s*(.*))?$")


def format_help(name: str, command: Command) -> str:
    """Returns the help text: choices of each group, then options with default and meaning."""
    text = read_text(command.config_name)
    bare = f" {command.positional.upper()}" if command.positional else ""
    lines = [f"usage: robolearn {name}{bare} [option=value ...]", "", command.summary]
    choices = _format_choices(text)
    if choices:
        lines += ["", "choices:", *choices]
    options = _format_options(text)
    if options:
        lines += ["", "options (name=value or --name value):", *options]
    lines += [
        "",
        "Nested settings are reached by dots (robot.cameras=[front]); `--cfg job` prints all of",
        "them; `-m` runs once for each value of a list such as seed=0,1,2.",
    ]
    return "\n".join(lines)


def _format_choices(text: str) -> list[str]:
    """One line per group in the defaults list, the default first."""
    groups = list_groups()
    lines = []
    for line in text.splitlines():
        match = GROUP_LINE.match(line)
        if match and match[1] in groups:
            default = match[2]
            others = [choice for choice in groups[match[1]] if choice != default]
            lines.append(
                f"  {match[1]:<10} {default} (default)" + "".join(f", {c}" for c in others)
            )
    return lines


def _format_options(text: str) -> list[str]:
    """One line per top-level option, with its default and its comment."""
    rows = []
    for line in text.splitlines():
        match = OPTION_LINE.match(line)
        if match and match[3]:
            default = "required" if match[2] == "???" else match[2]
            rows.append((match[1], match[3], f" [{default}]" if default else ""))
    name_width = max((len(row[0]) for row in rows), default=0)
    return [f"  {name:<{name_width}}  {meaning}{default}" for name, meaning, default in rows]

"""`robolearn <command> …`: finds the command and hands it the rest of the line.

Nothing heavy is imported here, so that `robolearn --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from robolearn.cli.commands import COMMANDS
from robolearn.errors import RobolearnError, UnknownNameError

# Hydra's own flags pass through; every other `--name value` means `name=value`.
HYDRA_FLAGS = {"-m", "--multirun", "-c", "--cfg", "--resolve", "--package", "-p", "--info", "-i"}
HYDRA_FLAGS_WITH_VALUE = {"-c", "--cfg", "--package", "-p", "--info", "-i"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status: 0 done, 1 failed, 2 bad input, 130 Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if not words or words[0] in ("-h", "--help", "help"):
            print(format_overview())
            return 0
        name, rest = find_command(words)
        command = COMMANDS[name]
        if "-h" in rest or "--help" in rest:
            from robolearn.cli.help import format_help

            print(format_help(name, command))
            return 0
        from robolearn.cli.application import run_command

        return run_command(name, command, to_overrides(rest, command.positional))
    except RobolearnError as error:
        print(f"robolearn: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("robolearn: interrupted", file=sys.stderr)
        return 130


def format_overview() -> str:
    """Returns the text of `robolearn --help`."""
    width = max(map(len, COMMANDS))
    lines = ["usage: robolearn COMMAND [option=value ...] [--help]", "", "commands:"]
    lines += [f"  {name:<{width}}  {command.summary}" for name, command in COMMANDS.items()]
    lines += ["", "`robolearn COMMAND --help` lists a command's options and choices."]
    return "\n".join(lines)


def find_command(words: Sequence[str]) -> tuple[str, list[str]]:
    """Splits a line into the command's name (one or two words) and the rest.

    Raises:
        UnknownNameError: if no command has that name.
    """
    for length in (2, 1):
        name = " ".join(words[:length])
        if name in COMMANDS:
            return name, list(words[length:])
    pairs = [name for name in COMMANDS if name.startswith(f"{words[0]} ")]
    if pairs and len(words) == 1:
        raise RobolearnError(f"{words[0]} needs one of: {', '.join(pairs)}")
    raise UnknownNameError("command", " ".join(words[: 2 if pairs else 1]), pairs or COMMANDS)


def to_overrides(words: Sequence[str], positional: str) -> list[str]:
    """Turns what a person types into Hydra overrides.

    `--name value`, `--name=value` and `name=value` mean the same; a bare word sets `positional`.

    Raises:
        RobolearnError: for a bare word that means nothing here, or `--name` without a value.
    """
    overrides: list[str] = []
    remaining = list(words)
    while remaining:
        word = remaining.pop(0)
        if word in HYDRA_FLAGS:
            overrides.append(word)
            if word in HYDRA_FLAGS_WITH_VALUE and remaining:
                overrides.append(remaining.pop(0))
        elif word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if not equals:
                if not remaining:
                    raise RobolearnError(f"{word} needs a value, as in `{word} VALUE`")
                value = remaining.pop(0)
            overrides.append(f"{name.replace('-', '_')}={value}")
        elif "=" in word or word.startswith("~"):
            overrides.append(word)
        elif positional:
            overrides.append(f"{positional}={word}")
        else:
            raise RobolearnError(f"{word!r} is not an option; options are written name=value")
    return overrides


if __name__ == "__main__":
    sys.exit(main())

"""Writes docs/reference from the code: settings from their table, commands from the command line itself, events of
the log from the calls that write them.

Run it with `make reference`; a test compares what it writes with what is there.
"""

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from hustings.base.settings import Settings
from hustings.cli import app

HEAD = "<!-- Written by `make reference` from the code; change it there. -->\n"


def settings() -> str:
    lines = [
        HEAD,
        "# Settings",
        "",
        "Each is an environment variable of every role.",
        "Flags of `hustings serve` win over the environment; what neither gives has the default.",
        "",
        "| variable | default | what it sets |",
        "| --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        default = f"`{field.default}`" if str(field.default) else "empty"
        lines.append(f"| `HUSTINGS_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def command_line() -> str:
    lines = [
        HEAD,
        "# Commands",
        "",
        "Data goes to standard output, everything said to a person to standard error.",
        "The exit code is 0 only when the command did what was asked, 1 when it could not, 2 when asked wrongly.",
        "",
    ]
    for name, command in commands().items():
        lines += _described(name, command)
    return "\n".join(lines).rstrip() + "\n"


def commands() -> dict[str, Any]:
    """Every command by its words."""
    return _below("", typer.main.get_command(app))


def _below(words: str, command: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in sorted(command.list_commands(None)):
        child = command.get_command(None, name)
        whole = f"{words} {name}".strip()
        found |= _below(whole, child) if hasattr(child, "list_commands") else {whole: child}
    return found


def _described(name: str, command: Any) -> list[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join(["hustings", name, *((one.metavar or one.name).upper() for one in arguments), "[OPTIONS]"])
    lines = [
        f"## {name}",
        "",
        command.help,
        "",
        "```",
        usage,
        "```",
        "",
        "| argument or option | what it is |",
        "| --- | --- |",
    ]
    lines += [f"| `{(one.metavar or one.name).upper()}` | {one.help} |" for one in arguments]
    lines += [f"| `{_spelled(one)}` | {_meaning(one)} |" for one in options]
    return [*lines, ""]


def _spelled(option: Any) -> str:
    longest = max(option.opts, key=len)
    return longest if option.is_flag else f"{longest} {longest.removeprefix('--').upper()}"


def _meaning(option: Any) -> str:
    told: str = option.help
    kind = option.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        told += f" One of {', '.join(f'`{choice.value}`' for choice in kind)}."
    if option.envvar:
        told += f" Also read from `{option.envvar}`."
    if option.required:
        return told + " Required."
    if option.is_flag or option.default is None:
        return told
    return told + f" Default: `{getattr(option.default, 'value', option.default)}`."


SOURCE = Path("src/hustings")
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")


@dataclass(frozen=True)
class Event:
    """One call of a logger. A name that is no literal is None: it may say anything."""

    name: str | None
    level: str
    folder: str
    fields: frozenset[str]


def log() -> str:
    lines = [
        HEAD,
        "# The log",
        "",
        "One line an event on standard error: JSON, or readable at a terminal.",
        "Each has `event`, `level` and `timestamp` (UTC), and the fields below; an error adds `exception`.",
        "What people say, write or are called is in none of them, nor are secrets, nor anybody's address.",
        "",
        "| event | level | from | fields |",
        "| --- | --- | --- | --- |",
    ]
    for name, told in sorted(by_name(events()).items()):
        levels = ", ".join(sorted({one.level for one in told}))
        folders = ", ".join(sorted({f"`{one.folder}/`" for one in told}))
        fields = ", ".join(f"`{field}`" for field in sorted(set().union(*(one.fields for one in told))))
        lines.append(f"| {name} | {levels} | {folders} | {fields} |")
    return "\n".join(lines) + "\n"


def events() -> list[Event]:
    """Every event that the code can log."""
    return [event for path in sorted(SOURCE.rglob("*.py")) for event in _events_of(path)]


def by_name(found: Iterable[Event]) -> dict[str, list[Event]]:
    grouped: dict[str, list[Event]] = {}
    for event in found:
        grouped.setdefault(str(event.name), []).append(event)
    return grouped


def _events_of(path: Path) -> Iterator[Event]:
    folder = path.relative_to(SOURCE).parts[0]
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level), args=args) if level in LEVELS:
                told = args[0].value if len(args) == 1 and isinstance(args[0], ast.Constant) else None
                fields = frozenset(str(keyword.arg) for keyword in node.keywords) - {"exc_info"}
                name = told if isinstance(told, str) else None
                yield Event(name, "error" if level == "exception" else level, folder, fields)


PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/settings.md": settings,
    "docs/reference/commands.md": command_line,
    "docs/reference/log.md": log,
}


def main() -> int:
    for page, write in PAGES.items():
        path = Path(page)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(write())
        sys.stdout.write(f"{page}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

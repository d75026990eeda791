"""The command line: arguments to calls, answers to exit codes. No logic.

Exit codes: 0 only when it did what was asked; 1 when it could not; 2 when it was asked wrongly. A command's module is
loaded when it is asked for: all of them together would take each one a second.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from hustings import __version__, console
from hustings.base.errors import HustingsError
from hustings.cli.options import require_command
from hustings.clients.errors import BadAddress

INTERRUPTED = 130  # as shells say it: 128 + SIGINT
MODULES: Final = {
    "serve": "serving",
    "speak": "talking",
    "listen": "talking",
    "edge": "fleet",
    "config": "fleet",
    "doctor": "operating",
    "backup": "operating",
    "restore": "operating",
    "account": "accounts",
}


class _Commands(TyperGroup):
    """Those of MODULES, each loaded when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in MODULES:
            return None
        module = import_module(f"hustings.cli.{MODULES[cmd_name]}")
        return typer.main.get_group(module.app).commands[cmd_name]


app = typer.Typer(
    name="hustings",
    cls=_Commands,
    help="Live conversations that start on time, on a server of your own.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give back its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = app(given, standalone_mode=False)
    except HustingsError as error:
        console.report_error(error, as_json="--json" in given)
        return 2 if isinstance(error, BadAddress) else 1
    except typer.TyperException as error:
        console.say(f"error: {error.format_message()}")
        console.say("hint: hustings --help, or --help after the command, lists what there is")
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return int(code or 0)


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        console.data(__version__)
        raise typer.Exit
    require_command(context)

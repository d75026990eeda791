"""Options that several commands share, and the settings made of them."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from hustings import console
from hustings.base.errors import Invalid
from hustings.base.faults import sentence_of
from hustings.base.settings import Settings

Host = Annotated[str | None, typer.Option(help="Address the front door listens on; 0.0.0.0 for every network.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port the front door listens on.")]
Data = Annotated[Path | None, typer.Option(help="Folder of the database, recordings, uploads and keys.")]
Json = Annotated[bool, typer.Option("--json", help="Print a JSON document for a program.")]


def settings_of(**given: Any) -> Settings:
    """Flags win over the environment. Raises Invalid naming each variable that cannot be used."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = [sentence_of(f"HUSTINGS_{str(fault['loc'][0]).upper()}", fault) for fault in error.errors()]
        raise Invalid(" ".join(wrong)) from error


def require_command(context: typer.Context) -> None:
    """Without a command there is nothing to do, and the help says what there is."""
    if context.invoked_subcommand is None:
        console.say(context.get_help())
        raise typer.Exit(2)

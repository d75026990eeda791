"""The command that serves a town."""

from typing import Annotated

import typer

from hustings.base.settings import ALL_ROLES
from hustings.cli.options import Data, Host, Port, settings_of
from hustings.server import serve as server
from hustings.server.role import SAMPLE

app = typer.Typer(rich_markup_mode=None)


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    sample: Annotated[bool, typer.Option("--sample", help="Begin with a sample conversation, live.")] = False,
    roles: Annotated[str, typer.Option(help="Which roles this process runs, separated by commas.")] = ",".join(
        ALL_ROLES
    ),
) -> int:
    """Serve a town: front door, stage and control.

    Each is a process of its own, started again when it dies.
    """
    wanted = tuple(role.strip() for role in roles.split(","))
    if unknown := set(wanted) - {*ALL_ROLES, SAMPLE}:
        raise typer.BadParameter(f"There is no role {', '.join(sorted(unknown))}. Roles: {', '.join(ALL_ROLES)}.")
    return server.serve(settings_of(host=host, port=port, data=data), wanted, sample)

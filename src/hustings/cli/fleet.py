"""Commands for a town on several machines, and for what runs around it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hustings import console
from hustings.base.errors import Invalid
from hustings.cli.options import Host, Port, settings_of
from hustings.clients.addresses import town_address
from hustings.ops.deployment import Deployment, Kind
from hustings.server import serve as server

app = typer.Typer(rich_markup_mode=None)

SERVICE_DATA = Path("/var/lib/hustings")


@app.command()
def edge(
    origin: Annotated[str, typer.Option(help="Address of the town, as its listeners type it.")],
    host: Host = None,
    port: Port = None,
) -> int:
    """Serve the listeners of a town that runs on another machine.

    Needs the town's HUSTINGS_CLUSTER_KEY, which is in cluster.key of its data folder. What is not for listeners it
    passes on to the town.
    """
    settings = settings_of(host=host, port=port, stage_url=town_address(origin), control_url=town_address(origin))
    if not settings.cluster_key:
        raise Invalid("HUSTINGS_CLUSTER_KEY is not set. Copy it from cluster.key in the data folder of the town.")
    return server.serve_edge(settings)


@app.command()
def config(
    kind: Annotated[Kind, typer.Argument(help="What to write a configuration for.")],
    name: Annotated[str, typer.Option(help="Domain of the town.")] = "town.example",
    edge: Annotated[list[str] | None, typer.Option(help="host:port of a front door; once for each.")] = None,
    *,
    cert: Annotated[Path | None, typer.Option(help="Certificate, where the web server gets none itself.")] = None,
    key: Annotated[Path | None, typer.Option(help="Key of the certificate.")] = None,
    data: Annotated[Path, typer.Option(help="Data folder of the service.")] = SERVICE_DATA,
) -> int:
    """Write a configuration for nginx, Caddy, systemd or a container to standard output."""
    deployment = Deployment(
        name,
        command=Path(sys.executable).with_name("hustings"),
        data=data.absolute(),
        edges=tuple(edge or ["127.0.0.1:8000"]),
        certificate=cert and cert.absolute(),
        key=key and key.absolute(),
    )
    console.data(deployment.written(kind))
    return 0

"""Commands of the operator's day."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from hustings import console
from hustings.base.clock import SystemClock
from hustings.cli.options import Data, Host, Json, Port, settings_of
from hustings.ops import doctor as ops_doctor
from hustings.ops.archive import Contents, Told
from hustings.ops.backup import back_up
from hustings.ops.restore import restore
from hustings.server.role import LAST, give_way

app = typer.Typer(rich_markup_mode=None)


@app.command()
def doctor(host: Host = None, port: Port = None, data: Data = None, as_json: Json = False) -> int:
    """Look for what would go wrong here.

    Says of each thing how it is, and what to do about it. Exits with 1 when a conversation could not be held.
    """
    findings = ops_doctor.examine(settings_of(host=host, port=port, data=data), SystemClock())
    if as_json:
        console.data_json({"findings": findings, "well": ops_doctor.well(findings)})
    else:
        for line in ops_doctor.lines(findings):
            console.data(line)
    return 0 if ops_doctor.well(findings) else 1


@app.command()
def backup(
    out: Annotated[
        Path | None, typer.Option(help="File to write, or the folder for it; a new name by the time.")
    ] = None,
    *,
    no_recordings: Annotated[
        bool, typer.Option("--no-recordings", help="Leave out the recordings, which are most of it.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> int:
    """Copy the data folder into one archive.

    Works while a conversation is live, and gives way to it. The archive holds keys and recordings: keep it safe.
    """
    give_way(LAST)
    settings = settings_of(data=data)
    with console.progress() as shown:
        path, contents = back_up(
            settings, SystemClock(), out, copying("Copying", shown), recordings=not no_recordings
        )
    if contents.schema is None:
        console.say("The database is a server's own, and not in this archive: back it up there.")
    console.say(f"Backed up {contents_line(contents)}.")
    if as_json:
        console.data_json({"archive": str(path), **contents_document(contents)})
    else:
        console.data(str(path))
    return 0


@app.command("restore")
def restore_backup(
    archive: Annotated[Path, typer.Argument(metavar="FILE", help="What hustings backup wrote.")],
    data: Data = None,
    as_json: Json = False,
) -> int:
    """Put a backup into a new data folder.

    Only into one that is empty, and only when all of the archive is as it was written.
    """
    settings = settings_of(data=data)
    with console.progress() as shown:
        contents = restore(archive, settings.data, copying("Restoring", shown))
    console.say(f"Restored {contents_line(contents)}.")
    if as_json:
        console.data_json(contents_document(contents))
    else:
        console.data(f"hustings serve --data {settings.data}")
    return 0


def copying(doing: str, shown: console.Progress) -> Told:
    """What tells how far a copy is."""

    def told(done: int, total: int, what: str) -> None:
        shown.tell(f"{doing} {what}  {size_of(done)} of {size_of(total)}", what)

    return told


def size_of(count: int) -> str:
    """0.3 MB, 12 MB, 3.4 GB."""
    megabytes = count / 1e6
    if megabytes >= 1000:
        return f"{megabytes / 1000:.1f} GB"
    return f"{megabytes:.0f} MB" if megabytes >= 10 else f"{megabytes:.1f} MB"


def contents_line(contents: Contents) -> str:
    made = datetime.fromtimestamp(contents.made_at, UTC)
    recordings = "recordings included" if contents.recordings else "without recordings"
    return (
        f"{len(contents.files)} files, {size_of(contents.size)}, {recordings}, "
        f"as of {made:%Y-%m-%d %H:%M} UTC by Hustings {contents.version}"
    )


def contents_document(contents: Contents) -> dict[str, Any]:
    """For a program: what is in a backup, in figures."""
    told = msgspec.to_builtins(contents)
    return {**told, "files": len(contents.files), "size": contents.size}

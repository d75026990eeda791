"""Brings the tables up to date inside a transaction that the caller has begun: all of it, or nothing.

SQLite's file is copied first, so that an older program has something to go back to. Never downgrades.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.util.exc import CommandError
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from hustings.store.copies import copy_of, keep_copy, sqlite_file
from hustings.store.errors import DatabaseNewer, MigrationFailed, passes
from hustings.store.schema import alembic_config, is_newer, newest, revision_of, revisions

POSTGRES_LOCK = 0x6875_7374  # "hust": one process migrates at a time


def upgrade(connection: Connection) -> None:
    """Raises DatabaseNewer, MigrationFailed; StoreFull when there is no room for the copy."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": POSTGRES_LOCK})
    found = revision_of(connection)
    if found == newest():
        return
    database = sqlite_file(str(connection.engine.url))
    if found is not None and is_newer(found):
        raise DatabaseNewer(_newer(found, database))
    if found is not None and database is not None:
        keep_copy(database, found)
    _migrate(connection, found)


def _migrate(connection: Connection, found: str | None) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except (CommandError, SQLAlchemyError, ValueError, LookupError) as error:
        if passes(error):
            raise
        reason = str(getattr(error, "orig", error)).partition("\n")[0]  # SQLAlchemy's own text would quote rows
        raise MigrationFailed(
            f"The database could not be brought from {found or 'nothing'} to {newest()} ({reason}); it is as it was. "
            "Install the Hustings you had before, which goes on with it, and report this."
        ) from error


def _newer(found: str, database: Path | None) -> str:
    told = f"The database was made by a newer Hustings: it is at {found}, and this one knows up to {newest()}."
    copies = [] if database is None else [copy_of(database, revision) for revision in revisions()]
    there = [copy for copy in copies if copy.exists()]
    if not there:
        return f"{told} Install the newer one again, or restore a backup of before."
    return (
        f"{told} Install the newer one again, or go back to how it was before the upgrade: "
        f"move {database}* away and copy {there[-1]} to {database}."
    )

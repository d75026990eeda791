"""Connections: SQLite so set that a server and a command beside it can both write, or whatever the URL names."""

import contextlib
import sqlite3
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

BUSY_TIMEOUT = 5000  # ms a connection waits for another process's write before StoreLocked
MIGRATING_TIMEOUT = 60_000  # ms: another process may be moving a large table
WRITE = "hustings_write"


def make_engine(url: str, *, busy_timeout: int = BUSY_TIMEOUT) -> AsyncEngine:
    engine = create_async_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine.sync_engine, "connect", partial(_set_pragmas, busy_timeout))
        sa.event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _set_pragmas(busy_timeout: int, connection: Any, _record: object) -> None:
    """WAL lets readers go on while one writes; the driver's own transactions are off, so that `_begin` rules."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {busy_timeout}")
    # Locked here means that another connection is changing the file's mode in this moment, for both.
    with contextlib.suppress(sqlite3.OperationalError):
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: one that first reads and then upgrades fails instead of waiting."""
    writes = connection.get_execution_options().get(WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

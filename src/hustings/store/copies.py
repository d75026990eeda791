"""Whole copies of SQLite's file, made while others read and write it, and those kept from before a migration.

A copy is there whole, checked and readable by its owner alone, or not at all. Never writes to the file it copies.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from hustings.store.errors import FULL, StoreFailed, StoreFull

FOLDER = "copies"  # beside the database
KEPT = 3  # revisions


def sqlite_file(url: str) -> Path | None:
    """The file of a store's URL; None where the store is a server's, or in memory."""
    parsed = make_url(url)
    in_file = parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:"
    return Path(str(parsed.database)) if in_file else None


def revision_in(database: Path) -> str | None:
    """What the file says of itself; None for one without tables of ours. Raises StoreFailed."""
    with _our_errors(database), closing(_reading(database)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def copy_database(database: Path, copy: Path) -> None:
    """As of one moment; who writes meanwhile waits for nothing. Raises StoreFailed, or StoreFull."""
    draft = copy.with_name(f".{copy.name}.new")
    try:
        with _our_errors(database):
            _copy_to(database, draft)
        draft.replace(copy)
    except OSError as error:
        raise StoreFailed(f"The database could not be copied to {copy} ({error.strerror}).") from error
    finally:
        draft.unlink(missing_ok=True)


def _copy_to(database: Path, draft: Path) -> None:
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(_reading(database)) as source, closing(sqlite3.connect(draft)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, whatever the program that opens it
        if target.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise StoreFailed(f"The database {database} is damaged. Go back to the last copy that was good.")


def copy_of(database: Path, revision: str) -> Path:
    """Where the copy of that revision is, if one was kept."""
    return database.parent / FOLDER / f"{revision}.db"


def keep_copy(database: Path, revision: str) -> None:
    """Before a migration changes it; the oldest copies beyond KEPT go. Raises StoreFailed, or StoreFull."""
    folder = database.parent / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    copy_database(database, copy_of(database, revision))
    for old in sorted(folder.glob("*.db"))[:-KEPT]:
        old.unlink(missing_ok=True)


def _reading(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)


@contextmanager
def _our_errors(database: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if "full" in str(error):
            raise StoreFull(FULL) from error
        raise StoreFailed(f"The database {database} cannot be read.") from error

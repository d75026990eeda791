"""What can go wrong with the database, in our words. No SQLAlchemy exception leaves this folder."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from hustings.base.errors import CannotServe, Conflict, Unavailable

BUSY = "The database is busy. Try again in a moment."
FULL = "This server's disk is full, so nothing can be changed. What is live goes on; tell who runs the server."


class StoreLocked(Unavailable):
    """Another process held the database for longer than we wait."""

    code = "store_locked"


class StoreFailed(Unavailable):
    """The database cannot be reached or did not do what it was asked."""

    code = "store_failed"


class StoreFull(StoreFailed):
    """The disk has no room for what was to be kept; nothing of it was."""

    code = "disk_full"
    status = 507  # Insufficient Storage, RFC 4918 11.5
    patience = 30.0


class DatabaseNewer(CannotServe):
    """A newer program has changed the tables."""

    code = "database_newer"


class MigrationFailed(CannotServe):
    """The tables could not be brought up to date, and are as they were."""

    code = "migration_failed"


class AlreadyThere(Conflict):
    """A name or key that must be unique is taken."""

    code = "already_there"


def passes(error: Exception) -> bool:
    """Whether it is the machine's moment, not what was asked: another process writes, or the disk is full."""
    told = str(error.orig) if isinstance(error, OperationalError) else ""
    return "locked" in told or "full" in told


@contextmanager
def our_errors() -> Iterator[None]:
    """Translate at the border of the folder."""
    try:
        yield
    except IntegrityError as error:
        raise AlreadyThere("There is one of that name already. Choose another.") from error
    except OperationalError as error:
        if "locked" in str(error.orig):
            raise StoreLocked(BUSY) from error
        if "full" in str(error.orig):
            raise StoreFull(FULL) from error
        raise StoreFailed("The database does not answer. What is live goes on; try again in a moment.") from error
    except (DBAPIError, SQLAlchemyError, OSError) as error:
        raise StoreFailed("The database does not answer. What is live goes on; try again in a moment.") from error

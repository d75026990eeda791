"""What can go wrong with the database, in our words. No SQLAlchemy exception leaves this folder."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from hustings.base.errors import Conflict, Unavailable


class StoreLocked(Unavailable):
    """Another process held the database for longer than we wait."""

    code = "store_locked"


class StoreFailed(Unavailable):
    """The database cannot be reached or did not do what it was asked."""

    code = "store_failed"


class AlreadyThere(Conflict):
    """A name or key that must be unique is taken."""

    code = "already_there"


@contextmanager
def our_errors() -> Iterator[None]:
    """Translate at the border of the folder."""
    try:
        yield
    except IntegrityError as error:
        raise AlreadyThere("There is one of that name already. Choose another.") from error
    except OperationalError as error:
        if "locked" in str(error.orig):
            raise StoreLocked("The database is busy. Try again in a moment.") from error
        raise StoreFailed("The database does not answer. What is live goes on; try again in a moment.") from error
    except (DBAPIError, SQLAlchemyError, OSError) as error:
        raise StoreFailed("The database does not answer. What is live goes on; try again in a moment.") from error

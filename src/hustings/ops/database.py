"""The doctor's check of the database: which revision of the tables it is at. Opens it for reading only."""

from collections.abc import Iterator

from hustings.base.clock import Clock
from hustings.base.settings import Settings
from hustings.ops.finding import Finding, Health
from hustings.store.copies import revision_in, sqlite_file
from hustings.store.errors import StoreFailed
from hustings.store.schema import is_newer, newest

SUBJECT = "database"


def check_database(settings: Settings, _clock: Clock) -> Iterator[Finding]:
    file = sqlite_file(settings.store_url())
    if file is None:
        yield Finding(SUBJECT, Health.WELL, "is a server's own, which HUSTINGS_DATABASE_URL names; not looked into")
    elif not file.exists():
        yield Finding(SUBJECT, Health.WELL, "none yet; the first start makes it")
    else:
        try:
            yield _judged(revision_in(file))
        except StoreFailed as error:
            yield Finding(SUBJECT, Health.FAULT, str(error), "restore the last backup: hustings restore --help")


def _judged(revision: str | None) -> Finding:
    if revision == newest():
        return Finding(SUBJECT, Health.WELL, f"up to date, at {revision}")
    if revision is not None and is_newer(revision):
        told = f"is at {revision}, of a newer Hustings; this one knows up to {newest()}"
        return Finding(SUBJECT, Health.FAULT, told, "install the newer one again, or go back to the copy of before")
    told = f"is at {revision or 'nothing'}; the next start copies it, and brings it to {newest()}"
    return Finding(SUBJECT, Health.WELL, told)

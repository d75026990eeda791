"""Which revisions of the tables this program knows, and which one a database is at. Never changes a database."""

from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@cache
def revisions() -> tuple[str, ...]:
    """All of them, the oldest first."""
    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    return tuple(script.revision for script in scripts)[::-1]


def newest() -> str:
    return revisions()[-1]


def is_newer(revision: str) -> bool:
    """Whether a later program made it: revisions are never taken back."""
    return revision not in revisions()


def revision_of(connection: Connection) -> str | None:
    """None for a database without tables of ours."""
    return MigrationContext.configure(connection).get_current_revision()

"""Older and newer programs, as the database shows them: what one left behind, and which revisions one knows."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from hustings.store import schema
from hustings.store.values import AccountRole


def older_database(folder: Path, revision: str = "0001", *, account: str = "ada") -> Path:
    """As a program of that revision left it, with one account in it."""
    database = folder / "hustings.db"
    engine = sa.create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        config = schema.alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        row = {"id": "1", "name": account, "shown": "Ada Lind", "role": AccountRole.OWNER.value}
        connection.execute(sa.text("INSERT INTO accounts VALUES (:id, :name, :shown, :role, 1, NULL)"), row)
    engine.dispose()
    return database


@contextmanager
def program_of(folder: Path, *revisions: str, then: tuple[str, ...] = ()) -> Iterator[None]:
    """A program that knows these revisions, and after them one, `next`, of these statements."""
    scripts = folder / "migrations"
    shutil.rmtree(scripts, ignore_errors=True)
    shutil.copytree(schema.MIGRATIONS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (scripts / "versions").iterdir():
        if path.name[:4] not in revisions:
            path.unlink()
    if then:
        lines = [f"    op.execute(sa.text({statement!r}))" for statement in then]
        head = (
            f"import sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = 'next', '{revisions[-1]}'\n"
        )
        (scripts / "versions" / "next.py").write_text("\n".join([head, "def upgrade():", *lines, ""]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", scripts)
        schema.revisions.cache_clear()
        yield
    schema.revisions.cache_clear()

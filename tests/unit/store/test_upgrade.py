"""A database of an older program upgraded, gone back to, and refused by a program that is too old for it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.disks import small_disk
from tests.support.older import older_database, program_of

from hustings.store import copies, schema
from hustings.store.errors import DatabaseNewer, MigrationFailed, StoreFailed, StoreFull
from hustings.store.store import Store


async def opened(database: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{database}")
    try:
        await store.open()
    finally:
        await store.close()


def go_back_to(copy: Path, database: Path) -> None:
    """As the sentence says."""
    for file in database.parent.glob("hustings.db*"):
        file.unlink()
    shutil.copy(copy, database)


def names(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM accounts")]


async def test_the_first_tables_there_were_are_brought_up_to_date_and_a_copy_of_before_is_kept(
    tmp_path: Path,
) -> None:
    database = older_database(tmp_path)

    await opened(database)

    assert copies.revision_in(database) == schema.newest()
    copy = copies.copy_of(database, "0001")
    assert copies.revision_in(copy) == "0001"
    assert names(copy) == names(database) == ["ada"]
    assert copy.stat().st_mode & 0o777 == 0o600


async def test_a_database_that_is_up_to_date_and_a_new_one_are_not_copied(tmp_path: Path) -> None:
    await opened(tmp_path / "hustings.db")
    await opened(tmp_path / "hustings.db")

    assert not (tmp_path / copies.FOLDER).exists()


async def test_an_older_program_refuses_a_newer_database_and_goes_on_from_the_copy_that_it_names(
    tmp_path: Path,
) -> None:
    database = older_database(tmp_path)
    await opened(database)
    as_new = database.read_bytes()
    with program_of(tmp_path, "0001"):
        with pytest.raises(DatabaseNewer) as refused:
            await opened(database)
        assert database.read_bytes() == as_new
        copy = copies.copy_of(database, "0001")
        assert f"move {database}* away and copy {copy} to {database}" in str(refused.value)

        go_back_to(copy, database)
        await opened(database)
        assert names(database) == ["ada"]

    await opened(database)  # and the newer program takes it up once more
    assert copies.revision_in(database) == schema.newest()


async def test_without_a_copy_the_sentence_names_none(tmp_path: Path) -> None:
    database = older_database(tmp_path)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    with pytest.raises(DatabaseNewer, match=r"is at 9999.*restore a backup"):
        await opened(database)


@pytest.mark.parametrize(
    "fault", ["ALTER TABLE seats DROP COLUMN no_such", "INSERT INTO accounts SELECT * FROM accounts"]
)
async def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path, fault: str) -> None:
    database = older_database(tmp_path)
    done = "UPDATE accounts SET name = 'changed'"

    with (
        program_of(tmp_path, *schema.revisions(), then=(done, fault)),
        pytest.raises(MigrationFailed, match=r"from 0001 to next .*it is as it was"),
    ):
        await opened(database)

    assert copies.revision_in(database) == "0001"
    assert names(database) == ["ada"]
    with program_of(tmp_path, *schema.revisions(), then=(done,)):  # the migration was to blame, not the database
        await opened(database)
        assert names(database) == ["changed"]


async def test_only_the_last_few_copies_are_kept(tmp_path: Path) -> None:
    database = older_database(tmp_path)
    for revision in ("0000", "0001", "0002", "0003", "0004"):
        copies.keep_copy(database, revision)

    assert [copy.name for copy in sorted((tmp_path / copies.FOLDER).iterdir())] == ["0002.db", "0003.db", "0004.db"]


async def test_without_room_for_the_copy_nothing_is_migrated(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=4) as disk:
        database = older_database(disk.folder)
        disk.fill(leave=100_000)
        with pytest.raises(StoreFull):
            await opened(database)

        assert copies.revision_in(database) == "0001"
        assert list((disk.folder / copies.FOLDER).iterdir()) == []
        disk.clear()
        await opened(database)
        assert copies.revision_in(database) == schema.newest()


def test_a_copy_is_of_one_moment_while_somebody_writes(tmp_path: Path) -> None:
    database = older_database(tmp_path)
    with closing(sqlite3.connect(database, isolation_level=None)) as writing:
        writing.execute("PRAGMA journal_mode = WAL")
        writing.execute("UPDATE accounts SET name = 'ben'")
        writing.execute("BEGIN IMMEDIATE")
        writing.execute("UPDATE accounts SET name = 'halfway'")
        copies.copy_database(database, tmp_path / "copy.db")
        writing.execute("COMMIT")

    assert names(tmp_path / "copy.db") == ["ben"]
    assert names(database) == ["halfway"]
    assert [path.name for path in tmp_path.glob("*copy*")] == ["copy.db"]


def test_a_damaged_database_is_not_kept_as_a_copy(tmp_path: Path) -> None:
    database = older_database(tmp_path)
    torn = bytearray(database.read_bytes())
    torn[-4096:] = bytes(4096)  # a page that reading the file's head does not meet
    database.write_bytes(torn)

    with pytest.raises(StoreFailed):
        copies.copy_database(database, tmp_path / "copy.db")

    assert [path.name for path in tmp_path.glob("*copy*")] == []

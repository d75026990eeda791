import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from hustings.documents.space import Role, SpaceState
from hustings.store import people, spaces, tables
from hustings.store.errors import AlreadyThere, StoreFailed, StoreLocked
from hustings.store.store import Store
from hustings.store.table import Repository
from hustings.store.values import Account, AccountRole, SeatRecord, SpaceRecord

ADA = Account("1", "ada", "Ada Lind", AccountRole.OWNER, 1.0)


def space(key: str, state: SpaceState = SpaceState.SCHEDULED, **fields: object) -> SpaceRecord:
    made = SpaceRecord(key, "Title", "", state, "Ada", created_at=float(len(key)))
    return msgspec.structs.replace(made, **fields)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'hustings.db'}"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = Store(url)
    await store.open()
    yield store
    await store.close()


async def test_the_migrations_make_exactly_the_tables_that_the_code_knows(store: Store, tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'hustings.db'}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    engine.dispose()

    assert differences == []


async def test_who_was_on_air_before_the_rule_of_airing_may_still_switch(store: Store, tmp_path: Path) -> None:
    async with store.write() as work:
        await work.spaces.add(space("s1"))
        for key, on_air in (("on", True), ("off", False)):
            await work.seats.add(SeatRecord(key, "s1", key, Role.SPEAKER, 1.0, on_air=on_air))
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'hustings.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE seats DROP COLUMN aired"))
        for column in ("silence_intended", "delay", "mute_echo", "peak", "heard_by", "stalled_share"):
            connection.execute(sa.text(f"ALTER TABLE spaces DROP COLUMN {column}"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()

    await store.open()

    async with store.read() as work:
        assert {seat.id: seat.aired for seat in await work.seats.of("s1")} == {"on": True, "off": False}


@pytest.mark.parametrize(
    "repository",
    [
        people.Accounts, people.AccountLinks, people.Sessions, people.Tokens, people.Passkeys, people.Challenges,
        spaces.Spaces, spaces.Seats, spaces.Invitations, spaces.Requests,
    ],
)  # fmt: skip
def test_a_value_has_the_fields_of_its_table(repository: type[Repository[msgspec.Struct]]) -> None:
    fields = {field.name for field in msgspec.structs.fields(repository.kind)}

    assert fields == set(repository.table.c.keys())


async def test_two_processes_may_migrate_the_same_new_file_at_once(url: str) -> None:
    stores = [Store(url) for _ in range(4)]

    await asyncio.gather(*(store.open() for store in stores))

    async with stores[0].write() as work:
        await work.accounts.add(ADA)
    async with stores[3].read() as work:
        assert await work.accounts.by_name("ada") == ADA
    for store in stores:
        await store.close()


async def test_a_value_comes_back_as_it_went_in(store: Store) -> None:
    record = space("s1", SpaceState.LIVE, doors_at=1.5, hold=True)
    async with store.write() as work:
        await work.spaces.add(record)

    async with store.read() as work:
        assert await work.spaces.get("s1") == record
        assert await work.spaces.get("other") is None


async def test_what_raises_in_a_transaction_undoes_all_of_it(store: Store) -> None:
    async def fail_in_the_middle() -> None:
        async with store.write() as work:
            await work.accounts.add(ADA)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_in_the_middle()

    async with store.read() as work:
        assert await work.accounts.by_name("ada") is None


async def test_a_name_that_is_taken_is_told_in_our_words(store: Store) -> None:
    async with store.write() as work:
        await work.accounts.add(ADA)

    with pytest.raises(AlreadyThere):
        async with store.write() as work:
            await work.accounts.add(msgspec.structs.replace(ADA, id="2"))


async def test_a_database_that_another_process_holds_is_told_as_locked(url: str, store: Store) -> None:
    impatient = Store(url, busy_timeout=1)
    async with store.write() as work:
        await work.accounts.add(ADA)
        with pytest.raises(StoreLocked):
            async with impatient.write():
                pass
    async with impatient.write() as work:  # and works once it is free
        assert await work.accounts.by_name("ada") == ADA
    await impatient.close()


async def test_a_database_that_cannot_be_opened_is_told_in_our_words(tmp_path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'no such folder' / 'hustings.db'}")

    with pytest.raises(StoreFailed):
        await store.open()
    await store.close()
    await asyncio.to_thread(_join_drivers_threads)


def _join_drivers_threads() -> None:
    """The driver's thread of a connection that failed still posts to the loop: it must end first."""
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            thread.join(5)


async def test_readers_go_on_while_one_writes(url: str, store: Store) -> None:
    other = Store(url)
    async with store.write() as work:
        await work.accounts.add(ADA)
        async with other.read() as reading:
            assert await reading.accounts.by_name("ada") is None
    await other.close()


async def test_a_deleted_space_takes_its_seats_with_it(store: Store) -> None:
    async with store.write() as work:
        await work.spaces.add(space("s1"))
        await work.seats.add(SeatRecord("seat", "s1", "Ben", Role.SPEAKER, 1.0))
        await work.spaces.remove("s1")

    async with store.read() as work:
        assert await work.seats.get("seat") is None


async def test_the_stage_is_owed_what_is_active_and_what_it_has_not_heard(store: Store) -> None:
    owed = {
        "scheduled": space("scheduled"),
        "live": space("live", SpaceState.LIVE, revision=5, delivered_revision=5),
        "ended": space("ended", SpaceState.ENDED, revision=5, delivered_revision=4),
        "deleted": space("deleted", SpaceState.ENDED, revision=5, delivered_revision=5, deleted_at=1.0),
    }
    heard = space("heard", SpaceState.ENDED, revision=5, delivered_revision=5)
    async with store.write() as work:
        for record in [*owed.values(), heard]:
            await work.spaces.add(record)

    async with store.read() as work:
        assert {record.id for record in await work.spaces.owed_to_stage()} == set(owed)


async def test_a_delivery_that_comes_late_does_not_undo_a_newer_one(store: Store) -> None:
    async with store.write() as work:
        await work.spaces.add(space("s1", SpaceState.ENDED, revision=9))
        await work.spaces.delivered("s1", 9)
        await work.spaces.delivered("s1", 7)
        record = await work.spaces.get("s1")

    assert record is not None
    assert record.delivered_revision == 9

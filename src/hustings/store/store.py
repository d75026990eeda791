"""The store: transactions, and in each the repositories."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from hustings.store import people, spaces, tables
from hustings.store.engine import BUSY_TIMEOUT, MIGRATING_TIMEOUT, WRITE, make_engine
from hustings.store.errors import BUSY, StoreLocked, our_errors
from hustings.store.migrate import upgrade


class Flags:
    """Facts about the installation that must outlive what they are about."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, name: str) -> str | None:
        query = sa.select(tables.flags.c.value).where(tables.flags.c.name == name)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def set(self, name: str, value: str) -> None:
        await self._connection.execute(sa.delete(tables.flags).where(tables.flags.c.name == name))
        await self._connection.execute(sa.insert(tables.flags).values(name=name, value=value))


class Work:
    """One transaction's repositories."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.accounts = people.Accounts(connection)
        self.links = people.AccountLinks(connection)
        self.sessions = people.Sessions(connection)
        self.tokens = people.Tokens(connection)
        self.passkeys = people.Passkeys(connection)
        self.challenges = people.Challenges(connection)
        self.spaces = spaces.Spaces(connection)
        self.seats = spaces.Seats(connection)
        self.invitations = spaces.Invitations(connection)
        self.requests = spaces.Requests(connection)
        self.flags = Flags(connection)


class Store:
    """`async with store.write() as work:` commits when the block ends and undoes everything when it raises."""

    def __init__(self, url: str, *, busy_timeout: int = BUSY_TIMEOUT) -> None:
        """`busy_timeout` in ms: how long to wait for another process that writes."""
        self._url = url
        self._engine = make_engine(url, busy_timeout=busy_timeout)
        self._writing = asyncio.Lock()  # one writer of this process at a time waits here, not in SQLite
        self._patience = busy_timeout / 1000  # seconds

    async def open(self) -> None:
        """Bring the tables up to date; while another process does the same, that one is waited for."""
        engine = make_engine(self._url, busy_timeout=MIGRATING_TIMEOUT)
        try:
            with our_errors():
                async with engine.connect() as connection:
                    await connection.execution_options(**{WRITE: True})
                    async with connection.begin():
                        await connection.run_sync(upgrade)
        finally:
            await engine.dispose()

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Work]:
        with our_errors():
            async with self._engine.connect() as connection, connection.begin():
                yield Work(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Work]:
        with our_errors():
            async with self._turn(), self._engine.connect() as connection:
                await connection.execution_options(**{WRITE: True})
                async with connection.begin():
                    yield Work(connection)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """This writer's turn. Behind one that waits for another process, a queue must not wait for all its waits."""
        try:
            async with asyncio.timeout(self._patience):
                await self._writing.acquire()
        except TimeoutError:
            raise StoreLocked(BUSY) from None
        try:
            yield
        finally:
            self._writing.release()

"""The few statements that every repository needs, written once."""

from typing import Any, Generic, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

V = TypeVar("V", bound=msgspec.Struct)


class Repository(Generic[V]):
    """Values of one kind in one table, within the transaction of the Work it belongs to."""

    table: sa.Table
    kind: type[V]

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, value: V) -> V:
        await self._connection.execute(sa.insert(self.table).values(**msgspec.structs.asdict(value)))
        return value

    async def get(self, key: str) -> V | None:
        return await self._one(self.table.c.id == key)

    async def put(self, value: V) -> V:
        """Replace the row of the same id."""
        fields = msgspec.structs.asdict(value)
        key = fields.pop("id")
        await self._connection.execute(sa.update(self.table).where(self.table.c.id == key).values(**fields))
        return value

    async def remove(self, key: str) -> None:
        await self._delete(self.table.c.id == key)

    async def _one(self, *where: sa.ColumnElement[bool]) -> V | None:
        row = (await self._connection.execute(sa.select(self.table).where(*where))).mappings().first()
        return None if row is None else self.kind(**row)

    async def _many(
        self, *where: sa.ColumnElement[bool], order: Any = None, limit: int | None = None
    ) -> tuple[V, ...]:
        query = sa.select(self.table).where(*where).order_by(order if order is not None else self.table.c.id)
        rows = await self._connection.execute(query.limit(limit))
        return tuple(self.kind(**row) for row in rows.mappings())

    async def _count(self, *where: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).select_from(self.table).where(*where)
        return int((await self._connection.execute(query)).scalar_one())

    async def _delete(self, *where: sa.ColumnElement[bool]) -> int:
        return (await self._connection.execute(sa.delete(self.table).where(*where))).rowcount

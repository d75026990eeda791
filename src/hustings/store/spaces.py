"""Spaces, the people on their stages, and those who were asked or ask."""

from typing import Any

import sqlalchemy as sa

from hustings.documents.space import SpaceState
from hustings.store import tables
from hustings.store.table import Repository
from hustings.store.values import Invitation, Request, RequestState, SeatRecord, SpaceRecord

ACTIVE = (SpaceState.SCHEDULED, SpaceState.DOORS, SpaceState.LIVE)


class Spaces(Repository[SpaceRecord]):
    table, kind = tables.spaces, SpaceRecord

    async def in_states(self, *states: SpaceState, limit: int | None = None) -> tuple[SpaceRecord, ...]:
        """Those that exist; the newest end first, else the earliest start first."""
        space = self.table.c
        ended = SpaceState.ENDED in states
        order = space.ended_at.desc() if ended else sa.func.coalesce(space.starts_at, space.created_at)
        return await self._many(space.state.in_(states), space.deleted_at.is_(None), order=order, limit=limit)

    async def overview(self, scheduled: int, ended: int) -> tuple[tuple[SpaceRecord, tuple[SeatRecord, ...]], ...]:
        """In one query: all with open doors or live, the next `scheduled`, the last `ended`, with their seats."""
        space, seat = self.table.c, tables.seats.c
        start = sa.func.coalesce(space.starts_at, space.created_at)
        listed = sa.or_(
            space.state.in_((SpaceState.DOORS, SpaceState.LIVE)),
            space.id.in_(self._first(SpaceState.SCHEDULED, start, scheduled)),
            space.id.in_(self._first(SpaceState.ENDED, space.ended_at.desc(), ended)),
        )
        taken = sa.and_(seat.space_id == space.id, seat.removed_at.is_(None))
        query = (
            sa.select(self.table, tables.seats)
            .select_from(self.table.outerjoin(tables.seats, taken))
            .where(space.deleted_at.is_(None), listed)
            .order_by(space.id, seat.created_at)
        )
        found: dict[str, tuple[SpaceRecord, list[SeatRecord]]] = {}
        for row in await self._connection.execute(query):
            record = SpaceRecord(**dict(zip(space.keys(), row, strict=False)))
            _, seats = found.setdefault(record.id, (record, []))
            at = dict(zip(seat.keys(), row[len(space) :], strict=True))
            if at["id"] is not None:
                seats.append(SeatRecord(**at))
        return tuple((record, tuple(seats)) for record, seats in found.values())

    def _first(self, state: SpaceState, order: sa.ColumnElement[Any], limit: int) -> sa.Select[tuple[str]]:
        space = self.table.c
        there = sa.select(space.id).where(space.state == state, space.deleted_at.is_(None))
        return there.order_by(order).limit(limit)

    async def hosted_by(self, account_name: str, limit: int) -> tuple[SpaceRecord, ...]:
        space = self.table.c
        return await self._many(
            space.host_account == account_name, space.deleted_at.is_(None), order=space.created_at.desc(), limit=limit
        )

    async def owed_to_stage(self) -> tuple[SpaceRecord, ...]:
        """Every Space of which a stage must know: active, or ended or deleted and the stage not told yet."""
        space = self.table.c
        return await self._many(
            sa.or_(
                space.deleted_at.is_not(None),
                space.state.in_(ACTIVE),
                space.delivered_revision < space.revision,
            )
        )

    async def delivered(self, key: str, revision: int) -> None:
        await self._connection.execute(
            sa.update(self.table)
            .where(self.table.c.id == key, self.table.c.delivered_revision < revision)
            .values(delivered_revision=revision)
        )

    async def lock(self, key: str) -> SpaceRecord | None:
        """The Space, held until the transaction ends: two people cannot take its last seat at once."""
        query = sa.select(self.table).where(self.table.c.id == key).with_for_update()
        row = (await self._connection.execute(query)).mappings().first()
        return None if row is None else SpaceRecord(**row)


class Seats(Repository[SeatRecord]):
    table, kind = tables.seats, SeatRecord

    async def of(self, space_id: str) -> tuple[SeatRecord, ...]:
        """Those on stage, in the order in which they came."""
        seat = self.table.c
        return await self._many(seat.space_id == space_id, seat.removed_at.is_(None), order=seat.created_at)

    async def of_account(self, space_id: str, account_id: str) -> SeatRecord | None:
        seat = self.table.c
        return await self._one(seat.space_id == space_id, seat.account_id == account_id, seat.removed_at.is_(None))


class Invitations(Repository[Invitation]):
    table, kind = tables.invitations, Invitation

    async def by_secret(self, secret_hash: str) -> Invitation | None:
        return await self._one(self.table.c.secret_hash == secret_hash)

    async def of(self, space_id: str) -> tuple[Invitation, ...]:
        return await self._many(self.table.c.space_id == space_id, self.table.c.revoked_at.is_(None))

    async def for_account(self, space_id: str, account_id: str) -> Invitation | None:
        kept = self.table.c
        return await self._one(kept.space_id == space_id, kept.account_id == account_id, kept.revoked_at.is_(None))

    async def revoke_of_seat(self, seat_id: str, now: float) -> None:
        """Whoever was taken off the stage does not come back through the same link."""
        await self._connection.execute(
            sa.update(self.table).where(self.table.c.seat_id == seat_id).values(revoked_at=now)
        )


class Requests(Repository[Request]):
    table, kind = tables.requests, Request

    async def of(self, space_id: str) -> tuple[Request, ...]:
        return await self._many(self.table.c.space_id == space_id, order=self.table.c.asked_at)

    async def pending(self, space_id: str) -> tuple[Request, ...]:
        return await self._many(
            self.table.c.space_id == space_id, self.table.c.state == RequestState.PENDING, order=self.table.c.asked_at
        )

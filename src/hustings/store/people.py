"""Accounts and what opens them: links, sessions, tokens, passkeys."""

import sqlalchemy as sa

from hustings.store import tables
from hustings.store.table import Repository, V
from hustings.store.values import Account, AccountLink, AccountRole, Challenge, Passkey, Session, Token


class Accounts(Repository[Account]):
    table, kind = tables.accounts, Account

    async def by_name(self, name: str) -> Account | None:
        return await self._one(self.table.c.name == name)

    async def owner_exists(self) -> bool:
        return await self._count(self.table.c.role == AccountRole.OWNER) > 0


class _Keys(Repository[V]):
    """What opens accounts."""

    async def remove_of(self, account_id: str) -> None:
        await self._delete(self.table.c.account_id == account_id)


class AccountLinks(_Keys[AccountLink]):
    table, kind = tables.account_links, AccountLink

    async def by_secret(self, secret_hash: str) -> AccountLink | None:
        return await self._one(self.table.c.secret_hash == secret_hash)

    async def first_owner(self, now: float) -> AccountLink | None:
        """The unused link of the first start, while it lives."""
        link = self.table.c
        return await self._one(link.first_owner.is_(True), link.used_at.is_(None), link.expires_at > now)

    async def forget_old(self, now: float) -> None:
        await self._delete(self.table.c.expires_at <= now)


class Sessions(_Keys[Session]):
    table, kind = tables.sessions, Session

    async def by_secret(self, secret_hash: str) -> Session | None:
        return await self._one(self.table.c.secret_hash == secret_hash)

    async def of(self, account_id: str, now: float) -> tuple[Session, ...]:
        return await self._many(
            self.table.c.account_id == account_id,
            self.table.c.expires_at > now,
            order=self.table.c.last_seen_at.desc(),
        )

    async def touch(self, key: str, now: float) -> None:
        await self._connection.execute(sa.update(self.table).where(self.table.c.id == key).values(last_seen_at=now))

    async def remove_others(self, account_id: str, keep: str | None) -> None:
        await self._delete(self.table.c.account_id == account_id, self.table.c.id != (keep or ""))

    async def forget_old(self, now: float) -> None:
        await self._delete(self.table.c.expires_at <= now)


class Tokens(_Keys[Token]):
    table, kind = tables.tokens, Token

    async def by_secret(self, secret_hash: str) -> Token | None:
        return await self._one(self.table.c.secret_hash == secret_hash)

    async def of(self, account_id: str) -> tuple[Token, ...]:
        return await self._many(self.table.c.account_id == account_id)

    async def touch(self, key: str, now: float) -> None:
        await self._connection.execute(sa.update(self.table).where(self.table.c.id == key).values(last_used_at=now))


class Passkeys(_Keys[Passkey]):
    table, kind = tables.passkeys, Passkey

    async def by_credential(self, credential_id: bytes) -> Passkey | None:
        return await self._one(self.table.c.credential_id == credential_id)

    async def of(self, account_id: str) -> tuple[Passkey, ...]:
        return await self._many(self.table.c.account_id == account_id)


class Challenges(Repository[Challenge]):
    table, kind = tables.challenges, Challenge

    async def take(self, key: str) -> Challenge | None:
        """Give it out and forget it, so that an answer cannot be played twice."""
        challenge = await self.get(key)
        await self.remove(key)
        return challenge

    async def forget_old(self, now: float) -> None:
        await self._delete(self.table.c.expires_at <= now)

"""Making an account from the shell, and letting its owner in again: beside a running server or without one, for they
meet in the database alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from hustings.base.clock import Clock
from hustings.base.errors import Invalid
from hustings.base.settings import Settings, make_data_folder, noted_address
from hustings.square.accounts import make_account, make_link
from hustings.square.errors import NoSuchAccount
from hustings.square.principal import ALL_SCOPES
from hustings.square.sessions import issue_token
from hustings.store.store import Store, Work
from hustings.store.values import Account, AccountRole

TOKEN_DAYS = 365


class NoInstallation(Invalid):
    """A folder was named in which nothing was ever served: a slip of the hand would make a second installation."""

    code = "no_installation"


class Created(msgspec.Struct, frozen=True):
    """What `hustings account create` and `recover` print. One of token and link is set."""

    account: Account
    token: str | None = None
    link: str | None = None


async def create_account(settings: Settings, clock: Clock, name: str, role: AccountRole, *, token: bool) -> Created:
    """A bearer token of all scopes, or a one-time link (whole address) at which the person sets a password."""
    async with _working(settings) as work:
        now = clock.now()
        account = await make_account(work, name, name, role, now)
        if not token:
            return await _with_link(settings, work, account, now)
        secret, _ = await issue_token(
            work, account, label="made in the shell", scopes=ALL_SCOPES, days=TOKEN_DAYS, now=now
        )
        return Created(account, token=secret)


async def recover_account(settings: Settings, clock: Clock, name: str) -> Created:
    """A one-time link at which the person sets a password; whatever else opened the account opens it no more.

    The attack it stops: who took an account over keeps it by what they left behind.
    """
    async with _working(settings) as work:
        account = await work.accounts.by_name(name.strip().removeprefix("@").lower())
        if account is None:
            raise NoSuchAccount(f"There is no account named {name} here.")
        account = await work.accounts.put(msgspec.structs.replace(account, password_hash=None))
        for ways in (work.sessions, work.tokens, work.passkeys, work.links):
            await ways.remove_of(account.id)
        return await _with_link(settings, work, account, clock.now())


async def _with_link(settings: Settings, work: Work, account: Account, now: float) -> Created:
    link = await make_link(work, account.role, now, account_id=account.id)
    return Created(account, link=f"{noted_address(settings)}/setup#{link}")


@asynccontextmanager
async def _working(settings: Settings) -> AsyncIterator[Work]:
    """One transaction in the installation's database."""
    _require_installation(settings)
    make_data_folder(settings.data)
    store = Store(settings.store_url())
    try:
        await store.open()
        async with store.write() as work:
            yield work
    finally:
        await store.close()


def _require_installation(settings: Settings) -> None:
    """The default folder may be made, for an account before the first start. Raises NoInstallation."""
    is_default = settings.data == Settings.model_fields["data"].default
    if is_default or settings.database_url or settings.data.is_file():
        return
    if not settings.database().exists():
        raise NoInstallation(
            f"There is no installation in {settings.data}. Is --data right? "
            f"A new one is made by hustings serve --data {settings.data}"
        )

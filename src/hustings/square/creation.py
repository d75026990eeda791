"""Making an account from the shell, beside a running server or without one: they meet in the database alone."""

import msgspec

from hustings.base.clock import Clock
from hustings.base.errors import Invalid
from hustings.base.settings import Settings, make_data_folder, noted_address
from hustings.square.accounts import make_account, make_link
from hustings.square.principal import ALL_SCOPES
from hustings.square.sessions import issue_token
from hustings.store.store import Store
from hustings.store.values import Account, AccountRole

TOKEN_DAYS = 365


class NoInstallation(Invalid):
    """A folder was named in which nothing was ever served: a slip of the hand would make a second installation."""

    code = "no_installation"


class Created(msgspec.Struct, frozen=True):
    """What `hustings account create` prints. One of token and link is set."""

    account: Account
    token: str | None = None
    link: str | None = None


async def create_account(settings: Settings, clock: Clock, name: str, role: AccountRole, *, token: bool) -> Created:
    """A bearer token of all scopes, or a one-time link (whole address) at which the person sets a password."""
    _require_installation(settings)
    make_data_folder(settings.data)
    store = Store(settings.store_url())
    try:
        await store.open()
        async with store.write() as work:
            now = clock.now()
            account = await make_account(work, name, name, role, now)
            if token:
                secret, _ = await issue_token(
                    work, account, label="made in the shell", scopes=ALL_SCOPES, days=TOKEN_DAYS, now=now
                )
                return Created(account, token=secret)
            link = await make_link(work, role, now, account_id=account.id)
            return Created(account, link=f"{noted_address(settings)}/setup#{link}")
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

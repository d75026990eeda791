"""Making accounts and changing what is theirs. Never decides what an account may do in a Space."""

import msgspec
import structlog

from hustings.base.clock import Clock
from hustings.base.ids import new_id, new_secret
from hustings.base.sealing import derive_key
from hustings.square.errors import LinkUsedUp, NameTaken, NoSuchAccount, NotYours, SignInFailed
from hustings.square.names import account_name, display_name
from hustings.square.passwords import Passwords, check_new_password
from hustings.square.secrets import derived, hashed
from hustings.store.store import Store, Work
from hustings.store.values import Account, AccountLink, AccountRole

LINK_AGE = 7 * 24 * 3600.0  # seconds a one-time link lives
WRONG_CURRENT = "The current password is not right."
NO_LINK = "This link was used already, has expired or was not copied whole. Ask for a new one."


async def make_account(work: Work, name: str, shown: str, role: AccountRole, now: float) -> Account:
    """Add an account without a password; raises BadName or NameTaken."""
    name = account_name(name)
    if await work.accounts.by_name(name) is not None:
        raise NameTaken(f"There is an account named {name} already. Choose another name.")
    return await work.accounts.add(Account(new_id(now), name, display_name(shown or name), role, now))


async def make_link(work: Work, role: AccountRole, now: float, *, account_id: str | None = None, by: str = "") -> str:
    """A one-time link's secret: to make an account of `role`, or to set the password of `account_id`."""
    secret = new_secret()
    await work.links.forget_old(now)
    await work.links.add(
        AccountLink(
            new_id(now), hashed(secret), role, now, now + LINK_AGE, account_id=account_id, created_by=by or None
        )
    )
    return secret


log = structlog.get_logger(__name__)


class Accounts:
    """What people do with accounts."""

    def __init__(self, store: Store, clock: Clock, passwords: Passwords, cluster_key: str) -> None:
        self._store, self._clock, self._passwords = store, clock, passwords
        self._owner_link_key = derive_key(cluster_key, "owner-link")

    async def ensure_owner_link(self) -> str | None:
        """The secret of the link that makes the owner; the same one at every start, None once there is an owner."""
        now = self._clock.now()
        async with self._store.write() as work:
            if await work.accounts.owner_exists():
                return None
            link = await work.links.first_owner(now)
            if link is None:
                key = new_id(now)
                secret_hash = hashed(derived(self._owner_link_key, key))
                link = AccountLink(key, secret_hash, AccountRole.OWNER, now, now + LINK_AGE, first_owner=True)
                await work.links.add(link)
        return derived(self._owner_link_key, link.id)

    async def owner_exists(self) -> bool:
        async with self._store.read() as work:
            return await work.accounts.owner_exists()

    async def invite(self, inviter: Account, role: AccountRole) -> str:
        """A moderator makes members; an owner makes all. Returns the link's secret."""
        if not inviter.role.is_staff:
            raise NotYours("Only the owner and the moderators invite people to have an account.")
        if inviter.role is not AccountRole.OWNER and role is not AccountRole.MEMBER:
            raise NotYours("Only the owner makes owners and moderators.")
        async with self._store.write() as work:
            return await make_link(work, role, self._clock.now(), by=inviter.id)

    async def look_at_link(self, secret: str) -> tuple[AccountLink, Account | None]:
        """The link, and the account whose password it sets if it is for one. Raises LinkUsedUp."""
        async with self._store.read() as work:
            link = await self._usable(work, secret)
            return link, await work.accounts.get(link.account_id) if link.account_id else None

    async def use_link(self, secret: str, name: str, shown: str, password: str) -> Account:
        """Turn a one-time link into an account with a password, or give the link's account its password."""
        check_new_password(password, name.lower())
        await self.look_at_link(secret)  # before the costly hash
        password_hash = await self._passwords.hash(password)
        now = self._clock.now()
        async with self._store.write() as work:
            link = await self._usable(work, secret)
            account = await self._of_link(work, link, name, shown, now)
            await work.links.put(msgspec.structs.replace(link, used_at=now))
            await work.sessions.remove_others(account.id, None)
            account = await work.accounts.put(msgspec.structs.replace(account, password_hash=password_hash))
        log.info("account set up by link", account=account.id, role=account.role.value)
        return account

    async def _of_link(self, work: Work, link: AccountLink, name: str, shown: str, now: float) -> Account:
        if link.account_id is None:
            return await make_account(work, name, shown, link.role, now)
        account = await work.accounts.get(link.account_id)
        if account is None:
            raise LinkUsedUp(NO_LINK)
        return msgspec.structs.replace(account, display_name=display_name(shown or account.display_name))

    async def _usable(self, work: Work, secret: str) -> AccountLink:
        link = await work.links.by_secret(hashed(secret))
        if link is None or link.used_at is not None or link.expires_at <= self._clock.now():
            raise LinkUsedUp(NO_LINK)
        if link.first_owner and await work.accounts.owner_exists():
            raise LinkUsedUp(NO_LINK)
        return link

    async def by_password(self, name: str, password: str) -> Account:
        """Raises SignInFailed, after the same time, whether the name or the password is wrong."""
        async with self._store.read() as work:
            account = await work.accounts.by_name(name.strip().removeprefix("@").lower())
        matches = await self._passwords.matches(password, account.password_hash if account else None)
        if account is None or not matches:
            log.warning("sign-in refused", known=account is not None)
            raise SignInFailed("The name or the password is not right. Check both and try again.")
        return account

    async def change_password(self, account: Account, current: str, new: str, keep_session: str | None) -> None:
        """Every other session of the account ends at once."""
        if account.password_hash is not None and not await self._passwords.matches(current, account.password_hash):
            raise SignInFailed(WRONG_CURRENT)
        check_new_password(new, account.name)
        password_hash = await self._passwords.hash(new)
        async with self._store.write() as work:
            held = await _again(work, account)
            if held.password_hash != account.password_hash:  # what was checked is no longer the password
                raise SignInFailed(WRONG_CURRENT)
            await work.accounts.put(msgspec.structs.replace(held, password_hash=password_hash))
            await work.sessions.remove_others(account.id, keep_session)
        log.info("password changed", account=account.id)

    async def rename(self, account: Account, shown: str) -> Account:
        async with self._store.write() as work:
            held = await _again(work, account)
            return await work.accounts.put(msgspec.structs.replace(held, display_name=display_name(shown)))

    async def by_name(self, name: str) -> Account:
        async with self._store.read() as work:
            account = await work.accounts.by_name(name.removeprefix("@").lower())
        if account is None:
            raise NoSuchAccount(f"There is no account named {name} here.")
        return account


async def _again(work: Work, account: Account) -> Account:
    """The account as it is within this transaction. The race: what was read before it may be old, and a password
    written back from it would open the account to who knows the former one."""
    held = await work.accounts.get(account.id)
    if held is None:
        raise NoSuchAccount(f"There is no account named {account.name} here.")
    return held

"""Who is signed in: browsers by an opaque cookie, programs by a bearer token. Both end once they are revoked."""

from collections.abc import Iterable
from contextlib import suppress

import structlog

from hustings.base.clock import Clock
from hustings.base.errors import Invalid, NotFound, Unavailable
from hustings.base.ids import new_id, new_secret
from hustings.square.errors import TokenRefused
from hustings.square.principal import ALL_SCOPES, NOBODY, Principal, Scope
from hustings.square.secrets import hashed, new_token
from hustings.store.store import Store, Work
from hustings.store.values import Account, Session, Token

log = structlog.get_logger(__name__)

SESSION_AGE = 90 * 24 * 3600  # seconds
TOUCH_AFTER = 60.0  # seconds between writes of "last seen"
MAX_TOKEN_DAYS = 366


class NoSuchSession(NotFound):
    code = "no_such_session"


class NoSuchToken(NotFound):
    code = "no_such_token"


class BadScopes(Invalid):
    code = "bad_scopes"


async def issue_token(
    work: Work, account: Account, *, label: str, scopes: Iterable[Scope], days: int, now: float
) -> tuple[str, Token]:
    """The bearer token, which is not kept, and what is kept of it."""
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise Invalid(f"A token lives 1 to {MAX_TOKEN_DAYS} days.")
    named = " ".join(sorted(scope.value for scope in set(scopes)))
    if not named:
        raise BadScopes("Name at least one of the scopes read, speak and host.")
    secret = new_token()
    token = Token(new_id(now), hashed(secret), account.id, label.strip()[:80], named, now, now + days * 86400.0)
    return secret, await work.tokens.add(token)


class Sessions:
    """Signing in, recognising, listing, revoking."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def start(self, account: Account, user_agent: str) -> str:
        """The cookie's value: a new one at every sign-in, so that none can be planted beforehand."""
        now, secret = self._clock.now(), new_secret()
        session = Session(new_id(now), hashed(secret), account.id, now, now, now + SESSION_AGE, user_agent[:200])
        async with self._store.write() as work:
            await work.sessions.forget_old(now)
            await work.sessions.add(session)
        log.info("signed in", account=account.id)
        return secret

    async def by_cookie(self, secret: str) -> Principal:
        """NOBODY for a cookie that is unknown, revoked or too old: the page then shows that one is signed out."""
        now = self._clock.now()
        async with self._store.read() as work:
            session = await work.sessions.by_secret(hashed(secret))
            account = await work.accounts.get(session.account_id) if session and session.expires_at > now else None
        if session is None or account is None:
            return NOBODY
        if now - session.last_seen_at > TOUCH_AFTER:
            with suppress(Unavailable):  # a busy database must not turn a reader away for a note of the time
                async with self._store.write() as work:
                    await work.sessions.touch(session.id, now)
        return Principal(account, session.id, ALL_SCOPES)

    async def by_token(self, secret: str) -> Principal:
        """Raises TokenRefused: a program with a dead token must be told, not treated as a stranger."""
        now = self._clock.now()
        async with self._store.read() as work:
            token = await work.tokens.by_secret(hashed(secret))
            account = await work.accounts.get(token.account_id) if token and token.expires_at > now else None
        if token is None or account is None:
            raise TokenRefused("This token is unknown, revoked or expired. Make a new one.")
        if token.last_used_at is None or now - token.last_used_at > TOUCH_AFTER:
            with suppress(Unavailable):
                async with self._store.write() as work:
                    await work.tokens.touch(token.id, now)
        return Principal(account, None, frozenset(Scope(name) for name in token.scopes.split()))

    async def of(self, account: Account) -> tuple[Session, ...]:
        async with self._store.read() as work:
            return await work.sessions.of(account.id, self._clock.now())

    async def revoke(self, account: Account, session_id: str) -> None:
        async with self._store.write() as work:
            session = await work.sessions.get(session_id)
            if session is None or session.account_id != account.id:
                raise NoSuchSession("You have no such session; it may have ended already.")
            await work.sessions.remove(session_id)

    async def tokens_of(self, account: Account) -> tuple[Token, ...]:
        async with self._store.read() as work:
            return await work.tokens.of(account.id)

    async def make_token(self, account: Account, label: str, scopes: Iterable[str], days: int) -> tuple[str, Token]:
        try:
            wanted = [Scope(name) for name in scopes]
        except ValueError as error:
            raise BadScopes("The scopes are read, speak and host.") from error
        async with self._store.write() as work:
            return await issue_token(work, account, label=label, scopes=wanted, days=days, now=self._clock.now())

    async def revoke_token(self, account: Account, token_id: str) -> None:
        async with self._store.write() as work:
            token = await work.tokens.get(token_id)
            if token is None or token.account_id != account.id:
                raise NoSuchToken("You have no such token; it may be revoked already.")
            await work.tokens.remove(token_id)

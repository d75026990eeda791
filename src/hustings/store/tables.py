"""The tables, as SQLAlchemy Core knows them. Their columns are named as the fields in `values`.

The migrations, not this module, make them; a test compares the two.
"""

from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from hustings.documents.space import ReplayState, Role, SpaceState
from hustings.store.values import AccountRole, RequestState


class EnumText(sa.types.TypeDecorator[Enum]):
    """An enum held as its value, in a plain text column that any migration can widen."""

    impl = sa.String(16)
    cache_ok = True

    def __init__(self, kind: type[Enum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Enum | None, dialect: Dialect) -> Any:
        return None if value is None else value.value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Enum | None:
        return None if value is None else self.kind(value)


metadata = sa.MetaData()


def _id(name: str = "id") -> sa.Column[str]:
    return sa.Column(name, sa.String(128), primary_key=True)


def _text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=options.pop("nullable", False), **options)


def _time(name: str, *, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _of(name: str, target: str, *, nullable: bool = False, index: bool = True) -> sa.Column[str]:
    """A reference whose row goes with the row it points to."""
    key = sa.ForeignKey(target, ondelete="CASCADE")
    return sa.Column(name, sa.String(128), key, nullable=nullable, index=index)


accounts = sa.Table(
    "accounts", metadata,
    _id(), _text("name", unique=True), _text("display_name"),
    sa.Column("role", EnumText(AccountRole), nullable=False), _time("created_at"),
    _text("password_hash", nullable=True),
)  # fmt: skip

account_links = sa.Table(
    "account_links", metadata,
    _id(), _text("secret_hash", unique=True), sa.Column("role", EnumText(AccountRole), nullable=False),
    _time("created_at"), _time("expires_at"), _of("account_id", "accounts.id", nullable=True, index=False),
    _of("created_by", "accounts.id", nullable=True, index=False),
    _flag("first_owner"), _time("used_at", nullable=True),
)  # fmt: skip

sessions = sa.Table(
    "sessions", metadata,
    _id(), _text("secret_hash", unique=True), _of("account_id", "accounts.id"), _time("created_at"),
    _time("last_seen_at"), _time("expires_at"), _text("user_agent"),
)  # fmt: skip

tokens = sa.Table(
    "tokens", metadata,
    _id(), _text("secret_hash", unique=True), _of("account_id", "accounts.id"), _text("label"), _text("scopes"),
    _time("created_at"), _time("expires_at"), _time("last_used_at", nullable=True),
)  # fmt: skip

passkeys = sa.Table(
    "passkeys", metadata,
    _id(), _of("account_id", "accounts.id"), sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False), sa.Column("sign_count", sa.BigInteger, nullable=False),
    _text("label"), _time("created_at"), _time("last_used_at", nullable=True),
)  # fmt: skip

challenges = sa.Table(
    "challenges", metadata,
    _id(), _text("purpose"), _time("expires_at"), _of("account_id", "accounts.id", nullable=True, index=False),
)  # fmt: skip

spaces = sa.Table(
    "spaces", metadata,
    _id(), _text("title"), _text("description"), sa.Column("state", EnumText(SpaceState), nullable=False, index=True),
    _text("host_name"), _time("created_at"), _of("creator_id", "accounts.id", nullable=True),
    _text("host_account", nullable=True), _time("starts_at", nullable=True), _time("doors_at", nullable=True),
    _time("live_at", nullable=True), _time("ended_at", nullable=True),
    _flag("record"), _flag("sample"), _flag("hold"), _flag("silence_intended"),
    sa.Column("delay", sa.Double, nullable=False), _flag("mute_echo"),
    _text("preshow", nullable=True), sa.Column("replay_state", EnumText(ReplayState), nullable=False),
    sa.Column("replay_duration", sa.Double, nullable=False), _flag("replay_trim_start"),
    sa.Column("peak", sa.BigInteger, nullable=False), sa.Column("heard_by", sa.BigInteger, nullable=False),
    sa.Column("stalled_share", sa.Double, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("delivered_revision", sa.BigInteger, nullable=False), _time("deleted_at", nullable=True),
)  # fmt: skip

seats = sa.Table(
    "seats", metadata,
    _id(), _of("space_id", "spaces.id"), _text("name"), sa.Column("role", EnumText(Role), nullable=False),
    _time("created_at"), _time("agreed_recording_at", nullable=True),
    _of("account_id", "accounts.id", nullable=True), _text("account_name", nullable=True), _flag("on_air"),
    _flag("aired"), _flag("muted"), _flag("held_by_director"), sa.Column("generation", sa.Integer, nullable=False),
    _time("removed_at", nullable=True),
)  # fmt: skip

invitations = sa.Table(
    "invitations", metadata,
    _id(), _of("space_id", "spaces.id"), sa.Column("role", EnumText(Role), nullable=False), _time("created_at"),
    _text("name"), _text("invited_by"), _text("secret_hash", nullable=True, unique=True),
    _of("account_id", "accounts.id", nullable=True), _of("seat_id", "seats.id", nullable=True, index=False),
    _time("accepted_at", nullable=True), _time("revoked_at", nullable=True),
)  # fmt: skip

requests = sa.Table(
    "requests", metadata,
    _id(), _of("space_id", "spaces.id"), _text("secret_hash", unique=True), _text("name"),
    sa.Column("state", EnumText(RequestState), nullable=False), _time("asked_at"),
    _of("account_id", "accounts.id", nullable=True, index=False), _time("answered_at", nullable=True),
    _of("seat_id", "seats.id", nullable=True, index=False),
)  # fmt: skip

flags = sa.Table("flags", metadata, _id("name"), _text("value"))

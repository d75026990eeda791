"""What the store holds, one value a row. Times are Unix seconds; secrets are held as hashes only."""

from enum import Enum

import msgspec

from hustings.documents.space import ReplayState, Role, SpaceState


class AccountRole(Enum):
    """What an account may do to the installation; what it may do in a Space is documents.space.Role."""

    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"

    @property
    def is_staff(self) -> bool:
        return self is not AccountRole.MEMBER


class RequestState(Enum):
    """A raised hand. `spaces.requests` holds its graph."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ACCEPTED = "accepted"


class Account(msgspec.Struct, frozen=True):
    id: str
    name: str  # as in /@name: lower case
    display_name: str
    role: AccountRole
    created_at: float
    password_hash: str | None = None


class AccountLink(msgspec.Struct, frozen=True):
    """A one-time link: makes an account of `role`, or sets the password of `account_id`."""

    id: str
    secret_hash: str
    role: AccountRole
    created_at: float
    expires_at: float
    account_id: str | None = None
    created_by: str | None = None
    first_owner: bool = False  # the one the server prints at its first start
    used_at: float | None = None


class Session(msgspec.Struct, frozen=True):
    id: str
    secret_hash: str
    account_id: str
    created_at: float
    last_seen_at: float
    expires_at: float
    user_agent: str


class Token(msgspec.Struct, frozen=True):
    id: str
    secret_hash: str
    account_id: str
    label: str
    scopes: str  # separated by blanks
    created_at: float
    expires_at: float
    last_used_at: float | None = None


class Passkey(msgspec.Struct, frozen=True):
    id: str
    account_id: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    label: str
    created_at: float
    last_used_at: float | None = None


class Challenge(msgspec.Struct, frozen=True):
    """What a passkey was asked to sign: used once."""

    id: str  # the challenge itself, base64url
    purpose: str
    expires_at: float
    account_id: str | None = None


class SpaceRecord(msgspec.Struct, frozen=True):
    id: str
    title: str
    description: str
    state: SpaceState
    host_name: str
    created_at: float
    creator_id: str | None = None  # the account that made it; None for the sample
    host_account: str | None = None  # the name of the account that hosts it
    starts_at: float | None = None
    doors_at: float | None = None
    live_at: float | None = None
    ended_at: float | None = None
    record: bool = True
    sample: bool = False
    hold: bool = False
    silence_intended: bool = False
    delay: float = 0.0  # seconds
    mute_echo: bool = False
    preshow: str | None = None
    replay_state: ReplayState = ReplayState.NONE
    replay_duration: float = 0.0
    replay_trim_start: bool = True
    peak: int = 0  # the most listeners at once
    heard_by: int = 0  # different pages
    stalled_share: float = 0.0  # of those, whose sound ever stopped
    revision: int = 1
    delivered_revision: int = 0  # the newest plan of an ended Space that the stage has taken
    deleted_at: float | None = None  # set until the stage has forgotten it too


class SeatRecord(msgspec.Struct, frozen=True):
    id: str
    space_id: str
    name: str
    role: Role
    created_at: float
    agreed_recording_at: float | None = None
    account_id: str | None = None
    account_name: str | None = None
    on_air: bool = False
    aired: bool = False  # it was put on air by a director, or came with its switch on: it may switch itself
    muted: bool = False
    held_by_director: bool = False  # a director muted it or took it off air: it may not undo that itself
    generation: int = 1
    removed_at: float | None = None


class Invitation(msgspec.Struct, frozen=True):
    """A link for a guest, or (account_id) a place kept for an account. One seat comes of it."""

    id: str
    space_id: str
    role: Role
    created_at: float
    name: str = ""
    invited_by: str = ""  # display name
    secret_hash: str | None = None
    account_id: str | None = None
    seat_id: str | None = None
    accepted_at: float | None = None
    revoked_at: float | None = None


class Request(msgspec.Struct, frozen=True):
    id: str
    space_id: str
    secret_hash: str
    name: str
    state: RequestState
    asked_at: float
    account_id: str | None = None
    answered_at: float | None = None
    seat_id: str | None = None

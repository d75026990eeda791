"""Values into the JSON that pages and programs read. Secrets and hashes have no way in here."""

from datetime import UTC, datetime
from typing import Any

from hustings.documents.space import Role
from hustings.spaces.floor import SeatGrant
from hustings.spaces.invitations import InvitationView
from hustings.spaces.permissions import allowed
from hustings.spaces.spaces import SpaceView
from hustings.store.values import Account, Passkey, Request, SeatRecord, Session, Token

Json = dict[str, Any]


def time(when: float | None) -> str | None:
    """ISO 8601, UTC, to the millisecond."""
    if when is None:
        return None
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def space(view: SpaceView, base: str) -> Json:
    it = view.space
    return {
        "id": it.id,
        "title": it.title,
        "description": it.description,
        "state": it.state.value,
        "url": f"{base}/spaces/{it.id}",
        "host": {"display_name": it.host_name, "account": it.host_account},
        "created_at": time(it.created_at),
        "starts_at": time(it.starts_at),
        "doors_at": time(it.doors_at),
        "live_at": time(it.live_at),
        "ended_at": time(it.ended_at),
        "record": it.record,
        "sample": it.sample,
        "hold": it.hold,
        "silence_intended": it.silence_intended,
        "delay": it.delay,
        "mute_echo": it.mute_echo,
        "preshow": it.preshow is not None,
        "speakers": [
            {"seat": seat.id, "name": seat.name, "role": seat.role.value}
            for seat in view.seats
            if seat.role is not Role.PRODUCER
        ],
        "replay": {
            "state": it.replay_state.value,
            "duration": it.replay_duration,
            "trim_start": it.replay_trim_start,
        },
        "audience": {"peak": it.peak, "unique": it.heard_by, "stalled_share": it.stalled_share},
        "you": _you(view),
    }


def _you(view: SpaceView) -> Json | None:
    standing, can = view.standing, allowed(view.standing)
    if standing.role is None and not can:
        return None
    return {"seat": standing.seat, "role": standing.role.value if standing.role else None, "can": list(can)}


def seat(it: SeatRecord) -> Json:
    return {
        "id": it.id,
        "name": it.name,
        "role": it.role.value,
        "account": it.account_name,
        "on_air": it.on_air,
        "aired": it.aired,
        "muted": it.muted,
        "taken_at": time(it.created_at),
    }


def grant(it: SeatGrant, base: str) -> Json:
    whip = f"{base}/api/v1/spaces/{it.space}/whip"
    return {"space": it.space, "seat": it.seat, "token": it.token, "whip": whip, "role": it.role.value}


def invitation(view: InvitationView) -> Json:
    it = view.invitation
    return {
        "id": it.id,
        "name": it.name,
        "role": it.role.value,
        "from": it.invited_by,
        "account": it.account_id is not None,
        "created_at": time(it.created_at),
        "expires_at": time(view.expires_at),
        "accepted": it.seat_id is not None,
        "accepted_at": time(it.accepted_at),
        "seat": it.seat_id,
    }


def request(it: Request) -> Json:
    return {"id": it.id, "name": it.name, "state": it.state.value, "asked_at": time(it.asked_at), "seat": it.seat_id}


def account(it: Account) -> Json:
    return {"name": it.name, "display_name": it.display_name, "role": it.role.value}


def session(it: Session, current: str | None) -> Json:
    return {
        "id": it.id,
        "created_at": time(it.created_at),
        "last_seen_at": time(it.last_seen_at),
        "user_agent": it.user_agent,
        "current": it.id == current,
    }


def token(it: Token) -> Json:
    return {
        "id": it.id,
        "label": it.label,
        "scopes": it.scopes.split(),
        "created_at": time(it.created_at),
        "expires_at": time(it.expires_at),
        "last_used_at": time(it.last_used_at),
    }


def passkey(it: Passkey) -> Json:
    return {
        "id": it.id,
        "label": it.label,
        "created_at": time(it.created_at),
        "last_used_at": time(it.last_used_at),
    }

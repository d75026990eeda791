"""What people on stage see while they work: seats, levels, health, hands, five times a second, as server-sent events.

The body is made once per Space and kind of reader, however many read it. It is for seats only, never for listeners.
"""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from hustings.base.clock import Clock
from hustings.base.errors import TooMany
from hustings.documents.seat_token import SeatClaim
from hustings.stage.chair import Chair
from hustings.stage.room import NotSeated, Room, TokenReplaced
from hustings.stage.rooms import Rooms, UnknownSpace

EVERY = 0.2  # seconds between events of one reader
SHARED_FOR = 0.1  # seconds: readers who ask within this get the same body
MOST_READERS = 64  # of one Space: 13 seats and producers, with several windows each

REMOVED = b'data: {"removed": true}\n\n'

_encode = msgspec.json.Encoder().encode


class DeskFull(TooMany):
    """The attack it stops: one seat's token opening streams until the stage spends its time writing them."""

    code = "desk_full"


def _health(chair: Chair) -> dict[str, Any]:
    health = chair.peer.health() if chair.peer is not None else None
    return {
        "loss": round(health.loss, 3) if health else 0.0,
        "jitter_ms": round(health.jitter_ms, 1) if health else 0.0,
        "concealed": round(health.concealed, 3) if health else 0.0,
        "narrowband": chair.health.narrowband,
        "clipping": chair.health.clipping,
        "dead": chair.health.dead,
        "echo": chair.health.echoes,
    }


def _uplinks(chair: Chair) -> dict[str, bool]:
    ways = chair.peer
    return {
        "first": ways is not None and ways.sounds(second=False),
        "second": ways is not None and ways.sounds(second=True),
        "second_carries": ways is not None and ways.second_carries,
    }


def _preflight(chair: Chair) -> dict[str, Any] | None:
    check = chair.private.check
    if check is None or check.ends_at is None:
        return None
    found = check.preflight
    return {
        "step": found.step.value,
        "ends_at": check.ends_at,
        "grade": found.grade,
        "faults": found.faults,
        "at": check.at,
    }


def _seat(room: Room, chair: Chair) -> dict[str, Any]:
    seat = chair.seat
    return {
        "id": seat.id,
        "name": seat.name,
        "role": seat.role.value,
        "account": seat.account,
        "on_air": seat.on_air,
        "on_air_for": round(room.watch.seat(seat.id).on_air.seconds, 1),
        "aired": seat.aired,
        "held": seat.held,
        "muted": seat.muted,
        "connected": chair.attendance.state.value,
        "level": chair.meter.level,
        "speaking": chair.meter.speaking,
        "uplinks": _uplinks(chair),
        "health": _health(chair),
        "preflight": _preflight(chair),
        "silenced": "echo" if chair.silenced else "",
        "guard": room.watch.seat(seat.id).guard.word,
    }


def _alarms(room: Room) -> list[dict[str, Any]]:
    return [
        {
            "code": alarm.fault.code,
            "part": alarm.fault.part.value,
            "seat": alarm.fault.seat,
            "where": alarm.fault.where,
            "since": alarm.since,
        }
        for alarm in room.alarms
    ]


def _heard(room: Room) -> list[dict[str, Any]]:
    return [
        {"edge": told.edge, "fault": told.fault and told.fault.value, "what": told.what.value, "age": round(age, 1)}
        for age, told in room.heard_at_edges()
    ]


def body(room: Room, now: float, *, directs: bool) -> bytes:
    """The part of an event that all readers of a kind share: JSON without its opening brace."""
    plan = room.plan
    told: dict[str, Any] = {
        "at": now,
        "revision": plan.revision,
        "state": plan.state.value,
        "programme": room.timeline.kind.value,
        "title": plan.title,
        "live_at": plan.live_at,
        "doors_at": plan.doors_at,
        "starts_at": plan.starts_at,
        "recording": plan.record,
        "dead_air": round(room.watch.silence.dead_air, 1),
        "hold": plan.hold,
        "silence_intended": plan.silence_intended,
        "mute_echo": plan.mute_echo,
        "delay": plan.delay,
        "dumped_at": room.timeline.dumped_at,
        "dumped": room.timeline.dumped,
        "talkback": [{"by": key.by.seat.id, "to": sorted(key.to)} for key in room.talkback.held()],
        "may_direct": directs,
        "seats": [_seat(room, chair) for chair in room.chairs()],
        "programme_level": room.timeline.meter.level,
    }
    if directs:
        told["hands"] = [{"id": hand.id, "name": hand.name, "asked_at": hand.asked_at} for hand in plan.hands]
        told["alarms"] = _alarms(room)
        told["heard"] = _heard(room)
        told["audience"] = room.turnout
    return _encode(told)[1:]


class Desk:
    """Streams events to readers; the newest body of each Space is kept for those who ask next."""

    def __init__(self, rooms: Rooms, clock: Clock) -> None:
        self._rooms = rooms
        self._clock = clock
        self._bodies: dict[tuple[str, bool], tuple[float, bytes]] = {}
        self._readers: dict[str, int] = {}

    def open(self, claim: SeatClaim) -> AsyncIterator[bytes]:
        """Events until the seat or the Space goes away; raises DeskFull."""
        if self._readers.get(claim.space, 0) >= MOST_READERS:
            raise DeskFull("Too many windows of this stage are open. Close some and try again.")
        return self._events(claim)

    async def _events(self, claim: SeatClaim) -> AsyncIterator[bytes]:
        self._readers[claim.space] = self._readers.get(claim.space, 0) + 1
        try:
            while (event := self._event(claim)) is not None:
                due = self._clock.monotonic() + EVERY
                yield event
                if event is REMOVED:
                    return
                await self._clock.sleep_until(due)
        finally:
            self._close(claim.space)

    def _close(self, space: str) -> None:
        self._readers[space] -= 1
        if not self._readers[space]:
            del self._readers[space]
            for directs in (True, False):
                self._bodies.pop((space, directs), None)

    def _event(self, claim: SeatClaim) -> bytes | None:
        """REMOVED when the claim no longer opens a seat; None when the Space is over or deleted."""
        try:
            room = self._rooms.room(claim.space)
            chair = room.seated(claim)
        except UnknownSpace:
            return None
        except (NotSeated, TokenReplaced):
            return REMOVED
        directs = chair.seat.role.may_direct
        return b'data: {"you":' + _encode(chair.seat.id) + b"," + self._body(room, directs=directs) + b"\n\n"

    def _body(self, room: Room, *, directs: bool) -> bytes:
        key, now = (room.plan.id, directs), self._clock.monotonic()
        kept = self._bodies.get(key)
        if kept is None or now - kept[0] >= SHARED_FOR:
            kept = self._bodies[key] = (now, body(room, self._clock.now(), directs=directs))
        return kept[1]

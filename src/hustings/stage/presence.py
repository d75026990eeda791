"""Whether somebody is in a seat: absent, connecting, connected, reconnecting. It counts seconds and packets, no more.

A seat whose packets stop is held for a minute, so that a changed network or a reload costs nobody the seat.
"""

from enum import Enum
from typing import Protocol

from hustings.base.states import StateGraph

SILENT_AFTER = 3.0  # seconds without packets until a seat shows "reconnecting"
HELD_FOR = 60.0  # seconds a seat waits for its speaker


class Presence(Enum):
    ABSENT = "absent"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"


PRESENCE = StateGraph(
    Presence,
    initial=Presence.ABSENT,
    transitions={
        Presence.ABSENT: {Presence.CONNECTING},
        Presence.CONNECTING: {Presence.CONNECTED, Presence.ABSENT},
        Presence.CONNECTED: {Presence.RECONNECTING, Presence.ABSENT},
        Presence.RECONNECTING: {Presence.CONNECTED, Presence.ABSENT},
    },
)


class Health(Protocol):
    """What a peer says of its connection."""

    @property
    def state(self) -> str: ...  # connecting | connected | silent | closed
    @property
    def last_packet_age(self) -> float: ...
    @property
    def packets(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def jitter_ms(self) -> float: ...
    @property
    def concealed(self) -> float: ...
    @property
    def missed(self) -> int: ...  # frames that did not come in time, since the session began


def _sounds(health: Health) -> bool:
    return health.packets > 0 and health.last_packet_age < SILENT_AFTER


def _up(health: Health) -> bool:
    return health.state in {"connected", "silent"}


class Attendance:
    """One seat's presence. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.state = PRESENCE.initial
        self._since = 0.0

    def _become(self, state: Presence, now: float) -> None:
        PRESENCE.check(self.state, state, because=f"A seat cannot go from {self.state.value} to {state.value}.")
        self.state, self._since = state, now

    def arrive(self, now: float) -> None:
        """A session was opened for the seat, whether or not there was one before."""
        if self.state is Presence.ABSENT:
            self._become(Presence.CONNECTING, now)
        elif self.state is Presence.CONNECTED:
            self._become(Presence.RECONNECTING, now)
        else:
            self._since = now

    def leave(self, now: float) -> None:
        """The session closed. One that was sound until then was closed on purpose; another's seat is held."""
        if self.state in {Presence.CONNECTED, Presence.CONNECTING}:
            self._become(Presence.ABSENT, now)

    def vacate(self, now: float) -> None:
        """The seat was taken away."""
        if self.state is not Presence.ABSENT:
            self._become(Presence.ABSENT, now)

    def observe(self, health: Health | None, now: float, *, listens: bool = False) -> None:
        """Take note of the session's health, None for no session. Who only `listens` is here without a packet."""
        heard = health is not None and (_up(health) if listens else _sounds(health))
        if heard and self.state in {Presence.CONNECTING, Presence.RECONNECTING}:
            self._become(Presence.CONNECTED, now)
        elif not heard and self.state is Presence.CONNECTED:
            self._become(Presence.RECONNECTING, now)
        elif not heard and self.state is not Presence.ABSENT and now - self._since >= HELD_FOR:
            self._become(Presence.ABSENT, now)


class Lasting:
    """For how long something has been so without a break."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since: float | None = None

    def look(self, so: bool, now: float) -> float:
        """Note whether it is so at `now`; gives back the seconds since it began, 0 when it is not."""
        self._since = (now if self._since is None else self._since) if so else None
        self.seconds = now - self._since if self._since is not None else 0.0
        return self.seconds

"""Packets sealed, and opened within bounds that libsrtp has not. It never raises, and looks into no packet.

The attacks: a datagram longer than any packet; a new source in every packet, each of which libsrtp would remember for
ever and look through for every later packet.
"""

from collections import OrderedDict
from typing import Final

import pylibsrtp

from hustings.audio.rtp import is_rtcp

LONGEST: Final = 1500  # bytes: what libsrtp's binding takes
SOURCES: Final = 16  # of one session; a browser has one, and keeps it


def seal(session: pylibsrtp.Session, data: bytes) -> bytes | None:
    """RTP or RTCP as it may go out; None when it is neither."""
    try:
        sealed: bytes = session.protect_rtcp(data) if is_rtcp(data) else session.protect(data)
    except pylibsrtp.Error:
        return None
    return sealed


class Opener:
    """What one speaker sends."""

    def __init__(self, session: pylibsrtp.Session) -> None:
        self._session = session
        self._sources: OrderedDict[bytes, None] = OrderedDict()  # what libsrtp knows, heard last at the end

    def open(self, data: bytes) -> bytes | None:
        """RTP or RTCP of at least 12 bytes; None when it is forged, replayed or broken."""
        if len(data) > LONGEST:
            return None
        control = is_rtcp(data)
        try:
            opened: bytes = self._session.unprotect_rtcp(data) if control else self._session.unprotect(data)
        except pylibsrtp.Error:
            return None
        self._remember(data[4:8] if control else data[8:12])
        return opened

    def _remember(self, source: bytes) -> None:
        self._sources[source] = None
        self._sources.move_to_end(source)
        if len(self._sources) > SOURCES:
            forgotten, _ = self._sources.popitem(last=False)
            self._session.remove_stream(int.from_bytes(forgotten, "big"))

"""The one place that touches aiortc's and aioice's insides: ICE, DTLS and SRTP, and nothing above them.

aiortc's peer connection, tracks and jitter buffer are left aside; a Link gives decrypted RTP and RTCP bytes to
callbacks and takes bytes to send, without a task or a queue per packet. aioice knows neither a port range nor
an announced address: both are added here. It never parses RTP.
"""

import asyncio
import contextlib
import datetime
import random
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from aioice import Candidate, Connection
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, get_host_addresses
from aioice.stun import Message
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    State,
)
from aiortc.rtcicetransport import RTCIceGatherer, RTCIceParameters, RTCIceTransport

from hustings.audio.rtp import is_rtcp
from hustings.base.clock import Clock
from hustings.base.errors import HustingsError, Unavailable
from hustings.base.settings import BadSetting, Settings
from hustings.stage.sdp import MAX_CANDIDATES, Fingerprint, LocalTransport, RemoteTransport
from hustings.stage.sockets import Address, MediaSockets
from hustings.stage.srtp import Opener, seal

HANDSHAKE_ROOM: Final = 64  # datagrams: a flood of DTLS records from anywhere fills this much and no more
PATHS: Final = 2 * MAX_CANDIDATES  # addresses of one speaker, named or seen: each is checked
LOOPBACK: Final = "127.0.0.1"

OnAged = Callable[[bytes, float], None]  # the second: how many seconds ago they came


class LinkFailed(HustingsError):
    """The connection could not be made: no path, or not the peer of the offer."""

    code = "link_failed"


class NoPort(Unavailable):
    """No UDP port is free in the configured range, or no address can be bound."""

    code = "no_port"


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Which UDP ports a Link may bind, and the address its answer names instead of the machine's own."""

    announced: str = ""
    ports: range | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> "MediaSettings":
        """Raises BadSetting when the range cannot be read."""
        if not settings.media_ports:
            return cls(settings.media_address)
        low, _, high = settings.media_ports.partition("-")
        if not (low.isdigit() and high.isdigit() and 0 < int(low) <= int(high) <= 65535):
            raise BadSetting("HUSTINGS_MEDIA_PORTS must be two ports and a hyphen, such as 50000-50100.")
        return cls(settings.media_address, range(int(low), int(high) + 1))


def own_addresses() -> list[str]:
    """What a Link binds: this machine's addresses without loopback."""
    return get_host_addresses(use_ipv4=True, use_ipv6=True)


class Certificates:
    """One certificate for every session of a stage, made anew before it expires: making one blocks the loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._current: RTCCertificate | None = None

    def current(self) -> RTCCertificate:
        margin = datetime.datetime.fromtimestamp(self._clock.now(), tz=datetime.UTC) + datetime.timedelta(days=2)
        if self._current is None or self._current.expires < margin:
            self._current = RTCCertificate.generateCertificate()
        return self._current


class _Protocol(StunProtocol):
    """One socket: tells media, handshakes and connectivity checks apart by their first byte (RFC 7983 §7)."""

    receiver: "_Connection"

    def received(self, data: bytes, addr: Address, age: float) -> None:
        """The attacks: a broken check whose parser raises, which would be logged each time; a forged alert from
        anywhere, which would end a handshake; and an empty datagram, which would end aiortc's receiving task.
        """
        if len(data) < 12:
            return
        if 128 <= data[0] < 192:
            self.receiver.media_received(data, age)
        elif 20 <= data[0] < 64:
            self.receiver.handshake_received(data, (addr[0], addr[1]))
        elif data[0] < 4:
            with contextlib.suppress(struct.error, KeyError):
                self.datagram_received(data, addr)


class _Connection(Connection):
    """ICE on the ports and addresses of our settings, its data handed on at once."""

    def __init__(self, media: MediaSettings, sockets: MediaSockets) -> None:
        super().__init__(ice_controlling=False)
        self._media = media
        self._sockets = sockets
        self.on_media: OnAged | None = None

    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],
        timeout: int = 5,
    ) -> list[Candidate]:
        protocols = [p for a in addresses or [LOOPBACK] if (p := self._bind(a)) is not None]
        if not protocols:
            raise NoPort("The stage has no free UDP port for another speaker. Try again in a moment.")
        self._protocols += protocols
        for protocol in protocols:
            host, port = protocol.transport.get_extra_info("sockname")[:2]
            protocol.local_candidate = Candidate(
                foundation=candidate_foundation("host", "udp", host),
                component=component,
                transport="udp",
                # IPv6 a little behind: speakers' v4 paths are the better trodden ones.
                priority=candidate_priority(component, "host", 65_534 if ":" in host else 65_535),
                host=host,
                port=port,
                type="host",
            )
        return [protocol.local_candidate for protocol in protocols]

    def _bind(self, address: str) -> _Protocol | None:
        protocol = _Protocol(self)
        for port in self._ports():
            with contextlib.suppress(OSError):
                self._sockets.open(protocol, address, port)
                return protocol
        return None

    def _ports(self) -> list[int]:
        if self._media.ports is None:
            return [0]
        # In random order: neighbours in time do not fight for the same next port.
        return random.sample(self._media.ports, len(self._media.ports))

    def media_received(self, data: bytes, age: float) -> None:
        if self.on_media is not None:
            self.on_media(data, age)

    def handshake_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """aioice's queue has no bound: a full one, and whoever has passed no check, is not listened to."""
        if self._queue.qsize() < HANDSHAKE_ROOM and self._is_path(addr):
            super().data_received(data, 1)

    def data_received(self, data: bytes, component: int) -> None:
        """What looked like a check and is none."""

    def check_incoming(self, message: Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        """A check that the speaker signed. The attack: one from each of ten thousand addresses, all to be checked."""
        if len(self._remote_candidates) < PATHS or self._is_path(addr):
            super().check_incoming(message, addr, protocol)

    def _is_path(self, addr: tuple[str, int]) -> bool:
        return any((c._network_host, c.port) == addr for c in self._remote_candidates)


class _Gatherer(RTCIceGatherer):
    def __init__(self, media: MediaSettings, sockets: MediaSockets) -> None:
        super().__init__(iceServers=[])
        self.connection = self._connection = _Connection(media, sockets)


class _Dtls(RTCDtlsTransport):
    """aiortc's handshake and keys; packets pass by its router."""

    _opener: Opener | None = None

    def _setup_srtp(self) -> None:
        super()._setup_srtp()
        self._opener = Opener(self._rx_srtp)

    def open_media(self, data: bytes) -> bytes | None:
        """Decrypt one packet; None before the keys exist, or when it is forged, replayed or broken."""
        if self._state is not State.CONNECTED or self._opener is None:
            return None
        return self._opener.open(data)

    def seal_media(self, data: bytes) -> bytes | None:
        return seal(self._tx_srtp, data) if self._state is State.CONNECTED else None


class Link:
    """One speaker's transport. Set the callbacks, `gather`, answer, `connect`; then bytes flow both ways."""

    def __init__(
        self,
        media: MediaSettings,
        sockets: MediaSockets,
        certificate: RTCCertificate,
        payload_types: Collection[int],
    ) -> None:
        """Of RTP only `payload_types` are decrypted: a discarded video line costs no cryptography."""
        self.on_rtp: OnAged | None = None
        self.on_rtcp: OnAged | None = None
        self.on_closed: Callable[[], None] | None = None
        self.rejected = 0
        self._media = media
        self._payload_types = frozenset(payload_types)
        self._gatherer = _Gatherer(media, sockets)
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = _Dtls(self._ice, [certificate])
        self._dtls.on("statechange", self._state_changed)
        self._connection = self._gatherer.connection
        self._connection.on_media = self._received
        self._closed = False

    async def gather(self) -> LocalTransport:
        """Bind the sockets. Raises NoPort."""
        await self._gatherer.gather()
        print_ = next(f for f in self._dtls.getLocalParameters().fingerprints if f.algorithm == "sha-256")
        return LocalTransport(
            ufrag=self._connection.local_username,
            password=self._connection.local_password,
            fingerprint=Fingerprint(print_.algorithm, print_.value),
            candidates=tuple(c.to_sdp() for c in self._announced()),
        )

    def _announced(self) -> list[Candidate]:
        """With an announced address, that one alone and once: the machine's own are of no use outside."""
        candidates = self._connection.local_candidates
        if not self._media.announced:
            return candidates
        v6 = ":" in self._media.announced
        return [
            Candidate(
                foundation=candidate.foundation,
                component=candidate.component,
                transport="udp",
                priority=candidate.priority,
                host=self._media.announced,
                port=candidate.port,
                type="host",
            )
            for candidate in candidates
            if (":" in candidate.host) == v6
        ]

    async def connect(self, remote: RemoteTransport, setup: str) -> None:
        """`setup` is our DTLS role. Raises LinkFailed; may wait for ever for a peer: give it a deadline."""
        self._connection.ice_controlling = remote.ice_lite
        for candidate in remote.candidates:
            await self.add_candidate(candidate)
        await self._ice.start(RTCIceParameters(remote.ufrag, remote.password, iceLite=remote.ice_lite))
        if self._ice.state != "completed":
            raise LinkFailed("No network path to the speaker was found.")
        self._dtls._set_role("server" if setup == "passive" else "client")
        await self._dtls.start(
            RTCDtlsParameters([RTCDtlsFingerprint(f.algorithm, f.value) for f in remote.fingerprints])
        )
        if self._dtls.state != "connected":
            raise LinkFailed("The speaker's certificate is not the one of the offer, or the handshake failed.")

    async def add_candidate(self, value: str) -> None:
        """A candidate line's value; one that cannot be read is passed over, as RFC 8839 §5.1 asks."""
        with contextlib.suppress(ValueError):
            candidate = Candidate.from_sdp(value.removeprefix("candidate:"))
            if candidate.component == 1:
                await self._connection.add_remote_candidate(candidate)
                await asyncio.sleep(0)  # each sorts all pairs anew: ticks come in between

    def send(self, data: bytes) -> bool:
        """RTP or RTCP in the clear, sealed and sent at once; False when there is nowhere to send it."""
        pair = self._connection._nominated.get(1)
        sealed = self._dtls.seal_media(data) if pair is not None else None
        if pair is None or sealed is None or pair.protocol.transport.is_closing():
            return False
        pair.protocol.transport.sendto(sealed, pair.remote_addr)
        return True

    def _received(self, data: bytes, age: float) -> None:
        control = is_rtcp(data)
        if not control and data[1] & 0x7F not in self._payload_types:
            return
        opened = self._dtls.open_media(data)
        if opened is None:
            self.rejected += 1
            return
        receiver = self.on_rtcp if control else self.on_rtp
        if receiver is not None:
            receiver(opened, age)

    def _state_changed(self) -> None:
        if self._dtls.state in {"closed", "failed"} and not self._closed and self.on_closed is not None:
            self.on_closed()

    async def close(self) -> None:
        """Tell the peer (DTLS close_notify) and free the sockets. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._connection.on_media = None
        task = self._dtls._task
        await self._dtls.stop()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)
        await self._ice.stop()

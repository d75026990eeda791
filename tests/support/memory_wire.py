"""A peer's transport in memory: it keeps what is sent, and delivers what it is given."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hustings.audio.rtp import RtpPacket, is_rtcp, parse_rtp


@dataclass
class MemoryWire:
    on_rtp: Callable[[bytes, float], None] | None = None
    on_rtcp: Callable[[bytes, float], None] | None = None
    on_closed: Callable[[], None] | None = None
    sent: list[bytes] = field(default_factory=list)
    closed: bool = False

    def deliver(self, data: bytes, age: float = 0.0) -> None:
        assert self.on_rtp is not None
        self.on_rtp(data, age)

    def send(self, data: bytes) -> bool:
        self.sent.append(data)
        return True

    async def close(self) -> None:
        self.closed = True

    def media(self) -> list[RtpPacket]:
        return [parse_rtp(data) for data in self.sent if not is_rtcp(data)]

"""Many speakers on few cycles: Opus encoded once and sent as it is, what comes back counted and thrown away.

Stock aiortc makes the connections; only its decoder is left out, which no server can see.
"""

from fractions import Fraction
from typing import Any

import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtpPacket
from av.packet import Packet
from tests.support.hearing import Samples

from hustings.audio.mix import SILENCE
from hustings.base.clock import SystemClock
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.stage.opus import OpusDecoder, OpusEncoder


def encoded(samples: Samples) -> list[bytes]:
    """20 ms packets of a voice, to be said over and over."""
    encoder = OpusEncoder()
    whole = len(samples) // TICK * TICK
    return [encoder.encode(samples[start : start + TICK]) for start in range(0, whole, TICK)]


class _Said(MediaStreamTrack):
    kind = "audio"

    def __init__(self, packets: list[bytes], first: int) -> None:
        super().__init__()
        self._packets, self._first = packets, first
        self._sent = 0
        self._clock = SystemClock()
        self._began = self._clock.monotonic()

    async def recv(self) -> "Packet[Any]":
        await self._clock.sleep_until(self._began + self._sent * TICK / SAMPLE_RATE)
        packet: Packet[Any] = Packet(self._packets[(self._first + self._sent) % len(self._packets)])
        packet.pts, packet.time_base = self._sent * TICK, Fraction(1, SAMPLE_RATE)
        self._sent += 1
        return packet


def decoded(packets: list[tuple[int, bytes]]) -> Samples:
    """What an ear makes of received packets: timestamp and payload of each, in order and whole."""
    decoder = OpusDecoder()
    return np.concatenate([decoder.decode(payload) for _, payload in sorted(packets)] or [SILENCE])


class LeanSpeaker:
    """One connection; `received` counts the packets that came back, `heard` are they, if it is to `keep` them."""

    def __init__(self, packets: list[bytes], first: int = 0, *, keep: bool = False) -> None:
        self.received = 0
        self.heard: list[tuple[int, bytes]] = []
        self._keep = keep
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        transceiver = self._pc.addTransceiver(_Said(packets, first), direction="sendrecv")
        vars(transceiver.receiver)["_handle_rtp_packet"] = self._count

    async def _count(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        self.received += 1
        if self._keep:
            self.heard.append((packet.timestamp, packet.payload))

    async def offer(self) -> str:
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return self._pc.localDescription.sdp

    async def take(self, answer: str) -> None:
        await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def join(self, http: httpx.AsyncClient, whip: str, token: str) -> None:
        """Take the seat that a token opens."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
        answer = await http.post(whip, content=await self.offer(), headers=headers)
        answer.raise_for_status()
        await self.take(answer.text)

    @property
    def connected(self) -> bool:
        return self._pc.connectionState == "connected"

    async def close(self) -> None:
        await self._pc.close()

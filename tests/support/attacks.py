"""What people do to a stage who mean it harm: coroutines that go on for so many seconds, and count what they did.

From outside, without a seat: forged datagrams and tokens. From a seat: everything its holder's own program may send.
Packets go out in small lots, so that honest speakers in the same loop keep their beat.
"""

import asyncio
import random
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable

import httpx
from aiortc import RTCPeerConnection
from tests.support.measured_stage import MeasuredStage
from tests.support.stage import KEY
from tests.support.uplink import StockSpeaker

from hustings.audio.retransmission import GENERIC_NACK, TRANSPORT_FEEDBACK, build_nack
from hustings.audio.rtp import RtpPacket, build_rtp
from hustings.audio.rtp_control import Goodbye, Other, ReceiverReport, ReportBlock, SenderReport, build_rtcp
from hustings.base.clock import SystemClock
from hustings.documents.seat_token import SeatClaim, SeatTokens

LOTS: float = 0.010  # s
PER_SECOND = 5000
OTHERS = 8  # seats that attackers hold the tokens of, beside the one that is connected
AT_LEAST = 40  # requests, however slow the machine
FRAGMENT = "application/trickle-ice-sdpfrag"
Attack = Callable[[MeasuredStage, StockSpeaker, float], Awaitable[Counter[str]]]
Making = Callable[[int], bytes]


async def paced(
    send: Callable[[int], Awaitable[None] | None], seconds: float, rate: int = PER_SECOND
) -> Counter[str]:
    """Call `send` with 0, 1, 2, … at the rate."""
    clock = SystemClock()
    begin, number, lot = clock.monotonic(), 0, round(rate * LOTS)
    while clock.monotonic() - begin < seconds:
        for _ in range(lot):
            sending = send(number)
            if sending is not None:
                await sending
            number += 1
        await clock.sleep_until(begin + number / rate)
    return Counter(sent=number)


async def by_speaker(speaker: StockSpeaker, make: Making, seconds: float) -> Counter[str]:
    """Packets of one's own making, truly sealed."""
    transport = speaker.pc.getSenders()[0].transport
    return await paced(lambda number: transport._send_rtp(make(number)), seconds)


def rtp(number: int, payload: bytes, *, payload_type: int = 96, ssrc: int = 666, step: int = 1) -> bytes:
    sequence, timestamp = (number * step) & 0xFFFF, (number * step * 960) & 0xFFFFFFFF
    return build_rtp(RtpPacket(payload_type, sequence, timestamp, ssrc, payload))


LIES = (
    b"\xef",
    b"\xef\xff\xff\xff",
    b"\xef\x00\x03\xff\x6f",
    b"\xef\x00\x00\x01" * 300,
    b"\x6f",
    b"\xffA\xff",
    b"\xff\x00",
)


def lying_frames(number: int) -> bytes:
    """Redundancy and Opus that say more than they hold."""
    return rtp(number, LIES[number % len(LIES)], payload_type=(96, 63, 97)[number % 3])


def changing_sources(number: int) -> bytes:
    return rtp(1, b"\xfc\xff\xfe", ssrc=1000 + number)


def holes(number: int) -> bytes:
    """Each packet leaves 30 to be asked for."""
    return rtp(number, b"\xfc\xff\xfe", step=31)


def nothing_of_use(number: int) -> bytes:
    """Empty payloads, padding alone, and types nobody agreed on."""
    if number % 3 == 0:
        return rtp(number, b"")
    if number % 3 == 1:
        padded = bytearray(rtp(number, bytes(254) + b"\xff"))
        padded[0] |= 0x20
        return bytes(padded)
    return rtp(number, b"\xfc\xff\xfe", payload_type=number % 64)


def greedy_requests(number: int) -> bytes:
    """Every packet of the last seconds, please, again."""
    body = build_nack(666, 0, range(number % 65_000, number % 65_000 + 500))
    return build_rtcp((Other(TRANSPORT_FEEDBACK, GENERIC_NACK, body),))


def senseless_reports(number: int) -> bytes:
    """Goodbyes, reports of impossible losses, and hundreds of tiny packets in one."""
    block = ReportBlock(number, 255, -1, 0, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    kinds = (
        build_rtcp((SenderReport(666, (1 << 64) - 1, 0, 0, 0, (block,) * 31), Goodbye((666, 1, 2)))),
        build_rtcp((ReceiverReport(0, (block,) * 31),)),
        build_rtcp((Other(207, 0, b""),)) * 300,
        build_rtcp((Goodbye(tuple(range(31))),)),
        b"\x80\xc8\xff\xff" + bytes(40),
    )
    return kinds[number % len(kinds)]


def _speaking(make: Making) -> Attack:
    async def attack(_stage: MeasuredStage, speaker: StockSpeaker, seconds: float) -> Counter[str]:
        return await by_speaker(speaker, make, seconds)

    return attack


async def from_elsewhere(_stage: MeasuredStage, speaker: StockSpeaker, seconds: float) -> Counter[str]:
    """Datagrams of every kind from a stranger's address to the speaker's port, and captured ones again."""
    transport = speaker.pc.getSenders()[0].transport
    captured: list[bytes] = [transport._tx_srtp.protect(rtp(number, b"\xfc\xff\xfe")) for number in range(50)]
    for data in captured:
        await transport.transport._send(data)
    pair = transport.transport._connection._nominated[1]
    forge = random.Random(1)
    header = struct.Struct("!HHI12s")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        stranger.bind((pair.local_addr[0], 0))

        def datagram(number: int) -> bytes:
            kinds = (
                captured[number % len(captured)],
                captured[number % len(captured)][: 13 + number % 30],
                rtp(number, forge.randbytes(40), ssrc=number),
                rtp(number, bytes(3000)),
                build_rtcp((Goodbye((666,)),)) + forge.randbytes(14),
                header.pack(1, 8, 0x2112A442, forge.randbytes(12))
                + b"\x00\x24\x00\x01"
                + bytes(4),  # a check, broken
                header.pack(1, 0, 0x2112A442, forge.randbytes(12)),
                b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28",  # a fatal alert
                b"\x16\xfe\xfd" + forge.randbytes(60),
                b"",
                forge.randbytes(number % 100),
            )
            return kinds[number % len(kinds)]

        def send(number: int) -> None:
            try:
                stranger.sendto(datagram(number), pair.remote_addr)
            except BlockingIOError:
                return

        return await paced(send, seconds)


async def _post(stage: MeasuredStage, body: str, token: str, kind: str = "application/sdp") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    answer = await stage.http.post(stage.whip, content=body, headers=headers)
    assert answer.status_code == 201 or set(answer.json()) == {"error", "code"}, answer.text
    return answer


async def _posting(
    seconds: float, post: Callable[[int], Awaitable[httpx.Response]], together: int = 4
) -> Counter[str]:
    """Requests from several at once, one after another; the answers, counted."""
    clock, answers = SystemClock(), Counter[str]()
    end, number = clock.monotonic() + seconds, 0

    async def one(number: int) -> str:
        try:
            return str((await post(number)).status_code)
        except httpx.TransportError:  # the rest of what is too long is not waited for
            return "cut off"

    while clock.monotonic() < end or number < AT_LEAST:
        answers.update(await asyncio.gather(*(one(number + n) for n in range(together))))
        number += together
    return answers


async def an_offer() -> str:
    """A stock client's, whose client will never connect."""
    peer = RTCPeerConnection()
    peer.addTransceiver("audio", "sendrecv")
    await peer.setLocalDescription(await peer.createOffer())
    offer: str = peer.localDescription.sdp
    await peer.close()
    return offer


def candidates(first: int, count: int) -> str:
    return "".join(
        f"a=candidate:{n} 1 udp {n + 1} 198.51.100.{n % 250 + 1} {first + n} typ host\r\n" for n in range(count)
    )


async def half_open(stage: MeasuredStage, _speaker: StockSpeaker, seconds: float) -> Counter[str]:
    """Offers of every other seat that never connect, each with as many paths to try as are taken."""
    offer = await an_offer() + candidates(2000, 64)
    return await _posting(seconds, lambda number: _post(stage, offer, stage.token(f"other{number % OTHERS}")))


async def absurd_offers(stage: MeasuredStage, _speaker: StockSpeaker, seconds: float) -> Counter[str]:
    offer = await an_offer()
    head, _, audio = offer.partition("m=audio")
    bodies = (
        offer + "a=x\r\n" * 200_000,
        head + ("m=audio" + audio) * 10,
        offer.replace("opus", "speex"),
        offer.replace("opus", "op\x00us"),
        offer.replace("UDP/TLS/RTP/SAVPF 96", "UDP/TLS/RTP/SAVPF 96" + " 0" * 500) + "a=fmtp:\r\n" * 7000,
        offer + candidates(70_000, 900),
        "",
    )
    seat = "other{}".format
    return await _posting(
        seconds, lambda number: _post(stage, bodies[number % len(bodies)], stage.token(seat(number % OTHERS)))
    )


async def bad_tokens(stage: MeasuredStage, _speaker: StockSpeaker, seconds: float) -> Counter[str]:
    """Wrong, of another conversation, of nobody's seat, outlived, and one that is used again and again."""
    offer, good = await an_offer(), stage.token("other0")
    tokens = (
        "none",
        "seat.made.up",
        good[:-3] + "abc",
        SeatTokens("x" * 64).issue(SeatClaim("space1", "ann", 0)),
        SeatTokens(KEY).issue(SeatClaim("space2", "ann", 0)),
        stage.token("nobody"),
        stage.token("renewed", 0),
        good,
    )
    return await _posting(seconds, lambda number: _post(stage, offer, tokens[number % len(tokens)]))


async def trickled_without_end(stage: MeasuredStage, _speaker: StockSpeaker, seconds: float) -> Counter[str]:
    answer = await _post(stage, await an_offer(), stage.token("mallory"))  # whose offers no other attack uses up
    assert answer.status_code == 201
    url, headers = stage.base + answer.headers["Location"], {"Content-Type": FRAGMENT}
    bodies = (candidates(2000, 900), "a=x\r\n" * 900, "a=end-of-candidates\r\n", "\x00", candidates(2000, 20_000))
    return await _posting(
        seconds, lambda number: stage.http.patch(url, content=bodies[number % len(bodies)], headers=headers)
    )


ATTACKS: dict[str, Attack] = {
    "datagrams from elsewhere": from_elsewhere,
    "frames that lie": _speaking(lying_frames),
    "a new source each packet": _speaking(changing_sources),
    "holes without end": _speaking(holes),
    "packets of no use": _speaking(nothing_of_use),
    "greedy requests": _speaking(greedy_requests),
    "senseless reports": _speaking(senseless_reports),
    "half-open sessions": half_open,
    "absurd offers": absurd_offers,
    "bad tokens": bad_tokens,
    "trickle without end": trickled_without_end,
}

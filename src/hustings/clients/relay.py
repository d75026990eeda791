"""A TURN client that asks for a path and sends a word along it: what the doctor looks at a relay with.

It carries no sound; a speaker's connection finds its own way through a relay.
"""

import asyncio
import ssl
from dataclasses import dataclass
from enum import Enum, auto

from aioice.stun import TransactionError, TransactionFailed
from aioice.turn import TurnTransport, create_turn_endpoint

PATIENCE = 3.0  # s
DATAGRAMS, APART = 3, 0.2  # of one word; s


@dataclass(frozen=True, slots=True)
class Way:
    """One way to one relay, and what opens it. `tls` goes over tcp."""

    host: str
    port: int
    transport: str
    tls: bool
    username: str
    password: str


class Answer(Enum):
    GIVES = auto()
    REFUSES = auto()  # the credential
    CANNOT = auto()  # says why
    UNTRUSTED = auto()  # its certificate
    SILENT = auto()


@dataclass(frozen=True, slots=True)
class Told:
    answer: Answer
    why: str = ""
    untrusted: ssl.SSLCertVerificationError | None = None


class _Path(asyncio.DatagramProtocol):
    """Our end of a path through the relay."""

    def __init__(self) -> None:
        self.refused = ""
        self.closed = asyncio.Event()

    def error_received(self, exc: Exception) -> None:
        self.refused = str(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()


async def ask(way: Way) -> Told:
    """Whether the relay gives a path; one that it gave is given back."""
    try:
        line, path = await _open(way)
    except TransactionFailed as error:
        code, reason = error.response.attributes.get("ERROR-CODE", (0, "no reason given"))
        return Told(Answer.REFUSES if code == 401 else Answer.CANNOT, f"{code} {reason}")
    except ssl.SSLCertVerificationError as error:
        return Told(Answer.UNTRUSTED, untrusted=error)
    except (OSError, TransactionError, TimeoutError):
        return Told(Answer.SILENT)
    line.close()
    await path.closed.wait()
    return Told(Answer.GIVES)


async def _open(way: Way) -> tuple[TurnTransport, _Path]:
    async with asyncio.timeout(PATIENCE):
        return await create_turn_endpoint(
            _Path,
            (way.host, way.port),
            username=way.username,
            password=way.password,
            ssl=way.tls,
            transport=way.transport,
        )


async def send_by(way: Way, word: bytes, peer: tuple[str, int]) -> str | None:
    """Send it to somebody a few times. What the relay says against it, empty for nothing; None without a path."""
    try:
        line, path = await _open(way)
    except (OSError, TransactionError, TimeoutError):
        return None
    for _ in range(DATAGRAMS):
        line.sendto(word, peer)
        await asyncio.sleep(APART)
    line.close()
    await path.closed.wait()
    return path.refused

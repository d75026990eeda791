"""Who takes a place at the stage's door while it is being opened."""

import asyncio

import pytest
from tests.support.settling import until

from hustings.base.clock import ManualClock
from hustings.base.errors import Unauthorized
from hustings.documents.seat_token import SeatClaim
from hustings.stage.peer import Peer
from hustings.stage.sdp import BadOffer
from hustings.stage.sessions import HALF_OPEN_STAGE, WhipSessions
from hustings.stage.transport import MediaSettings


class SlowSeating:
    """Knows one seat; thinks about every other token until it is told to stop."""

    def __init__(self) -> None:
        self.asked = 0
        self.thought = asyncio.Event()

    async def authorise(self, space: str, token: str) -> SeatClaim:
        if token == "known":
            return SeatClaim(space, "ada", 0)
        self.asked += 1
        await self.thought.wait()
        raise Unauthorized("Nobody knows this token.")

    def attach(self, claim: SeatClaim, peer: Peer, *, second: bool) -> None: ...

    def detach(self, claim: SeatClaim, peer: Peer) -> None: ...


async def test_strangers_take_no_place_from_those_who_may_speak() -> None:
    seating = SlowSeating()
    sessions = WhipSessions(seating, ManualClock(), MediaSettings())
    running = asyncio.create_task(sessions.run())
    strangers = [asyncio.create_task(sessions.open("s", f"made up {n}", "")) for n in range(HALF_OPEN_STAGE + 1)]
    await until(lambda: seating.asked == len(strangers))

    with pytest.raises(BadOffer):  # heard, and refused for its empty offer alone
        await sessions.open("s", "known", "")

    seating.thought.set()
    answers = await asyncio.gather(*strangers, return_exceptions=True)
    assert all(isinstance(answer, Unauthorized) for answer in answers)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

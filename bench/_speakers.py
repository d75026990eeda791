"""Many speakers in one process, who come back by themselves: `python -m bench._speakers ADDRESS FILE TOKEN…`.

The first few are what `hustings speak` is; the others are lean, and offer again when they hear nothing, as those do.
"""

import asyncio
import sys
from pathlib import Path

import httpx
from tests.support.hearing import read_wav
from tests.support.lean_speakers import LeanSpeaker, encoded

from hustings.base.backoff import Backoff
from hustings.base.clock import Clock, SystemClock
from hustings.clients.addresses import SpaceAddress, space_address
from hustings.clients.media import read_voice
from hustings.clients.speaker import LOOK, SILENT_FOR, Speaker
from hustings.clients.voice import Voice

REAL = 3


async def insist(http: httpx.AsyncClient, clock: Clock, whip: str, token: str, packets: list[bytes]) -> None:
    backoff = Backoff()
    while True:
        speaker = LeanSpeaker(packets)
        try:
            await speaker.join(http, whip, token)
            await heard(clock, speaker)
            backoff.reset()
        except httpx.HTTPError:
            pass
        finally:
            await speaker.close()
        await clock.sleep_until(clock.monotonic() + backoff.next())


async def heard(clock: Clock, speaker: LeanSpeaker) -> None:
    """Until nothing has come for as long as a speaker waits."""
    count, since = speaker.received, clock.monotonic()
    while clock.monotonic() - since < SILENT_FOR:
        await clock.sleep_until(clock.monotonic() + LOOK)
        if speaker.received != count:
            count, since = speaker.received, clock.monotonic()


async def speak(address: SpaceAddress, file: Path, tokens: list[str]) -> None:
    """Until killed."""
    said, clock, packets = read_voice(file), SystemClock(), encoded(read_wav(file))
    async with httpx.AsyncClient(timeout=10.0) as http, asyncio.TaskGroup() as group:
        for token in tokens[:REAL]:
            speaker = Speaker(http, clock, address=address, token=token, voice=Voice(said, loop=True), insist=True)
            group.create_task(speaker.run())
        for token in tokens[REAL:]:
            group.create_task(insist(http, clock, address.whip, token, packets))


if __name__ == "__main__":
    asyncio.run(speak(space_address(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))

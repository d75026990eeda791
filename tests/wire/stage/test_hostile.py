"""Two honest people talk while somebody attacks the stage they talk on. The stage is a process of its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass
from typing import cast

import pytest
import pytest_asyncio
from bench.hostile import too_long
from tests.support.attacks import ATTACKS, OTHERS, half_open
from tests.support.measured_stage import MeasuredStage, Turns, measured_stage
from tests.support.settling import until
from tests.support.stage import make_plan, seat
from tests.support.uplink import RawVoice, StockSpeaker

from hustings.base.clock import SystemClock
from hustings.documents.space import Role, Seat, SpacePlan

pytestmark = pytest.mark.asyncio(loop_scope="module")

EACH = 0.4  # s
A_TICK = 0.020
TWO_TICKS = (
    2 * A_TICK
)  # of CPU: a crowded machine takes up to twice the time for the same work; the bench asks for one
ON_ITS_WAY = 3  # packets
MEMORY = 24 << 20  # bytes that an attack may leave behind, of which Python keeps most for its next need
HONEST = ("ann", "bob")


@dataclass
class Talk:
    """The stage, and who talks on it without end."""

    stage: MeasuredStage
    voices: dict[str, RawVoice]

    def sent(self) -> dict[str, int]:
        return {name: voice.sent for name, voice in self.voices.items()}


def plan_of_everybody() -> SpacePlan:
    renewed = Seat("renewed", "Renewed", Role.SPEAKER, generation=1)
    others = [seat(f"other{number}") for number in range(OTHERS)]
    return make_plan(*map(seat, HONEST), seat("mallory"), renewed, *others)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def talk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Talk]:
    async with measured_stage(tmp_path_factory.mktemp("stage")) as stage:
        await stage.put(plan_of_everybody())
        speakers = {name: stage.speaker(name) for name in HONEST}
        await asyncio.gather(*(speaker.connect() for speaker in speakers.values()))
        voices = {name: RawVoice(speaker) for name, speaker in speakers.items()}
        await asyncio.gather(*(connected(speaker) for speaker in speakers.values()))
        talking = [asyncio.create_task(voice.tone(3600)) for voice in voices.values()]
        await until_heard(stage, dict.fromkeys(HONEST, 50))
        yield Talk(stage, voices)
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
        await asyncio.gather(*(speaker.close() for speaker in speakers.values()))


async def connected(speaker: StockSpeaker) -> None:
    await until(lambda: speaker.pc.connectionState == "connected")


async def until_heard(stage: MeasuredStage, packets: Mapping[str, int]) -> None:
    """Until so many packets of each have been taken, but for those on their way when they were counted."""
    clock = SystemClock()
    async with asyncio.timeout(20):
        while True:
            seats = (await stage.measured()).seats
            if all(name in seats and seats[name].packets > packets[name] - ON_ITS_WAY for name in HONEST):
                return
            await clock.sleep_until(clock.monotonic() + A_TICK)


@pytest_asyncio.fixture(loop_scope="module")
async def mallory(talk: Talk) -> AsyncIterator[StockSpeaker]:
    speaker = talk.stage.speaker("mallory")
    await speaker.connect()
    await connected(speaker)
    yield speaker
    await speaker.close()


@pytest.mark.parametrize("name", list(ATTACKS))
async def test_an_attack_takes_the_stage_no_two_ticks_at_once_and_costs_the_honest_no_packet(
    talk: Talk, mallory: StockSpeaker, name: str
) -> None:
    for voice in talk.voices.values():
        voice.latest = 0.0
    before, sent_before = await talk.stage.measured(), talk.sent()
    came = await ATTACKS[name](talk.stage, mallory, EACH)
    after, sent = await talk.stage.measured(), talk.sent()

    assert came.total() > 10
    assert "500" not in came
    assert after.step < TWO_TICKS
    assert after.tick < TWO_TICKS
    await until_heard(
        talk.stage, {name: before.seats[name].packets + sent[name] - sent_before[name] for name in HONEST}
    )
    if max(after.late, *(voice.latest for voice in talk.voices.values())) < A_TICK:  # else the machine is the network
        assert all(after.seats[honest].concealed <= before.seats[honest].concealed for honest in HONEST)
    assert after.memory - before.memory < MEMORY
    assert "Traceback" not in talk.stage.log.read_text()
    assert talk.stage.log.stat().st_size < 100_000


async def test_who_may_speak_gets_in_while_hundreds_are_half_open(talk: Talk, mallory: StockSpeaker) -> None:
    attack = asyncio.create_task(half_open(talk.stage, mallory, EACH))
    guest = talk.stage.speaker("renewed", generation=1)
    await guest.connect()
    await connected(guest)
    await guest.close()
    assert (await attack)["201"] > 0


async def test_the_bench_fails_by_an_attack_that_takes_a_tick_and_by_no_other() -> None:
    quick = {"turn_ms": 19.9, "tick_ms": 4.0}

    assert too_long({"nobody": quick, "garbage": quick}) == []
    assert too_long({"nobody": quick, "garbage": quick | {"turn_ms": 20.1}}) == ["garbage"]
    assert too_long({"nobody": quick | {"tick_ms": 20.1}}) == ["nobody"]


async def test_the_measure_sees_a_turn_that_takes_too_long() -> None:
    async def hog() -> None:
        end = time.thread_time() + 1.5 * TWO_TICKS
        while time.thread_time() < end:
            pass

    def longest_of(work: Coroutine[None, None, None]) -> float:
        with asyncio.Runner(loop_factory=Turns) as runner:
            loop = cast(Turns, runner.get_loop())
            runner.run(work)
            return min(loop.longest, loop.longest_step)

    assert 0 < await asyncio.to_thread(longest_of, asyncio.sleep(0)) < TWO_TICKS
    assert await asyncio.to_thread(longest_of, hog()) > TWO_TICKS

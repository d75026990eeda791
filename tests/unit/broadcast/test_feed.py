import asyncio

from tests.support.settling import until

from hustings.base.channel import Channel, ChannelClosed
from hustings.base.clock import ManualClock
from hustings.broadcast.feed import BACKLOG, WINDOW, FeedHub
from hustings.documents.feed import End, Frame, FrameReader, Gone, Hello, Hold, Init, Part, Plan, Programme, Voices
from hustings.documents.space import Person, SpacePlan, SpaceState
from hustings.edge.agent import SILENCE


def plan(revision: int, space: str = "s") -> Plan:
    return Plan(SpacePlan(space, revision, "Title", SpaceState.LIVE, Person("Host")))


def part(number: int, rendition: str = "aac64") -> Part:
    return Part("s", rendition, "e1", number, Programme.CONVERSATION, b"part")


async def drain(reader: Channel[bytes]) -> list[Frame]:
    return list(FrameReader().feed(b"".join([await reader.get() for _ in range(len(reader))])))


async def test_a_reader_hears_hello_first_and_then_what_is_new() -> None:
    hub = FeedHub("e1")
    reader = hub.subscribe()

    hub.publish(part(1))

    assert await drain(reader) == [Hello("e1"), part(1)]


async def test_a_reader_of_a_stage_with_nothing_on_hears_from_it_before_it_is_left_for_silent() -> None:
    hub, clock = FeedHub("e1"), ManualClock()
    reader = hub.subscribe()
    running = asyncio.create_task(hub.run(clock))
    await until(lambda: len(reader) == 4, each_turn=lambda: clock.advance(0.1))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert clock.monotonic() / 3 < SILENCE / 2
    assert await drain(reader) == [Hello("e1")] * 4


async def test_a_late_reader_gets_the_state_in_order() -> None:
    hub = FeedHub("e1")
    voices = Voices("s", 0, Programme.CONVERSATION, ())
    frames: list[Frame] = [
        part(4), voices, Hold("s", "aac64", 0, 1, b"h"), Init("s", "aac64", b"i"), plan(1), part(5), End("s", 5),
    ]  # fmt: skip
    for frame in frames:
        hub.publish(frame)

    told = await drain(hub.subscribe())

    kinds = [type(frame).__name__ for frame in told]
    assert kinds == ["Hello", "Plan", "Init", "Hold", "Part", "Part", "Voices", "End"]


async def test_an_older_plan_is_ignored_and_the_newest_is_kept() -> None:
    hub = FeedHub("e1")
    reader = hub.subscribe()
    for revision in (2, 1, 3):
        hub.publish(plan(revision))

    assert await drain(reader) == [Hello("e1"), plan(2), plan(3)]
    assert await drain(hub.subscribe()) == [Hello("e1"), plan(3)]


async def test_only_the_window_of_parts_is_kept() -> None:
    hub = FeedHub("e1")
    for number in range(WINDOW + 10):
        hub.publish(part(number))

    told = await drain(hub.subscribe())

    assert [frame.number for frame in told if isinstance(frame, Part)] == list(range(10, WINDOW + 10))


async def test_a_space_that_is_gone_is_forgotten() -> None:
    hub = FeedHub("e1")
    hub.publish(plan(1))
    reader = hub.subscribe()
    hub.publish(Gone("s"))

    assert (await drain(reader))[-1] == Gone("s")
    assert await drain(hub.subscribe()) == [Hello("e1")]


async def test_what_comes_late_of_a_space_that_is_gone_is_dropped() -> None:
    hub = FeedHub("e1")
    for frame in (plan(1), Gone("s"), part(1)):
        hub.publish(frame)
    assert await drain(hub.subscribe()) == [Hello("e1")]

    for frame in (plan(2), part(2)):
        hub.publish(frame)
    assert await drain(hub.subscribe()) == [Hello("e1"), plan(2), part(2)]


async def test_a_reader_that_falls_behind_is_cut_off_and_others_are_not() -> None:
    hub = FeedHub("e1")
    slow, quick = hub.subscribe(), hub.subscribe()
    for number in range(BACKLOG + 2):
        hub.publish(part(number))
        await drain(quick)

    assert slow.closed
    assert not quick.closed
    assert hub.readers == 1


async def test_closing_the_hub_ends_its_readers() -> None:
    hub = FeedHub("e1")
    reader = hub.subscribe()
    hub.close()

    assert await drain(reader) == [Hello("e1")]
    try:
        await reader.get()
    except ChannelClosed:
        return
    raise AssertionError("the reader's stream went on")

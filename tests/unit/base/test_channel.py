import asyncio

import pytest

from hustings.base.channel import Channel, ChannelClosed, WhenFull


def filled(when_full: WhenFull) -> Channel[int]:
    channel: Channel[int] = Channel(2, when_full)
    for item in (1, 2, 3):
        channel.put(item)
    return channel


async def everything(channel: Channel[int]) -> list[int]:
    channel.close()
    return [item async for item in channel]


async def test_items_come_out_in_the_order_they_went_in() -> None:
    channel: Channel[int] = Channel(3, WhenFull.DROP_OLDEST)
    assert channel.put(1)
    assert channel.put(2)

    assert [await channel.get(), await channel.get()] == [1, 2]


@pytest.mark.parametrize(
    ("when_full", "kept"),
    [(WhenFull.DROP_OLDEST, [2, 3]), (WhenFull.DROP_NEWEST, [1, 2]), (WhenFull.CLOSE, [1, 2])],
)
async def test_a_full_channel_does_what_was_written_and_counts_the_loss(when_full: WhenFull, kept: list[int]) -> None:
    channel = filled(when_full)

    assert channel.dropped == 1
    assert channel.closed is (when_full is WhenFull.CLOSE)
    assert await everything(channel) == kept


def test_the_writer_is_told_of_a_loss() -> None:
    channel: Channel[int] = Channel(1, WhenFull.DROP_OLDEST)

    assert [channel.put(1), channel.put(2)] == [True, False]


async def test_a_waiting_reader_is_woken_by_an_item_and_by_the_end() -> None:
    channel: Channel[int] = Channel(1, WhenFull.DROP_OLDEST)
    first = asyncio.create_task(channel.get())
    await asyncio.sleep(0)
    channel.put(7)
    assert await first == 7

    second = asyncio.create_task(channel.get())
    await asyncio.sleep(0)
    channel.close()
    with pytest.raises(ChannelClosed):
        await second


def test_a_closed_channel_takes_nothing() -> None:
    channel: Channel[int] = Channel(1, WhenFull.DROP_OLDEST)
    channel.close()

    assert channel.put(1) is False
    assert len(channel) == 0

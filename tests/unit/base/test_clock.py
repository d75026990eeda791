import asyncio

from hustings.base.clock import ManualClock, SystemClock


async def test_a_manual_clock_wakes_those_whose_time_has_come_and_no_others() -> None:
    clock = ManualClock()
    woken: list[float] = []

    async def wait(until: float) -> None:
        await clock.sleep_until(until)
        woken.append(until)

    waits = [asyncio.create_task(wait(until)) for until in (1.0, 2.0, 3.0)]
    await asyncio.sleep(0)
    clock.advance(2.0)
    await asyncio.gather(*waits[:2])
    assert woken == [1.0, 2.0]

    clock.advance(1.0)
    await waits[2]
    assert (clock.monotonic(), clock.now()) == (3.0, 1_700_000_003.0)


async def test_the_system_clock_waits_no_shorter_than_asked_and_not_for_the_past() -> None:
    clock = SystemClock()
    before = clock.monotonic()

    await clock.sleep_until(before + 0.02)
    await clock.sleep_until(before - 5)

    assert 0.02 <= clock.monotonic() - before < 1

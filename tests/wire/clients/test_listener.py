import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import numpy as np
import pytest
from tests.support.asgi import serving
from tests.support.tiny_origin import PART, TinyOrigin

from hustings.base.clock import SystemClock
from hustings.base.errors import NotFound
from hustings.clients.addresses import space_address
from hustings.clients.listener import Form, Listener
from hustings.clients.media import Samples, WavWriter, read_voice


def loudest(samples: Samples) -> float:
    """The strongest frequency, Hz."""
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 48_000 / len(samples))


async def test_a_live_programme_is_heard_from_near_its_end_without_a_gap(http: httpx.AsyncClient) -> None:
    origin = TinyOrigin(20)
    heard: list[Samples] = []
    async with serving(origin.application) as base:
        origin.began, origin.began_unix = origin.clock.monotonic() - 6 * PART, origin.clock.now() - 6 * PART
        address = space_address(f"{base}/spaces/abc")
        report = await Listener(http, SystemClock(), address=address, seconds=9 * PART, hear=heard.append).run()

    assert report.seconds == pytest.approx(9 * PART, abs=0.03)
    assert (report.gaps, report.errors) == (0, 0)
    assert report.lateness_max is not None
    assert 0 < report.lateness_max < 0.5
    assert report.join is not None
    assert report.join < 1
    assert loudest(np.concatenate(heard)[9600:]) == pytest.approx(440, abs=2)
    assert report.level == pytest.approx(-13.5, abs=0.5)


@pytest.mark.parametrize("seconds", [0.5, 5 * PART])  # within a part, and within what is missing
async def test_as_much_is_heard_as_was_asked_for_to_the_sample(http: httpx.AsyncClient, seconds: float) -> None:
    origin = TinyOrigin(10, missing=[4])
    heard: list[Samples] = []
    async with serving(origin.application) as base:
        address = space_address(f"{base}/spaces/abc")
        await Listener(
            http, SystemClock(), address=address, form=Form.PLAIN, seconds=seconds - 0.05, hear=heard.append
        ).run()

    assert len(np.concatenate(heard)) == round((seconds - 0.05) * 48_000)


async def test_a_finished_programme_is_heard_whole_and_written_as_wav(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    origin = TinyOrigin(10)
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(origin.application))
        wav = stack.enter_context(WavWriter(tmp_path / "heard.wav"))
        address = space_address(f"{base}/spaces/abc")
        report = await Listener(http, SystemClock(), address=address, form=Form.PLAIN, hear=wav.write).run()

    assert report.ended
    assert len(read_voice(tmp_path / "heard.wav")) == round(report.seconds * 48_000) == 10 * 9 * 1024


async def test_a_part_that_cannot_be_had_is_a_gap_of_its_length_filled_with_silence(http: httpx.AsyncClient) -> None:
    origin = TinyOrigin(10, missing=[4])
    heard: list[Samples] = []
    async with serving(origin.application) as base:
        address = space_address(f"{base}/spaces/abc")
        report = await Listener(http, SystemClock(), address=address, form=Form.PLAIN, hear=heard.append).run()

    assert (report.gaps, report.errors) == (1, 1)
    assert report.missing == pytest.approx(PART, abs=0.001)
    assert len(np.concatenate(heard)) == 10 * 9 * 1024


async def test_a_server_whose_programme_stands_still_is_not_flooded(http: httpx.AsyncClient) -> None:
    origin = TinyOrigin(10)
    origin.frozen = 6
    async with serving(origin.application) as base:
        listener = Listener(http, SystemClock(), address=space_address(f"{base}/spaces/abc"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(listener.run(), 2.0)

    assert 2 <= origin.playlists <= 7


async def test_a_playlist_that_is_not_there_is_said_so(http: httpx.AsyncClient) -> None:
    async with serving(TinyOrigin(1).application) as base:
        address = space_address(f"{base}/spaces/abc")
        with pytest.raises(NotFound):
            await Listener(http, SystemClock(), address=address, form=Form.PLAIN, rendition="opus32").run()

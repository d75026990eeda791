"""When the microphone of somebody on stage is open, and that it is given back."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from playwright.async_api import BrowserContext, Page, expect
from starlette.responses import JSONResponse
from tests.support.settling import until
from tests.system.gallery.conftest import Hall
from tests.system.gallery.opening import open_context, open_state
from tests.system.gallery.scenery import JSON
from tests.system.gallery.states_listen import ENDED, LIVE, READY, Moving
from tests.system.gallery.states_stage import HOST, desk, person, sits, stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

CARD = "GET /spaces/space/live.json"
OVER: JSON = {CARD: Moving(**ENDED, replay=READY)}
# Every track the page was ever given.
REMEMBER = """
  window.tracks = [];
  const give = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function (wish) {
    const stream = await give.call(this, wish);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
"""
OPEN = "() => tracks.length > 0 && tracks.every((track) => track.readyState === 'live')"
GIVEN_BACK = "() => tracks.length > 0 && tracks.every((track) => track.readyState === 'ended')"
GUEST = desk("live", [HOST, person(3)], you="s3", may_direct=False, hands=None)


async def _seated(hall: Hall, shown: JSON | None, **more: Any) -> tuple[BrowserContext, Page]:
    state = stage("", shown, **more)
    context = await open_context(hall, state)
    await context.add_init_script(REMEMBER)
    return context, await open_state(hall, context, state)


async def _heard(page: Page) -> None:
    await expect(page.get_by_text("This is how loud you should be")).to_be_visible(timeout=15_000)
    assert await page.evaluate(OPEN)


def _level(said: list[np.ndarray]) -> float:
    """How loud the last second was."""
    return float(np.sqrt(np.mean((np.concatenate(said[-50:]) / 32767) ** 2)))


def _show(hall: Hall, shown: JSON | None, **answers: Any) -> None:
    known = hall.scenery.state
    hall.scenery.state = dataclasses.replace(known, desk=shown, answers={**known.answers, **answers})


@pytest.mark.parametrize(
    ("shown", "answers", "words"),
    [
        (desk("ended", [HOST, person(3)], you="s3"), OVER, "That was it"),
        (desk("cancelled", [HOST, person(3)], you="s3"), {CARD: Moving(state="cancelled")}, "Cancelled"),
        (None, OVER, "That was it"),
        ({**GUEST, "removed": True}, {}, "You are no longer on stage"),
    ],
    ids=["ended", "cancelled", "stage-forgot-it", "removed"],
)
async def test_the_microphone_is_given_back_when_the_seat_is_over(
    hall: Hall, shown: JSON | None, answers: JSON, words: str
) -> None:
    context, page = await _seated(hall, GUEST, seat=sits(3))
    await _heard(page)

    _show(hall, shown, **answers)

    await expect(page.get_by_role("heading", name=words)).to_be_visible(timeout=15_000)
    await page.wait_for_function(GIVEN_BACK)
    await context.close()


async def test_the_microphone_is_given_back_by_who_leaves(hall: Hall) -> None:
    removed = {"POST /api/v1/spaces/space/seats/s3/remove": {}, CARD: Moving(**LIVE)}
    context, page = await _seated(hall, GUEST, seat=sits(3), answers=removed)
    await _heard(page)
    note = "sessionStorage.setItem('then', tracks.map((track) => track.readyState))"
    await page.evaluate(f"addEventListener('pagehide', () => {note})")

    await page.get_by_role("button", name="Leave the stage").click(delay=1200)

    await page.wait_for_url("**/spaces/space")
    assert await page.evaluate("sessionStorage.getItem('then')") == "ended"
    await context.close()


async def test_who_comes_back_after_the_end_is_asked_for_no_microphone(hall: Hall) -> None:
    posts = hall.scenery.whip.posts
    context, page = await _seated(hall, None, answers=OVER)

    await expect(page.get_by_text("Listen to the replay")).to_be_visible(timeout=15_000)

    assert await page.evaluate("tracks.length") == 0
    assert hall.scenery.whip.posts == posts
    await context.close()


async def test_a_stage_that_knows_nothing_for_a_while_is_asked_again_and_one_that_is_over_is_not(hall: Hall) -> None:
    whip = hall.scenery.whip
    unknown = [JSONResponse({"error": "This is not here.", "code": "not_found"}, 404) for _ in range(12)]
    whip.answers[:] = unknown[:2]
    context, page = await _seated(hall, GUEST, seat=sits(3), answers={CARD: Moving(**LIVE)})
    await _heard(page)
    await expect(page.get_by_text("ON AIR", exact=True)).to_be_visible()
    await context.close()

    whip.answers[:] = unknown
    context, page = await _seated(hall, GUEST, seat=sits(3), answers=OVER)
    await expect(page.get_by_text("Listen to the replay")).to_be_visible(timeout=15_000)
    assert len(whip.answers) == len(unknown) - 1
    await page.wait_for_function(GIVEN_BACK)
    whip.answers.clear()
    await context.close()


async def test_who_loses_the_microphone_is_told_and_keeps_the_seat_with_silence(hall: Hall) -> None:
    context, page = await _seated(hall, GUEST, seat=sits(3))
    await _heard(page)
    posts, said = hall.scenery.whip.posts, hall.scenery.whip.heard[-1]

    await page.evaluate("tracks[0].stop(); tracks[0].dispatchEvent(new Event('ended'))")  # as when it is unplugged
    await expect(page.get_by_text("The microphone is gone.")).to_be_visible()
    lost = len(said)
    await until(lambda: len(said) > lost + 200)
    assert _level(said) < 0.001, "silence goes on"

    await page.get_by_role("button", name="Try the microphone again").click()
    await until(lambda: _level(said) > 0.01)
    assert hall.scenery.whip.posts == posts
    await context.close()

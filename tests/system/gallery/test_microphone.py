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
    await until(lambda: _level(said) < 0.001, within=30)
    lost = len(said)
    await until(lambda: len(said) > lost + 100, within=30)
    assert _level(said) < 0.001, "silence goes on"

    await page.get_by_role("button", name="Try the microphone again").click()
    await until(lambda: _level(said) > 0.002, within=30)
    assert hall.scenery.whip.posts == posts
    await context.close()


# Another microphone is plugged in or out, as the page is told of it.
PLUGGED = "navigator.mediaDevices.dispatchEvent(new Event('devicechange'))"
UNPLUGGED = "tracks.at(-1).stop(); tracks.at(-1).dispatchEvent(new Event('ended'))"


async def test_a_microphone_that_is_plugged_in_again_is_heard_again_by_itself(hall: Hall) -> None:
    context, page = await _seated(hall, GUEST, seat=sits(3))
    await _heard(page)
    posts, said = hall.scenery.whip.posts, hall.scenery.whip.heard[-1]

    await page.evaluate(UNPLUGGED)
    await expect(page.get_by_text("The microphone is gone.")).to_be_visible()
    await page.evaluate(PLUGGED)

    await expect(page.get_by_text("is back.")).to_be_visible()
    await expect(page.get_by_text("The microphone is gone.")).to_be_hidden()
    lost = len(said)
    await until(lambda: len(said) > lost + 100 and _level(said) > 0.002, within=30)
    assert hall.scenery.whip.posts == posts, "in the same session"
    await context.close()


async def test_the_chosen_microphone_is_taken_again_when_it_is_there_again(hall: Hall) -> None:
    context, page = await _seated(hall, GUEST, seat=sits(3))
    await _heard(page)
    choice = page.get_by_label("Microphone", exact=True)
    chosen = await choice.locator("option").nth(1).get_attribute("value")
    assert chosen
    await choice.select_option(chosen)
    used = "() => tracks.at(-1).getSettings().deviceId"
    await page.wait_for_function(f"chosen => ({used})() === chosen", arg=chosen)
    hide = """() => { const all = MediaDevices.prototype.enumerateDevices, give = MediaDevices.prototype.getUserMedia;
      window.back = () => Object.assign(MediaDevices.prototype, { enumerateDevices: all, getUserMedia: give });
      const gone = tracks.at(-1).getSettings().deviceId;
      MediaDevices.prototype.enumerateDevices = async function () {
        return (await all.call(this)).filter((found) => found.deviceId !== gone); };
      MediaDevices.prototype.getUserMedia = async function (wish) {
        if (wish.audio.deviceId?.exact === gone) throw new DOMException('', 'NotFoundError');
        return give.call(this, wish); }; }"""
    await page.evaluate(hide)
    await page.evaluate(f"{UNPLUGGED}; {PLUGGED}")
    await expect(page.get_by_text("You are heard by")).to_be_visible()
    assert await page.evaluate(used) != chosen

    await page.evaluate(f"back(); {PLUGGED}")

    await page.wait_for_function(f"chosen => ({used})() === chosen", arg=chosen)
    await context.close()


async def test_a_phone_call_that_takes_the_microphone_is_told_and_its_end_too(hall: Hall) -> None:
    context, page = await _seated(hall, GUEST, seat=sits(3))
    await _heard(page)

    await page.evaluate("tracks[0].dispatchEvent(new Event('mute'))")
    await expect(page.get_by_text("Something else holds the microphone, such as a call.")).to_be_visible()
    await page.evaluate("tracks[0].dispatchEvent(new Event('unmute'))")

    await expect(page.get_by_text("Something else holds the microphone")).to_be_hidden()
    await context.close()


async def test_a_page_that_was_asleep_says_so_and_the_seat_goes_on(hall: Hall) -> None:
    context, page = await _seated(hall, GUEST, seat=sits(3))
    await _heard(page)

    # As on a phone behind a locked screen: for a while nothing of the page runs.
    await page.evaluate("const until = Date.now() + 6000; while (Date.now() < until);")

    await expect(page.get_by_text("This page was asleep for")).to_be_visible()
    heard = hall.scenery.whip.heard
    said = sum(map(len, heard))
    await until(lambda: sum(map(len, heard)) > said + 100, within=30)
    await context.close()

"""What somebody on stage is shown and offered, when others decide over the seat."""

import dataclasses
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect
from tests.system.gallery.conftest import Hall
from tests.system.gallery.opening import open_context, open_state
from tests.system.gallery.scenery import JSON
from tests.system.gallery.states_listen import LIVE, Moving, voices
from tests.system.gallery.states_stage import HOST, SPACE, desk, person, sits, stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

MUTE, AIR = (f"POST /api/v1/spaces/space/seats/s3/{verb}" for verb in ("mute", "air"))
REFUSED = (403, {"error": "The host switched your microphone off.", "code": "not_allowed"})


def _as_guest(**changes: Any) -> JSON:
    return desk("live", [HOST, person(3, **changes)], you="s3", may_direct=False, hands=None)


async def _sit(hall: Hall, shown: JSON, **answers: Any) -> tuple[BrowserContext, Page]:
    state = stage("The candidates", shown, seat=sits(3), answers=answers)
    context = await open_context(hall, state)
    page = await open_state(hall, context, state)
    hall.scenery.calls.clear()
    return context, page


def _show(hall: Hall, shown: JSON | None) -> None:
    hall.scenery.state = dataclasses.replace(hall.scenery.state, desk=shown)


async def _is_told_who_muted_and_cannot_unmute(hall: Hall, page: Page) -> None:
    await expect(page.get_by_text("ON AIR, MUTED", exact=True)).to_be_visible()
    await expect(page.get_by_text("The host muted you", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Unmute")).to_have_count(0)
    await page.keyboard.press("m")
    assert MUTE not in hall.scenery.calls


async def test_a_guest_is_put_on_air_by_the_host_and_then_goes_off_and_on(hall: Hall) -> None:
    context, page = await _sit(hall, _as_guest(on_air=False, aired=False), **{AIR: {}})
    await expect(page.get_by_text("The host puts you on air.").first).to_be_visible()
    await expect(page.get_by_role("button", name="Go on air")).to_have_count(0)

    _show(hall, _as_guest(on_air=True, aired=True))
    async with page.expect_response("**/s3/air"):
        await page.get_by_role("button", name="Go backstage").click()
    _show(hall, _as_guest(on_air=False, aired=True))
    async with page.expect_response("**/s3/air"):
        await page.get_by_role("button", name="Go on air").click()

    assert hall.scenery.calls == [AIR, AIR]
    await context.close()


async def test_who_was_taken_off_air_is_told_by_whom(hall: Hall) -> None:
    context, page = await _sit(hall, _as_guest())
    await expect(page.get_by_role("button", name="Go backstage")).to_be_visible()

    _show(hall, _as_guest(on_air=False, aired=True, held=True))

    await expect(page.get_by_text("The host took you off air, and puts you on again.")).to_be_visible()
    await expect(page.get_by_role("button", name="Go on air")).to_have_count(0)
    await context.close()


async def test_who_was_never_on_air_and_is_muted_by_the_host_is_not_said_to_have_been_taken_off(hall: Hall) -> None:
    context, page = await _sit(hall, _as_guest(on_air=False, aired=False, muted=True, held=True))

    await expect(page.get_by_text("The host muted you", exact=True)).to_be_visible()
    await expect(page.get_by_text("The host puts you on air.").first).to_be_visible()
    await expect(page.get_by_text("The host took you off air")).to_have_count(0)
    await context.close()


async def test_who_is_muted_by_the_host_is_told_so_and_offered_no_button(hall: Hall) -> None:
    context, page = await _sit(hall, _as_guest())
    await expect(page.get_by_role("button", name="Mute", exact=True)).to_be_visible()

    _show(hall, _as_guest(muted=True, held=True))
    await _is_told_who_muted_and_cannot_unmute(hall, page)

    _show(hall, _as_guest())
    await expect(page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    await context.close()


async def test_who_comes_back_muted_by_the_host_is_told_so_without_a_press(hall: Hall) -> None:
    context, page = await _sit(hall, _as_guest(muted=True, held=True))

    await page.reload()

    await _is_told_who_muted_and_cannot_unmute(hall, page)
    await context.close()


async def test_who_comes_back_off_air_by_the_host_is_offered_no_switch(hall: Hall) -> None:
    context, page = await _sit(hall, _as_guest(on_air=False, aired=True, held=True))

    await page.reload()

    await expect(page.get_by_text("The host took you off air, and puts you on again.")).to_be_visible()
    await expect(page.get_by_role("button", name="Go on air")).to_have_count(0)
    await context.close()


async def test_who_unmutes_the_moment_the_host_mutes_reads_the_refusal(hall: Hall) -> None:
    context, page = await _sit(hall, _as_guest(muted=True), **{MUTE: REFUSED})

    await page.get_by_role("button", name="Unmute").click()

    await expect(page.get_by_text(REFUSED[1]["error"])).to_be_visible()
    await expect(page.get_by_text("ON AIR, MUTED", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Unmute")).to_be_visible()
    await context.close()


async def test_who_directs_and_was_muted_by_another_unmutes_alone(hall: Hall) -> None:
    cohost = desk("live", [HOST, person(3, "cohost", muted=True, held=True)], you="s3")
    context, page = await _sit(hall, cohost, **{MUTE: {}})

    async with page.expect_response("**/s3/mute"):
        await page.get_by_role("button", name="Unmute").click()
    _show(hall, desk("live", [HOST, person(3, "cohost")], you="s3"))

    await expect(page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    assert hall.scenery.calls == [MUTE]
    await context.close()


async def test_who_muted_oneself_is_offered_to_unmute(hall: Hall) -> None:
    context, page = await _sit(hall, _as_guest(), **{MUTE: {}})

    await page.get_by_role("button", name="Mute", exact=True).click()
    _show(hall, _as_guest(muted=True))

    await expect(page.get_by_text("ON AIR, MUTED", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Unmute")).to_be_visible()
    await context.close()


async def test_the_band_claims_nothing_of_a_stage_that_is_out_of_sight(hall: Hall) -> None:
    context, page = await _sit(hall, _as_guest(), **{"GET /spaces/space/live.json": Moving(**LIVE)})
    await expect(page.get_by_text("ON AIR", exact=True)).to_be_visible()

    _show(hall, None)

    await expect(page.get_by_text("take it that you may be heard").first).to_be_visible(timeout=15_000)
    await expect(page.get_by_text("ON AIR", exact=True)).to_have_count(0)
    await context.close()


async def test_who_lost_the_seat_to_another_browser_is_told_and_takes_it_back(hall: Hall) -> None:
    context, page = await _sit(hall, _as_guest())
    await expect(page.get_by_text("This is how loud you should be")).to_be_visible(timeout=15_000)
    posts, whip = hall.scenery.whip.posts, hall.scenery.whip

    whip.over = True
    await whip.vanish()
    await expect(page.get_by_role("heading", name="Your seat was taken in another browser")).to_be_visible(
        timeout=15_000
    )
    whip.over = False
    assert whip.posts == posts

    await page.get_by_role("button", name="Take it back").click()
    await expect(page.get_by_text("ON AIR", exact=True)).to_be_visible(timeout=15_000)
    assert whip.posts == posts + 1
    await context.close()


async def test_a_seat_that_is_on_air_says_so_before_it_is_taken(hall: Hall) -> None:
    live = {**SPACE, "state": "live", "you": {"seat": "s0", "role": "host", "can": []}}
    known = {"GET /api/v1/spaces/space": live, "GET /spaces/space/live.json": Moving(**LIVE, speakers=voices(1))}
    state = stage("You host this conversation.", None, None, answers=known)
    context = await open_context(hall, state)
    page = await open_state(hall, context, state)

    await expect(page.get_by_text("everybody hears you as soon as you take it")).to_be_visible()
    await expect(page.get_by_text("Backstage only the others")).to_have_count(0)

    backstage = {"GET /spaces/space/live.json": Moving(**LIVE, speakers=voices(1, on_air=False))}
    hall.scenery.state = dataclasses.replace(state, answers={**known, **backstage})
    await expect(page.get_by_text("Backstage only the others")).to_be_visible()
    await context.close()

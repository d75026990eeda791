"""What pages do by themselves while the world behind them changes."""

import dataclasses
import re
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect
from tests.system.gallery import states_app, states_listen
from tests.system.gallery.conftest import Hall
from tests.system.gallery.opening import open_context, open_state
from tests.system.gallery.scenery import JSON
from tests.system.gallery.states_listen import ENDED, LIVE, READY, Moving, listen, voices
from tests.system.gallery.states_stage import HOST, SPACE, STATES, desk, person, sits, stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLAYING = "() => !hustings.audio.paused && hustings.audio.currentTime > 0"
END = "POST /api/v1/spaces/space/end"


async def _seated(hall: Hall, shown: JSON, **more: Any) -> tuple[BrowserContext, Page]:
    state = stage("The candidates", shown, **more)
    context = await open_context(hall, state)
    return context, await open_state(hall, context, state)


async def test_a_page_goes_from_announcement_to_replay_with_its_sound_and_without_a_reload(hall: Hall) -> None:
    state = listen("in 4 minutes", Moving(starts_at=270.0), press=("Play when it begins",))
    context = await open_context(hall, state)
    page = await open_state(hall, context, state)
    await page.evaluate("window.same = true")
    doors = Moving(state="doors", programme="preshow", starts_at=270.0, doors_at=-1.0, speakers=voices(2, None))
    ready = Moving(**ENDED, replay=READY, speakers=voices(2, None, connected=False))

    hall.scenery.state = listen("", doors)
    await expect(page.get_by_text("You will hear music until then.").first).to_be_visible()
    await page.wait_for_function(PLAYING)
    hall.scenery.state = listen("", Moving(**LIVE, speakers=voices(2)))
    await expect(page.get_by_text("ON AIR")).to_be_visible()
    assert await page.evaluate(PLAYING)
    hall.scenery.state = listen("", Moving(**ENDED, replay={**READY, "state": "preparing"}))
    await expect(page.get_by_text("The conversation is over.").first).to_be_visible()
    hall.scenery.state = listen("", ready)
    await expect(page.get_by_text("Lossless")).to_be_visible()

    await page.get_by_role("button", name="Play the replay").click(timeout=30_000)
    await page.wait_for_function(PLAYING)
    assert await page.evaluate("window.same")
    await context.close()


async def test_a_replay_shows_its_own_position_and_length_after_the_end(hall: Hall) -> None:
    state = listen("18,204 listening", Moving(**LIVE, speakers=voices(2)), press=("Listen",))
    context = await open_context(hall, state)
    page = await open_state(hall, context, state)
    await page.wait_for_function("() => hustings.audio.currentTime > 1")

    hall.scenery.state = listen("", Moving(**ENDED, replay=READY))
    slider = page.get_by_role("slider", name="Position")

    await expect(slider).to_be_attached()
    assert await page.evaluate(PLAYING), "the last words are still heard"
    await expect(slider).to_have_attribute("aria-valuetext", "0:00 of 4:00", timeout=100)
    await page.get_by_role("button", name="Play the replay").click(timeout=30_000)
    await expect(slider).to_have_attribute("aria-valuetext", re.compile("0:0[0-3] of 4:00"))
    await context.close()


async def test_an_invitation_to_speak_lies_under_nothing_on_a_phone(hall: Hall) -> None:
    state = states_listen.STATES["asking-approved"]
    context = await open_context(hall, state)
    page = await open_state(hall, context, state)
    await page.set_viewport_size({"width": 360, "height": 740})

    await expect(page.get_by_role("button", name="Ask to speak")).to_have_count(0)
    button, bar = page.get_by_role("button", name="Take my seat"), page.get_by_role("region", name="Listening")
    seat, edge = await button.bounding_box(), await bar.bounding_box()
    assert seat is not None
    assert edge is not None
    assert seat["y"] + seat["height"] <= edge["y"]
    await context.close()


async def test_an_invitation_taken_in_this_browser_leads_back_to_the_seat(hall: Hall) -> None:
    state = states_app.STATES["join-seated"]
    context = await open_context(hall, state)
    page = await open_state(hall, context, state)

    await page.get_by_role("link", name="Back to my seat").click()

    await page.wait_for_url("**/spaces/space/stage")
    await context.close()


async def test_a_listener_hears_again_after_the_server_was_away(hall: Hall) -> None:
    state = listen("18,204 listening", Moving(**LIVE, speakers=voices(2)), press=("Listen",))
    context = await open_context(hall, state)
    page = await open_state(hall, context, state)
    await page.wait_for_function(PLAYING)

    await context.set_offline(True)
    await expect(page.get_by_text("You are offline").first).to_be_visible(timeout=15_000)
    await context.set_offline(False)

    await expect(page.get_by_text("You are offline")).to_have_count(0, timeout=15_000)
    heard = await page.evaluate("hustings.audio.currentTime")
    await page.wait_for_function("(before) => hustings.audio.currentTime > before + 1", arg=heard, timeout=30_000)
    await context.close()


async def test_nobody_is_said_to_speak_while_the_server_is_out_of_reach(hall: Hall) -> None:
    state = listen("18,204 listening", Moving(**LIVE, speakers=voices(2)))
    context = await open_context(hall, state)
    page = await open_state(hall, context, state)
    speaks, told = page.get_by_text("Ada Lind is speaking"), page.locator("p.hidden[aria-live]")
    await expect(told).to_have_text("Ada Lind is speaking")
    await expect(page.get_by_text("ON AIR", exact=True)).to_be_visible()

    await context.set_offline(True)
    await expect(page.get_by_text("Out of reach")).to_be_visible(timeout=15_000)
    await expect(page.get_by_text("ON AIR", exact=True)).to_have_count(0)
    await expect(speaks).to_have_count(0)

    await context.set_offline(False)
    await expect(page.get_by_text("ON AIR", exact=True)).to_be_visible(timeout=15_000)
    await expect(told).to_have_text("Ada Lind is speaking")
    await context.close()


async def test_a_sample_that_was_removed_leaves_nobody_speaking(hall: Hall) -> None:
    may = {**SPACE, "sample": True, "you": {"seat": None, "role": None, "can": ["delete"]}}
    known = {"GET /api/v1/spaces/space": may, "DELETE /api/v1/spaces/space": {}}
    state = listen("Remove the sample", Moving(**LIVE, sample=True, speakers=voices(2)))
    state = dataclasses.replace(state, answers={**state.answers, **known})
    context = await open_context(hall, state)
    page = await open_state(hall, context, state)
    await expect(page.locator("p.hidden[aria-live]")).to_have_text("Ada Lind is speaking")

    await page.get_by_role("button", name="Remove the sample").click()
    await expect(page.get_by_role("button", name="Remove the sample")).to_have_count(0)

    await expect(page.get_by_text("is speaking")).to_have_count(0, timeout=500)
    await context.close()


async def test_a_speaker_whose_stage_vanished_is_back_by_itself(hall: Hall) -> None:
    posts = hall.scenery.whip.posts
    context, page = await _seated(hall, desk("live", [HOST]))
    await expect(page.get_by_text("This is how loud you should be")).to_be_visible(timeout=15_000)
    assert hall.scenery.whip.posts == posts + 1

    await hall.scenery.whip.vanish()

    await expect(page.get_by_text("Your sound is being connected again").first).to_be_visible(timeout=15_000)
    await expect(page.get_by_text("CONNECTING", exact=True)).to_be_visible()
    await expect(page.get_by_text("Your sound is being connected again")).to_have_count(0, timeout=15_000)
    await expect(page.get_by_text("ON AIR", exact=True)).to_be_visible()
    assert hall.scenery.whip.posts == posts + 2
    await context.close()


async def test_a_reload_returns_to_the_seat(hall: Hall) -> None:
    context, page = await _seated(hall, desk("live", [HOST]))
    await expect(page.get_by_text("ON AIR", exact=True)).to_be_visible()

    await page.reload()

    await expect(page.get_by_text("ON AIR", exact=True)).to_be_visible()
    await context.close()


async def test_a_second_tab_takes_the_seat_and_the_first_says_so(hall: Hall) -> None:
    context, first = await _seated(hall, desk("live", [HOST]))
    second = await open_state(hall, context, STATES["stage-host-hold"])

    await expect(first.get_by_text("Your seat is open in another tab")).to_be_visible()
    await expect(second.get_by_text("HOLD", exact=True)).to_be_visible()
    await context.close()


async def test_the_end_asks_to_be_held_for_a_second(hall: Hall) -> None:
    context, page = await _seated(hall, desk("live", [HOST]))
    end = page.get_by_role("button", name="End the conversation")
    hall.scenery.calls.clear()

    await end.click()
    assert END not in hall.scenery.calls
    await end.hover()
    await page.mouse.down()
    async with page.expect_response("**/end"):
        pass
    await page.mouse.up()

    assert hall.scenery.calls.count(END) == 1
    await context.close()


async def test_the_end_can_be_held_by_key(hall: Hall) -> None:
    context, page = await _seated(hall, desk("live", [HOST]))
    await page.get_by_role("button", name="End the conversation").focus()
    hall.scenery.calls.clear()

    async with page.expect_response("**/end"):
        await page.keyboard.down("Enter")
    await page.keyboard.up("Enter")

    assert hall.scenery.calls.count(END) == 1
    await context.close()


async def test_a_stage_that_forgot_an_ended_conversation_leads_to_its_replay(hall: Hall) -> None:
    context, page = await _seated(hall, desk("live", [HOST]))
    over = {"GET /spaces/space/live.json": Moving(**ENDED, replay=READY)}

    hall.scenery.state = stage("", None, answers=over)

    await expect(page.get_by_text("Listen to the replay")).to_be_visible(timeout=15_000)
    await context.close()


async def test_a_deleted_conversation_lets_its_speakers_go(hall: Hall) -> None:
    context, page = await _seated(hall, desk("live", [HOST]))

    hall.scenery.state = stage("", None)

    await expect(page.get_by_role("heading", name="This conversation was removed")).to_be_visible(timeout=15_000)
    await page.get_by_role("link", name="See what is on").click()
    await context.close()


async def test_who_leaves_the_stage_gives_the_seat_up(hall: Hall) -> None:
    shown = desk("live", [HOST, person(3)], you="s3", may_direct=False, hands=None)
    removed = {"POST /api/v1/spaces/space/seats/s3/remove": {}, "GET /spaces/space/live.json": Moving(**LIVE)}
    context, page = await _seated(hall, shown, seat=sits(3), answers=removed)

    async with page.expect_response("**/seats/s3/remove"):
        await page.get_by_role("button", name="Leave the stage").click(delay=1200)

    await page.wait_for_url("**/spaces/space")
    assert await page.evaluate("localStorage.getItem('hustings.seat.space')") is None
    await context.close()


async def test_who_cannot_give_the_seat_up_stays_and_is_told(hall: Hall) -> None:
    shown = desk("live", [HOST, person(3)], you="s3", may_direct=False, hands=None)
    away = {"POST /api/v1/spaces/space/seats/s3/remove": (503, {"error": "The control room does not answer."})}
    context, page = await _seated(hall, shown, seat=sits(3), answers=away)

    await page.get_by_role("button", name="Leave the stage").click(delay=1200)

    await expect(page.get_by_text("The control room does not answer.")).to_be_visible()
    await expect(page.get_by_text("ON AIR", exact=True)).to_be_visible()
    await context.close()


async def test_a_host_has_a_failed_replay_prepared_again(hall: Hall) -> None:
    failed = {"GET /spaces/space/live.json": Moving(**ENDED, replay={**READY, "state": "failed"})}
    preparing = {"PATCH /api/v1/spaces/space/replay": {"replay": {**READY, "state": "preparing"}}}
    over = stage("That was it", desk("ended", [HOST]), answers={**failed, **preparing})
    context = await open_context(hall, over)
    page = await open_state(hall, context, over)

    await page.get_by_role("button", name="Prepare it again").click()
    await expect(page.get_by_text("The replay is being prepared")).to_be_visible()
    ready = {"GET /spaces/space/live.json": Moving(**ENDED, replay=READY)}
    hall.scenery.state = stage("", desk("ended", [HOST]), answers=ready)

    await expect(page.get_by_text("Listen to the replay")).to_be_visible()
    await context.close()


async def test_secrets_are_in_no_address_that_is_asked_for(hall: Hall) -> None:
    asked, setup = states_listen.STATES["asking-approved"], states_app.STATES["setup"]
    context = await open_context(hall, asked)
    addresses: list[str] = []
    context.on("request", lambda request: addresses.append(request.url))

    await open_state(hall, context, asked)
    await open_state(hall, context, setup)

    assert any(address.endswith("/requests/r1") for address in addresses)
    assert any(address.endswith("/setup/look") for address in addresses)
    assert [a for a in addresses if "hush" in a or "secret" in a.partition("#")[0]] == []
    await context.close()


async def test_keys_play_silence_and_explain(hall: Hall) -> None:
    state = listen("18,204 listening", Moving(**LIVE, speakers=voices(2)))
    context = await open_context(hall, state)
    page = await open_state(hall, context, state)

    await page.keyboard.press("Space")
    await page.wait_for_function(PLAYING)
    await page.keyboard.press("m")
    assert await page.evaluate("hustings.audio.muted")
    await page.keyboard.press("Space")
    await page.wait_for_function("() => hustings.audio.paused")
    await page.keyboard.press("?")

    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await context.close()

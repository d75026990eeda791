"""The desk by keyboard alone: what a key does, what it must be held for, and when it is only a letter."""

import dataclasses
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect
from tests.system.gallery.conftest import Hall
from tests.system.gallery.opening import open_context, open_state
from tests.system.gallery.scenery import JSON
from tests.system.gallery.states_stage import CALM, PRODUCES, RULES, SHOW, desk, stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

AT = "/api/v1/spaces/space"
DOORS, END, HOLD = (f"POST {AT}/{verb}" for verb in ("doors", "end", "hold"))
DUMP, TALK, FREE = (f"POST {AT}/desk/{verb}" for verb in ("dump", "talkback", "unsilence"))
MUTE, AIR = f"POST {AT}/seats/s2/mute", f"POST {AT}/seats/s3/air"
ANSWERS: JSON = {**RULES, DOORS: {}, END: {}, HOLD: {}, DUMP: {"seconds": 7.0}, TALK: {}, FREE: {}, MUTE: {}, AIR: {}}


async def _open(hall: Hall, state: str, **changes: Any) -> tuple[BrowserContext, Page]:
    opened = stage("Nothing is wrong.", desk(state, SHOW, **{**CALM, **changes}), PRODUCES, answers=ANSWERS)
    context = await open_context(hall, opened)
    page = await open_state(hall, context, opened)
    hall.scenery.calls.clear()
    return context, page


async def test_the_show_is_worked_by_keys_alone(hall: Hall) -> None:
    context, page = await _open(hall, "live")

    async with page.expect_response("**/hold"):
        await page.keyboard.press("h")
    async with page.expect_response("**/dump"):
        await page.keyboard.press("d")
    await expect(page.get_by_text("The last 7 seconds were replaced by the hold sound.")).to_be_attached()
    await page.keyboard.press("3")
    await expect(page.get_by_role("button", name="Mute Chi Tanaka")).to_be_focused()
    async with page.expect_response("**/s2/mute"):
        await page.keyboard.press("m")
    await page.keyboard.press("4")
    async with page.expect_response("**/s3/air"):
        await page.keyboard.press("a")
    await expect(page.get_by_text("Dov Stern is on air.")).to_be_attached()
    await page.keyboard.press("m")  # nobody is chosen any more
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await page.keyboard.press("h")

    assert hall.scenery.calls == [HOLD, DUMP, MUTE, AIR]
    await context.close()


async def test_what_still_goes_out_is_dumped_by_key_after_the_end_and_nothing_else_is_done(hall: Hall) -> None:
    context, page = await _open(hall, "live")
    over = desk("ended", SHOW, **{**CALM, "programme": "conversation"})
    hall.scenery.state = dataclasses.replace(hall.scenery.state, desk=over)
    await expect(page.get_by_text("still hear what was said")).to_be_visible()
    await page.keyboard.press("h")
    async with page.expect_response("**/dump"):
        await page.keyboard.press("d")
    await expect(page.get_by_text("The last 7 seconds were replaced by the hold sound.")).to_be_visible()
    assert hall.scenery.calls == [DUMP]

    drained = desk("ended", SHOW, **{**CALM, "programme": "end"})
    hall.scenery.state = dataclasses.replace(hall.scenery.state, desk=drained)
    await expect(page.get_by_role("button", name="Dump the last")).to_have_count(0)
    await page.keyboard.press("d")
    assert hall.scenery.calls == [DUMP]
    await context.close()


async def test_whom_the_stage_silenced_a_key_and_a_press_let_be_heard(hall: Hall) -> None:
    silenced = {**SHOW[2], "silenced": "echo"}
    alarms = [{"code": "echo", "part": "seat", "seat": "s2", "where": "", "since": 0}]
    shown = desk("live", [*SHOW[:2], silenced, *SHOW[3:]], **{**CALM, "alarms": alarms})
    opened = stage("is silenced because of an echo", shown, PRODUCES, answers=ANSWERS)
    context = await open_context(hall, opened)
    page = await open_state(hall, context, opened)
    hall.scenery.calls.clear()

    for button in ("Let them be heard Chi Tanaka", "Let Chi Tanaka be heard"):
        for each in await page.get_by_role("button", name=button).all():
            async with page.expect_response("**/desk/unsilence"):
                await each.click()
    await expect(page.get_by_text("Chi Tanaka is heard again.")).to_be_attached()
    await page.keyboard.press("3")
    async with page.expect_response("**/desk/unsilence"):
        await page.keyboard.press("m")

    assert hall.scenery.calls == [FREE] * 4  # in the row twice, at the alarm, by the key
    await context.close()


async def test_the_start_is_held_for(hall: Hall) -> None:
    context, page = await _open(hall, "scheduled", recording=True)
    go = page.get_by_role("button", name="Open the doors")

    await page.keyboard.down("g")
    await expect(go).to_contain_class("holding")
    await page.keyboard.up("g")
    await expect(go).not_to_contain_class("holding")
    assert hall.scenery.calls == []

    async with page.expect_response("**/doors"):
        await page.keyboard.down("g")
    await page.keyboard.up("g")
    assert hall.scenery.calls == [DOORS]
    await context.close()


async def test_the_end_is_held_for(hall: Hall) -> None:
    context, page = await _open(hall, "live")

    await page.keyboard.press("e")
    async with page.expect_response("**/end"):
        await page.keyboard.down("e")
        await expect(page.get_by_role("button", name="End the conversation")).to_contain_class("holding")
    await page.keyboard.up("e")

    assert hall.scenery.calls == [END]
    await context.close()


async def test_a_letter_in_a_field_is_a_letter(hall: Hall) -> None:
    context, page = await _open(hall, "live")
    field = page.get_by_label("Name, if you like")

    await field.click()
    await page.keyboard.type("dhs3ma?")

    await expect(field).to_have_value("dhs3ma?")
    assert hall.scenery.calls == []
    await context.close()


async def test_talkback_lasts_as_long_as_the_key_and_the_microphone_is_shut_else(hall: Hall) -> None:
    context, page = await _open(hall, "live")
    await context.grant_permissions(["microphone"])

    async with page.expect_response("**/talkback") as begun:
        await page.keyboard.press("1")
        await page.keyboard.down("t")
    heard = desk("live", SHOW, **{**CALM, "talkback": [{"by": "s5", "to": ["s0"]}]})
    hall.scenery.state = dataclasses.replace(hall.scenery.state, desk=heard)
    await expect(page.get_by_text("Ada Lind hears you; the listeners do not.").first).to_be_visible()
    async with page.expect_response("**/talkback") as again:  # each second, while it is held
        pass
    async with page.expect_request(lambda request: (request.post_data_json or {}).get("on") is False) as ended:
        await page.keyboard.up("t")

    told = [(await begun.value).request, (await again.value).request, await ended.value]
    words = [request.post_data_json or {} for request in told]
    numbers = [word["number"] for word in words]
    assert numbers == sorted(set(numbers))  # so that the stage minds none that was overtaken
    assert [word.get("to") for word in words] == [["s0"], ["s0"], None]
    await context.close()

"""What those who direct do with their hands, while the page moves under them."""

import dataclasses
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect
from tests.system.gallery.conftest import Hall
from tests.system.gallery.opening import open_context, open_state
from tests.system.gallery.scenery import JSON
from tests.system.gallery.states_stage import GOOD, HOST, HOSTED, LINKS, SEAT, desk, person, stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

REMOVED = "POST /api/v1/spaces/space/seats/s2/remove"
LISTED, MADE = (f"{verb} /api/v1/spaces/space/invitations" for verb in ("GET", "POST"))
TAKEN = "POST /api/v1/spaces/space/seat"
CURES: dict[tuple[str, Any], str] = {
    ("loss", 0.2): "A cable or a nearer access point helps.",
    ("loss", 0.05): "The network drops some packets.",
    ("clipping", True): "Too loud: ask for a little more distance.",
    ("echo", True): "Headphones help. Until then, mute while others speak.",
    ("dead", True): "Is the microphone switched off, at its cable or its key?",
    ("narrowband", True): "Another microphone or leaving Bluetooth helps.",
}
# How far what is in a box reaches beyond its right edge.
BEYOND = """(box) => {
  const right = (e) => e.getBoundingClientRect().right;
  return Math.max(...[...box.querySelectorAll(":not(.hidden)")].map(right)) - right(box);
}"""
END = "POST /api/v1/spaces/space/end"


async def _open(hall: Hall, shown: JSON, **answers: Any) -> tuple[BrowserContext, Page]:
    state = stage("The candidates", shown, answers=answers)
    context = await open_context(hall, state)
    page = await open_state(hall, context, state)
    hall.scenery.calls.clear()
    return context, page


async def _press(page: Page, button: Locator) -> None:
    await button.hover()
    await page.mouse.down()


async def _remove_button(page: Page) -> Locator:
    await page.get_by_role("button", name="More for Chi Tanaka").click()
    return page.get_by_role("button", name="Remove Chi Tanaka")


async def test_a_held_button_stays_held_when_the_page_moves_under_the_hand(hall: Hall) -> None:
    seats = [HOST, person(1), person(2)]
    context, page = await _open(hall, desk("live", seats))
    button = await _remove_button(page)

    await _press(page, button)
    before = await button.bounding_box()
    async with page.expect_response("**/seats/s2/remove"):
        more = [HOST, person(1), person(3), person(2)]  # somebody comes and pushes the row down
        hall.scenery.state = dataclasses.replace(hall.scenery.state, desk=desk("live", more))
        await expect(page.get_by_text("Dov Stern").first).to_be_visible()
    await page.mouse.up()

    after = await button.bounding_box()
    assert before is not None
    assert after is not None
    assert after["y"] > before["y"]
    assert hall.scenery.calls == [REMOVED]
    await context.close()


async def test_a_cure_that_comes_moves_no_button(hall: Hall) -> None:
    context, page = await _open(hall, desk("live", [HOST, person(1), person(2)]))
    await page.set_viewport_size({"width": 360, "height": 740})
    button = await _remove_button(page)

    for (sign, value), cure in CURES.items():
        before = await button.bounding_box()
        sick = [HOST, *(person(i, health={**GOOD, sign: value}) for i in (1, 2))]
        hall.scenery.state = dataclasses.replace(hall.scenery.state, desk=desk("live", sick))
        await expect(page.get_by_text(cure)).to_have_count(2)
        assert await button.bounding_box() == before, cure
    await context.close()


async def test_a_hand_that_trembles_on_a_button_drags_nothing(hall: Hall) -> None:
    context, page = await _open(hall, desk("live", [HOST, person(1), person(2)]))
    button = await _remove_button(page)

    await _press(page, button)
    box = await button.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    async with page.expect_response("**/seats/s2/remove"):
        for step in range(1, 10):
            await page.mouse.move(x + step, y + step)
    await page.mouse.up()

    assert hall.scenery.calls == [REMOVED]
    await context.close()


async def test_a_hand_that_slides_away_lets_go(hall: Hall) -> None:
    context, page = await _open(hall, desk("live", [HOST]))
    button = page.get_by_role("button", name="End the conversation")

    await _press(page, button)
    await expect(button).to_contain_class("holding")
    await page.mouse.move(900, 700)
    await expect(button).not_to_contain_class("holding")
    await page.mouse.up()

    assert hall.scenery.calls == []
    await context.close()


async def test_a_click_is_told_to_hold_and_a_short_key_to_press_again(hall: Hall) -> None:
    context, page = await _open(hall, desk("live", [HOST]))
    button = page.get_by_role("button", name="End the conversation")
    await expect(button).to_have_accessible_description("Hold for one second, or press twice.")

    await button.click()
    await expect(page.get_by_text("Hold for one second", exact=True)).to_be_visible()
    await button.press("Enter")
    await expect(page.get_by_text("Press again, or hold", exact=True)).to_be_visible()
    assert hall.scenery.calls == []

    async with page.expect_response("**/end"):
        await button.press("Enter")
    assert hall.scenery.calls == [END]
    await context.close()


async def test_who_cannot_hold_presses_twice(hall: Hall) -> None:
    context, page = await _open(hall, desk("live", [HOST]))
    button = page.get_by_role("button", name="End the conversation")

    await button.evaluate("(button) => button.click()")  # as assistive technology does: no pointer, no key
    await expect(page.get_by_text("Press again, or hold", exact=True)).to_be_visible()
    assert hall.scenery.calls == []
    async with page.expect_response("**/end"):
        await button.evaluate("(button) => button.click()")

    assert hall.scenery.calls == [END]
    await context.close()


async def test_the_list_of_invitations_learns_who_came(hall: Hall) -> None:
    context, page = await _open(hall, desk("live", [HOST]), **{LISTED: [LINKS[0]]})
    row = page.get_by_role("listitem").filter(has_text="Chi Tanaka")
    await expect(row).to_contain_text("as speaker")
    await expect(row).not_to_contain_text("accepted")

    came = desk("live", [HOST, person(1)])
    answers = {**hall.scenery.state.answers, LISTED: [{**LINKS[0], "accepted": True}]}
    hall.scenery.state = dataclasses.replace(hall.scenery.state, desk=came, answers=answers)

    await expect(row.filter(has_text="accepted")).to_be_visible()
    await context.close()


async def test_an_invitation_that_was_accepted_is_called_by_who_came(hall: Hall) -> None:
    accepted = {**LINKS[1], "seat": "s1"}
    context, page = await _open(hall, desk("live", [HOST, person(1)]), **{LISTED: [LINKS[0], accepted]})

    rows = page.get_by_role("region", name="Invitations").get_by_role("listitem")
    await expect(rows.filter(has_text="accepted")).to_contain_text("Ben Okafor")
    await expect(rows.filter(has_text="Chi Tanaka")).to_contain_text("as speaker")
    await context.close()


async def test_a_cure_speaks_to_whom_it_is_for(hall: Hall) -> None:
    loud = {**GOOD, "clipping": True}
    context, page = await _open(hall, desk("live", [{**HOST, "health": loud}, person(1, health=loud)]))

    rows = page.get_by_role("listitem")
    await expect(rows.filter(has_text="(you)")).to_contain_text("Too loud: a little more distance.")
    await expect(rows.filter(has_text="Ben Okafor")).to_contain_text("Too loud: ask for a little more distance.")
    await context.close()


async def test_the_heading_has_the_focus_when_what_had_it_is_gone(hall: Hall) -> None:
    taken: JSON = {f"POST /api/v1/spaces/space/{verb}": {} for verb in ("live", "end")} | {TAKEN: SEAT}
    state = stage("You host this conversation.", desk("doors", [HOST]), None, answers={**HOSTED, **taken})
    context = await open_context(hall, state)
    page = await open_state(hall, context, state)
    heading = page.get_by_role("heading", level=1)
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Take my seat").press("Enter")
    await expect(page.get_by_role("button", name="Go live")).to_be_visible()
    await expect(heading).to_be_focused()

    await page.get_by_role("button", name="Go live").press("Enter")
    hall.scenery.state = dataclasses.replace(state, desk=desk("live", [HOST]))
    end = page.get_by_role("button", name="End the conversation")
    await expect(end).to_be_visible()
    await expect(heading).to_be_focused()

    await end.press("Enter", delay=1200)
    hall.scenery.state = dataclasses.replace(state, desk=desk("ended", [HOST]))
    await expect(heading).to_have_text("That was it")
    await expect(heading).to_be_focused()
    await context.close()


async def test_a_link_whose_address_is_lost_is_made_anew(hall: Hall) -> None:
    made = {**LINKS[0], "id": "i9", "url": "http://localhost/join/secret-nine"}
    withdrawn = "DELETE /api/v1/spaces/space/invitations/i1"
    context, page = await _open(hall, desk("live", [HOST]), **{LISTED: LINKS, MADE: made, withdrawn: {}})
    await expect(page.get_by_text("shown only once")).to_be_visible()
    await expect(page.get_by_role("button", name="Copy", exact=True)).to_have_count(0)

    answers = {**hall.scenery.state.answers, LISTED: [made, LINKS[1]]}
    hall.scenery.state = dataclasses.replace(hall.scenery.state, answers=answers)
    await page.get_by_role("button", name="Make a new one for Chi Tanaka").click()

    await expect(page.get_by_role("button", name="Copy", exact=True)).to_be_visible()
    await expect(page.get_by_text("shown only once")).to_have_count(0)
    assert hall.scenery.calls == [MADE, withdrawn]
    await context.close()


async def test_nothing_on_the_console_is_wider_than_its_place(hall: Hall) -> None:
    unbreakable = {**LINKS[0], "id": "i4", "name": "Wolfeschlegelsteinhausenbergerdorffvonaltersherwar"}
    context, page = await _open(hall, desk("live", [HOST]), **{LISTED: [*LINKS, unbreakable]})
    await expect(page.get_by_text("Wolfeschlegel").first).to_be_visible()
    for width in (360, 768, 960, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate("probes.tooWide()") <= 0, width
        assert await page.get_by_role("region", name="Invitations").evaluate(BEYOND) <= 0, width
    await context.close()

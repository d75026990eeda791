"""What the pages around do for who comes back to them: by Back, after signing in, by a link that was used."""

import dataclasses

import pytest
from playwright.async_api import Page, expect
from tests.system.gallery.conftest import Hall
from tests.system.gallery.opening import open_context, open_state
from tests.system.gallery.states_app import NOTHING_ON, SIGNED_IN, page, space

pytestmark = pytest.mark.asyncio(loop_scope="session")

MADE = "POST /api/v1/spaces"
LISTED = "GET /api/v1/spaces"
NEW = page("/new", "Go backstage", SIGNED_IN, {LISTED: NOTHING_ON})


async def _open_new(hall: Hall, **answers: object) -> Page:
    state = dataclasses.replace(NEW, answers={**NEW.answers, **answers})
    context = await open_context(hall, state)
    return await open_state(hall, context, state)


async def test_a_title_that_the_browser_filled_in_after_back_can_be_sent(hall: Hall) -> None:
    shown = await _open_new(hall, **{MADE: space("made")})
    await shown.get_by_label("Title").fill("The ferry")
    await shown.get_by_label("What it is about").fill("Whether it stays")
    await shown.goto(f"{hall.base}/")
    await shown.go_back()
    await expect(shown.get_by_label("Title")).to_have_value("The ferry")

    async with shown.expect_request("**/api/v1/spaces") as sent:
        await shown.get_by_role("button", name="Go backstage").click(timeout=5000)

    body = (await sent.value).post_data_json
    assert body is not None
    assert (body["title"], body["description"]) == ("The ferry", "Whether it stays")
    await shown.context.close()


async def test_what_was_written_waits_for_who_has_to_sign_in_again(hall: Hall) -> None:
    shown = await _open_new(hall, **{MADE: (401, {"error": "You are not signed in."}), "POST /api/v1/sessions": {}})
    await shown.get_by_label("Title").fill("The ferry")
    await shown.get_by_label("What it is about").fill("Whether it stays")
    await shown.get_by_label("Record it").uncheck()
    await shown.get_by_role("button", name="Go backstage").click()

    await shown.get_by_role("link", name="Sign in and come back to it").click()
    await shown.get_by_label("Account name").fill("ada")
    await shown.get_by_label("Password").fill("a sentence of mine")
    await shown.get_by_role("button", name="Sign in", exact=True).click()

    await shown.wait_for_url("**/new")
    await expect(shown.get_by_label("Title")).to_have_value("The ferry")
    await expect(shown.get_by_label("What it is about")).to_have_value("Whether it stays")
    await expect(shown.get_by_label("Record it")).not_to_be_checked()
    await shown.context.close()


async def test_home_counts_everybody_but_the_host(hall: Hall) -> None:
    seats = [{"seat": f"s{i}", "name": str(i), "role": "speaker"} for i in range(2)]
    host = {"seat": "s9", "name": "Ada Lind", "role": "host"}
    live = [space("a", state="live", speakers=seats), space("b", state="live", speakers=[host, *seats])]
    state = page("/", "and 2 more", SIGNED_IN, {LISTED: {**NOTHING_ON, "live": [*live, space("c", speakers=[host])]}})
    context = await open_context(hall, state)
    shown = await open_state(hall, context, state)

    await expect(shown.get_by_text("and 2 more")).to_have_count(2)
    await expect(shown.get_by_text("more", exact=False)).to_have_count(2)
    await context.close()


async def test_who_is_signed_in_is_led_home_by_a_link_that_was_used(hall: Hall) -> None:
    state = page("/setup#secret", "A link works once", SIGNED_IN)
    context = await open_context(hall, state)
    shown = await open_state(hall, context, state)

    await expect(shown.get_by_text("signed in as Ada Lind")).to_be_visible()
    await expect(shown.get_by_role("main").get_by_role("link", name="Sign in")).to_have_count(0)
    await shown.get_by_role("link", name="See what is on").click()

    await shown.wait_for_url(f"{hall.base}/")
    await context.close()

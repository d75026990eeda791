"""Every state of every page, at three widths and in both themes: seen, pictured, and free of axe's findings."""

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import BrowserContext, Page, StorageState, expect
from tests.system.gallery import states_app, states_listen, states_stage
from tests.system.gallery.conftest import Hall
from tests.system.gallery.scenery import NOWHERE, State

ROOT = Path(__file__).resolve().parents[3]
PROBES = Path(__file__).with_name("probes.js")
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = ROOT / "tests" / "system" / "shots"
WIDTHS = {360: 740, 768: 1024, 1280: 900}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
STATES = {**states_listen.STATES, **states_stage.STATES, **states_app.STATES}

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _context(hall: Hall, state: State) -> BrowserContext:
    remembered = [{"name": f"hustings.{key}", "value": json.dumps(value)} for key, value in state.storage.items()]
    origin: Any = {"origin": hall.base, "localStorage": remembered}
    storage: StorageState = {"cookies": [], "origins": [origin]}
    return await hall.browser.new_context(timezone_id="Europe/Berlin", locale="en-GB", storage_state=storage)


async def _opened(hall: Hall, context: BrowserContext, state: State) -> Page:
    hall.scenery.state = state
    page = await context.new_page()
    await page.goto(hall.base + state.path)
    for button in state.press:
        await page.get_by_role("button", name=button).first.click()
    await expect(page.get_by_text(state.sees).first).to_be_attached()
    await page.add_script_tag(path=AXE)
    await page.add_script_tag(path=PROBES)
    return page


@pytest.mark.parametrize("name", STATES)
async def test_a_state_says_what_it_is_and_everybody_can_use_it(hall: Hall, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    context = await _context(hall, STATES[name])
    errors: list[Any] = []
    context.on("weberror", lambda error: errors.append(error.error))
    page = await _opened(hall, context, STATES[name])

    for theme in THEMES:
        await page.emulate_media(color_scheme=theme)
        for width, height in WIDTHS.items():
            await page.set_viewport_size({"width": width, "height": height})
            await page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png")
            assert await page.evaluate("probes.tooWide()") <= 0, f"scrolls sideways at {width}"
            assert await page.evaluate("probes.tooSmall()") == []
        assert await page.evaluate("probes.findings()") == []

    hall.scenery.state = NOWHERE
    await context.close()
    assert errors == []


async def test_the_probes_see_what_is_wrong(hall: Hall) -> None:
    context = await hall.browser.new_context(viewport={"width": 360, "height": 740})
    page = await _opened(hall, context, State("/nowhere", "This address leads nowhere."))
    await page.evaluate(
        "document.querySelector('main').innerHTML = '<button style=width:9px></button><pre>' + 'x'.repeat(99)"
    )

    assert any("button-name" in finding for finding in await page.evaluate("probes.findings()"))
    assert len(await page.evaluate("probes.tooSmall()")) == 1
    assert await page.evaluate("probes.tooWide()") > 0
    await context.close()

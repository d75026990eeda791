"""Every state of every page, at three widths and in both themes: seen, pictured, and free of axe's findings."""

from typing import Any, Literal

import pytest
from tests.system.gallery import states_app, states_listen, states_stage
from tests.system.gallery.conftest import Hall
from tests.system.gallery.opening import ROOT, open_context, open_state
from tests.system.gallery.scenery import NOWHERE, State

SHOTS = ROOT / "tests" / "system" / "shots"
WIDTHS = {360: 740, 768: 1024, 1280: 900}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
STATES = {**states_listen.STATES, **states_stage.STATES, **states_app.STATES}

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("name", STATES)
async def test_a_state_says_what_it_is_and_everybody_can_use_it(hall: Hall, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    context = await open_context(hall, STATES[name])
    errors: list[Any] = []
    context.on("weberror", lambda error: errors.append(error.error))
    page = await open_state(hall, context, STATES[name])

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
    page = await open_state(hall, context, State("/nowhere", "This address leads nowhere."))
    await page.evaluate(
        "document.querySelector('main').innerHTML = '<button style=width:9px></button><pre>' + 'x'.repeat(99)"
    )

    assert any("button-name" in finding for finding in await page.evaluate("probes.findings()"))
    assert len(await page.evaluate("probes.tooSmall()")) == 1
    assert await page.evaluate("probes.tooWide()") > 0
    await context.close()

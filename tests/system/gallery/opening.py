"""Opens a named state in a browser that is new each time."""

import json
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page, StorageState, expect
from tests.system.gallery.conftest import Hall
from tests.system.gallery.scenery import State

ROOT = Path(__file__).resolve().parents[3]
PROBES = Path(__file__).with_name("probes.js")
# To Chromium each look by the test counts as a press that lets sound start; a page is to be seen before one.
PRESS_FIRST = """
  let pressed = false;
  for (const press of ["pointerdown", "keydown"]) addEventListener(press, () => { pressed = true; }, true);
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    return pressed ? play.call(this) : Promise.reject(new DOMException("not pressed", "NotAllowedError"));
  };
"""
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


async def open_context(hall: Hall, state: State) -> BrowserContext:
    remembered = [{"name": f"hustings.{key}", "value": json.dumps(value)} for key, value in state.storage.items()]
    origin: Any = {"origin": hall.base, "localStorage": remembered}
    storage: StorageState = {"cookies": [], "origins": [origin]}
    context = await hall.browser.new_context(timezone_id="Europe/Berlin", locale="en-GB", storage_state=storage)
    await context.add_init_script(PRESS_FIRST)
    return context


async def open_state(hall: Hall, context: BrowserContext, state: State) -> Page:
    hall.scenery.state = state
    page = await context.new_page()
    await page.goto(hall.base + state.path)
    for button in state.press:
        await page.get_by_role("button", name=button).first.click()
    for words in filter(None, (state.sees, state.also)):
        await expect(page.get_by_text(words).first).to_be_attached()
    await page.add_script_tag(path=AXE)
    await page.add_script_tag(path=PROBES)
    return page

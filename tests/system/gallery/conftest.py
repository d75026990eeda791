"""One server and one browser for the whole gallery; the state is set from page to page."""

import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright
from tests.support.asgi import serving
from tests.support.browser import CHROMIUM, FLAGS
from tests.system.gallery.scenery import SITE, Scenery, tone


@dataclass(frozen=True)
class Hall:
    """Where the pages are and who looks at them."""

    base: str
    scenery: Scenery
    browser: Browser


def _microphone(folder: Path) -> Path:
    """Somebody who talks at a good level, for ever."""
    path = folder / "microphone.wav"
    source = "anoisesrc=color=pink:amplitude=0.2:sample_rate=48000:duration=10"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-ac", "1", str(path)], check=True)
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hall]:
    assert (SITE / "listen.html").exists(), "Build the pages first: npm run build in web/"
    folder = tmp_path_factory.mktemp("gallery")
    scenery = Scenery(tone(folder))
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={_microphone(folder)}"]
    async with serving(scenery.application) as base, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield Hall(base, scenery, browser)
        await browser.close()
        await scenery.whip.stop()

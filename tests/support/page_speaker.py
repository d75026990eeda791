"""The page's own WHIP client, without the page, in a Chromium that lives in a namespace."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright
from tests.support.browser import CHROMIUM, FLAGS
from tests.support.hearing import Samples, write_wav
from tests.support.needs import need_programs
from tests.support.networks import Namespace

BUNDLE = """
import { build } from 'vite';
const lib = { entry: 'src/stage/whip.ts', formats: ['es'], fileName: () => 'whip.js' };
await build({ configFile: false, logLevel: 'error', build: { lib, outDir: process.argv[1], emptyOutDir: false } });
"""
SPEAK = """
async ([url, token]) => {
  const raw = {echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1};
  const stream = await navigator.mediaDevices.getUserMedia({audio: raw});
  const { WhipSession } = await import('/whip.js');
  const never = async () => false;
  window.states = [];
  const onstate = (state) => window.states.push(state);
  const options = {url, token, audio: new Audio(), onstate, occupied: never, over: never};
  window.whip = new WhipSession(options, stream.getAudioTracks()[0]);
  void window.whip.run();
}
"""


def bundled(folder: Path) -> str:
    """web/src/stage/whip.ts as a browser reads it."""
    need_programs("node")
    command = [shutil.which("node") or "node", "--input-type=module", "-e", BUNDLE, str(folder)]
    subprocess.run(command, cwd="web", check=True, capture_output=True)
    return (folder / "whip.js").read_text()


@asynccontextmanager
async def page_speaker(guest: Namespace, base: str, seat: str, sound: Samples, folder: Path) -> AsyncIterator[Page]:
    """It keeps speaking from the start to the end of the block. `base` is the stage as the guest reaches it."""
    write_wav(folder / "microphone.wav", sound)
    inside = folder / "chromium"
    inside.write_text(f'#!/bin/sh\nexec ip netns exec {guest.name} {CHROMIUM} "$@"\n')
    inside.chmod(0o755)
    flags = [
        *FLAGS,
        f"--use-file-for-fake-audio-capture={folder / 'microphone.wav'}",
        f"--unsafely-treat-insecure-origin-as-secure={base}",
    ]
    script = bundled(folder)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=inside, headless=True, args=flags)
        try:
            page = await browser.new_page()
            await page.route("**/whip.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
            await page.goto(base)
            await page.evaluate(SPEAK, [f"{base}/api/v1/spaces/town/whip", f"seat.{seat}"])
            yield page
        finally:
            await browser.close()

"""Chromium as a speaker: a WAV as its microphone, its processing off, WHIP by fetch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Page, async_playwright
from tests.support.browser import CHROMIUM, FLAGS
from tests.support.hearing import Samples, write_wav
from tests.support.uplink import Stage

CONNECT = """
async ([url, token, configuration]) => {
  const raw = {echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1};
  const stream = await navigator.mediaDevices.getUserMedia({audio: raw});
  const peer = window.peer = new RTCPeerConnection(configuration);
  peer.addTransceiver(stream.getAudioTracks()[0], {direction: 'sendrecv'});
  await peer.setLocalDescription(await peer.createOffer());
  while (configuration.iceServers && peer.iceGatheringState !== 'complete')
    await new Promise((done) => setTimeout(done, 5));
  const begin = performance.now();
  const response = await fetch(url, {
    method: 'POST', body: peer.localDescription.sdp,
    headers: {'Content-Type': 'application/sdp', 'Authorization': 'Bearer ' + token},
  });
  if (response.status !== 201) throw new Error(await response.text());
  window.session = response.headers.get('Location');
  await peer.setRemoteDescription({type: 'answer', sdp: await response.text()});
  while (peer.connectionState !== 'connected') await new Promise((done) => setTimeout(done, 5));
  return performance.now() - begin;
}
"""
STATISTICS = """
async () => {
  const found = {};
  for (const report of (await window.peer.getStats()).values())
    if (['inbound-rtp', 'outbound-rtp', 'remote-inbound-rtp', 'codec'].includes(report.type))
      found[report.type + (report.type === 'codec' ? report.payloadType : '')] = report;
  return found;
}
"""
ROOM = 0.6  # seconds of silence around the voice, which the microphone plays over and over


class BrowserSpeaker:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.connected_ms = 0.0

    async def statistics(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = await self.page.evaluate(STATISTICS)
        return found


@asynccontextmanager
async def browser_speaker(
    stage: Stage,
    seat: str,
    voice: Samples,
    folder: Path,
    *,
    ice: dict[str, Any] | None = None,
    more: tuple[str, ...] = (),
) -> AsyncIterator[BrowserSpeaker]:
    """Connected from the start to the end of the block. `ice` is an RTCConfiguration, `more` are Chromium's flags."""
    silence = np.zeros(round(ROOM * 48_000), np.float32)
    microphone = folder / f"{seat}.wav"
    write_wav(microphone, np.concatenate((silence, voice, silence)))
    flags = [*FLAGS, *more, f"--use-file-for-fake-audio-capture={microphone}"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=flags)
        try:
            page = await browser.new_page()
            await page.goto(stage.base)
            speaker = BrowserSpeaker(page)
            speaker.connected_ms = await page.evaluate(CONNECT, [stage.whip, f"seat.{seat}", ice or {}])
            yield speaker
        finally:
            await browser.close()

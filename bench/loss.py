"""What packet loss leaves of a voice: PESQ-wb and STOI of our stage, of stock aiortc and of Janus, in the same run.

Run from the repository: `.venv/bin/python -m bench.loss [--quick] [--json]`. One Chromium speaks one microphone into
three connections at once, each through a relay that loses UDP packets in both directions by the same seeded plan,
before SRTP. Scored where each server has decoded; per utterance, realigned; the median of five rounds.
"""

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.async_api import Page, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from tests.support.asgi import serving
from tests.support.bad_network import Loss, Relay, Way, through, without_candidates
from tests.support.browser import CHROMIUM, FLAGS
from tests.support.hearing import RATE, Samples, Score, score_utterances, utterances, write_wav
from tests.support.peers import Janus, StockListener, janus
from tests.support.uplink import Stage, stage

CONDITIONS = {  # share lost, mean burst
    "no loss": (0.0, 1.0),
    "5 % random": (0.05, 1.0),
    "10 % random": (0.10, 1.0),
    "10 % in bursts of 2.5": (0.10, 2.5),
}
ROUNDS = 5
SETTLING = 6.0  # seconds by which the last of the servers has begun
PAUSE = np.zeros(RATE // 2, np.float32)
SPEAK = """
async (doors) => {
  const raw = {echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1};
  const stream = await navigator.mediaDevices.getUserMedia({audio: raw});
  window.peers = [];
  for (const door of doors) {
    const peer = new RTCPeerConnection();
    window.peers.push(peer);
    peer.addTransceiver(stream.getAudioTracks()[0].clone(), {direction: 'sendrecv'});
    const offer = await peer.createOffer();
    offer.sdp = offer.sdp.replace(/(a=rtpmap:(\\d+) opus.*\\r\\n)/, '$1a=rtcp-fb:$2 nack\\r\\n');
    await peer.setLocalDescription(offer);
    const answer = await fetch(door, {method: 'POST', body: peer.localDescription.sdp});
    await peer.setRemoteDescription({type: 'answer', sdp: await answer.text()});
    while (peer.connectionState !== 'connected') await new Promise((done) => setTimeout(done, 20));
  }
}
"""


@dataclass
class Doors:
    """Where the browser's offers go, each through its own bad network."""

    share: float
    burst: float
    stage: Stage
    stock: StockListener
    janus: Janus | None
    relays: list[Relay]

    async def post(self, request: Request) -> Response:
        offer = without_candidates((await request.body()).decode())
        answer = await self._answer(request.path_params["server"], offer)
        up, down = (Way(Loss(self.share, self.burst, seed)) for seed in (1, 2))
        changed, relay = await through(answer, up, down)
        self.relays.append(relay)
        return PlainTextResponse(changed)

    async def _answer(self, server: str, offer: str) -> str:
        if server == "hustings":
            headers = {"Authorization": "Bearer seat.voice", "Content-Type": "application/sdp"}
            return (await self.stage.http.post(self.stage.whip, content=offer, headers=headers)).text
        if server == "aiortc":
            return await self.stock.answer(offer)
        assert self.janus is not None
        return await self.janus.answer(offer)


async def _blank(_request: Request) -> Response:
    return HTMLResponse("<!doctype html><title>A microphone</title>")


@asynccontextmanager
async def speaking(microphone: Path) -> AsyncIterator[Page]:
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=flags)
        yield await browser.new_page()
        await browser.close()


async def measure(said: list[Samples], condition: tuple[float, float], rounds: int) -> dict[str, list[Score]]:
    """Each server's rounds."""
    microphone = np.concatenate([np.concatenate((sound, PAUSE)) for sound in said])
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_wav(folder / "microphone.wav", microphone)
        doors = Doors(*condition, await stack.enter_async_context(stage()), StockListener(), None, [])
        doors.janus = await stack.enter_async_context(janus())
        routes = [Route("/", _blank), Route("/{server}", doors.post, methods=["POST"])]
        base = await stack.enter_async_context(serving(Starlette(routes=routes)))
        page = await stack.enter_async_context(speaking(folder / "microphone.wav"))
        await page.goto(base)
        await page.evaluate(SPEAK, [f"{base}/{server}" for server in ("hustings", "aiortc", "janus")])
        ear = await doors.stage.connected("voice")
        await doors.stage.listen("voice", SETTLING)
        for _ in range(rounds + 1):  # the microphone plays on: a round begins anywhere within two
            await doors.stage.listen("voice", len(microphone) / RATE)
            await doors.janus.keep_alive()
        heard = {"hustings": ear.sound, "aiortc": doors.stock.sound, "janus": await doors.janus.sound()}
        await doors.stock.close()
        for relay in doors.relays:
            relay.close()
    scores = {}
    for server, sound in heard.items():
        scores[server] = await asyncio.to_thread(score_rounds, said, microphone, sound, rounds)
    return scores


def score_rounds(said: list[Samples], microphone: Samples, heard: Samples, rounds: int) -> list[Score]:
    return [
        score_utterances(said, len(PAUSE), heard[number * len(microphone) : (number + 2) * len(microphone)])
        for number in range(rounds)
    ]


def median(scores: list[Score]) -> Score:
    return Score(statistics.median(s.pesq for s in scores), statistics.median(s.stoi for s in scores))


def main() -> None:
    rounds = 1 if "--quick" in sys.argv else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        said = utterances(Path(folder))
    found = {}
    for name, condition in CONDITIONS.items():
        found[name] = {server: median(s) for server, s in asyncio.run(measure(said, condition, rounds)).items()}
        if "--json" not in sys.argv:
            for server, result in found[name].items():
                print(f"  {name:22} {server:9} {result}", flush=True)
    if "--json" in sys.argv:
        print(json.dumps({n: {s: [r.pesq, r.stoi] for s, r in by.items()} for n, by in found.items()}))


if __name__ == "__main__":
    main()

"""The whole way, through the real server: how a voice sounds to a listener, and how late it arrives.

Run from the repository: `.venv/bin/python -m bench.first_sound [--json]`. Sound: espeak-ng voices and the natural one
where it is there, spoken by `hustings speak` and by Chromium (browser processing off), heard by `hustings listen` in
each rendition. Delay: a tone burst every 7 s from a browser's stage page to the speakers of another browser's hls.js.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page
from tests.support.browser import chromium
from tests.support.hearing import Samples, read_wav, score, voices, write_wav
from tests.support.stranger import become_owner, go_backstage
from tests.support.town import Town, eventually

RENDITIONS = ("aac64", "opus32")
BURSTS = 9

# A microphone that is silent but for a burst every seven seconds, and says when each began.
BURSTING = """
() => { navigator.mediaDevices.getUserMedia = async () => {
  const context = new AudioContext(), out = context.createMediaStreamDestination(), gain = context.createGain();
  const tone = context.createOscillator();
  tone.frequency.value = 1000; gain.gain.value = 0; tone.connect(gain).connect(out); tone.start();
  window.bursts = [];
  setInterval(() => {
    const at = context.currentTime + 0.1;
    gain.gain.setValueAtTime(0.5, at); gain.gain.setValueAtTime(0, at + 0.2);
    window.bursts.push(performance.timeOrigin + performance.now() + 100);
  }, 7000);
  return out.stream;
}; }
"""

# Listens to what the page's player plays; notes when each burst begins.
LISTENING = """
async () => {
  const context = new AudioContext(), source = context.createMediaStreamSource(window.hustings.audio.captureStream());
  const code = `registerProcessor('ear', class extends AudioWorkletProcessor {
    constructor() { super(); this.quiet = 1e9; }
    process([input]) {
      const loud = input[0] && input[0].some((x) => Math.abs(x) > 0.1);
      if (loud && this.quiet > sampleRate) this.port.postMessage(0);
      this.quiet = loud ? 0 : this.quiet + 128;
      return true;
    } });`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], {type: 'text/javascript'})));
  const ear = new AudioWorkletNode(context, 'ear');
  window.heard = [];
  ear.port.onmessage = () => window.heard.push(performance.timeOrigin + performance.now());
  source.connect(ear);
  await context.resume();
}
"""


@contextmanager
def running(folder: Path) -> Iterator[Town]:
    town = Town(folder / "town")
    town.start()
    try:
        yield town
    finally:
        town.stop()


def open_space(town: Town) -> str:
    space = str(town.api("POST", "/spaces", {"title": "Measured"})["id"])
    town.api("POST", f"/spaces/{space}/live")
    return space


def hear(town: Town, space: str, said: Samples, folder: Path) -> dict[str, dict[str, float]]:
    """What a listener of each rendition makes of `said`, which is spoken over and over."""
    seconds = f"{2 * len(said) / 48_000 + 2:.0f}"
    scores = {}
    for rendition in RENDITIONS:
        out = folder / "heard.wav"
        address = f"{town.url}/spaces/{space}"
        words = ("--form", "ll", "--rendition", rendition, "--seconds", seconds, "--out", str(out))
        done = town.run("listen", address, *words, timeout=120)
        assert done.returncode == 0, done.stderr
        found = score(said, read_wav(out))
        scores[rendition] = {"pesq": round(found.pesq, 2), "stoi": round(found.stoi, 3)}
    return scores


def spoken_by_command(town: Town, said: Samples, folder: Path) -> dict[str, dict[str, float]]:
    write_wav(folder / "said.wav", said)
    space = open_space(town)
    address = f"{town.url}/spaces/{space}"
    speaking = town.begin("speak", address, "--token", town.token, "--file", str(folder / "said.wav"), "--loop")
    try:
        eventually(lambda: _speaking(town, space), within=30, what="the voice")
        return hear(town, space, said, folder)
    finally:
        speaking.terminate()
        speaking.communicate(timeout=10)


def spoken_by_chromium(town: Town, said: Samples, folder: Path) -> dict[str, dict[str, float]]:
    write_wav(folder / "microphone.wav", said)
    space = open_space(town)
    with chromium(folder / "microphone.wav") as browser:
        host = browser.new_context(permissions=["microphone"]).new_page()
        invitation = town.api("POST", f"/spaces/{space}/invitations", {"name": "Chromium", "role": "speaker"})
        come_raw(host, invitation["url"])
        seat = eventually(lambda: town.card(space)["speakers"], what="the seat")[0]["seat"]
        town.api("POST", f"/spaces/{space}/seats/{seat}/air", {"on": True})
        eventually(lambda: _speaking(town, space), within=30, what="the voice")
        return hear(town, space, said, folder)


def come_raw(page: Page, invitation: str) -> None:
    """Accept an invitation, with the browser's processing off."""
    page.goto(invitation)
    page.get_by_label("Your name, as everyone will see it").fill("Chromium")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Come backstage").click()
    page.wait_for_url("**/stage**")
    page.goto(page.url.split("?")[0] + "?raw=1")


def _speaking(town: Town, space: str) -> bool:
    return any(voice["speaking"] for voice in town.card(space)["speakers"])


def delay(town: Town, browser: Browser) -> dict[str, float]:
    """Seconds from a burst at the speaker's browser to the same burst out of hls.js."""
    host = browser.new_context(permissions=["microphone"]).new_page()
    host.add_init_script(f"({BURSTING})()")
    become_owner(town, host)
    space = go_backstage(host, town, "Late")
    host.get_by_role("button", name="Open the doors").click()
    host.get_by_role("button", name="Go live", exact=True).click()
    listener = browser.new_context(bypass_csp=True).new_page()  # the ear is a script the page does not know
    listener.goto(f"{town.url}/spaces/{space}")
    listener.get_by_role("button", name="Listen").first.click(timeout=20_000)
    listener.wait_for_function("() => window.hustings && window.hustings.audio.currentTime > 2", timeout=30_000)
    listener.evaluate(LISTENING)
    listener.wait_for_function(f"() => window.heard.length > {BURSTS}", timeout=(BURSTS + 4) * 7000)
    sent: list[float] = host.evaluate("() => window.bursts")
    heard: list[float] = listener.evaluate("() => window.heard")
    late = [min(at - start for start in sent if start < at) / 1000 for at in heard if any(s < at for s in sent)]
    return {
        "median": round(statistics.median(late), 2),
        "lowest": round(min(late), 2),
        "highest": round(max(late), 2),
        "bursts": len(late),
    }


def measure() -> dict[str, Any]:
    figures: dict[str, Any] = {"speak": {}, "chromium": {}}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(folder) as town, chromium() as browser:
            figures["delay"] = delay(town, browser)
            town.account("bench", "moderator")
        with running(folder) as town:
            town.account("meter", "owner")
            for voice, said in voices(folder).items():
                figures["speak"][voice] = spoken_by_command(town, said, folder)
                figures["chromium"][voice] = spoken_by_chromium(town, said, folder)
    return figures


def main() -> None:
    figures = measure()
    if "--json" in sys.argv:
        print(json.dumps(figures, indent=1))
        return
    for speaker in ("speak", "chromium"):
        for voice, heard in figures[speaker].items():
            scores = "   ".join(f"{r}: PESQ-wb {s['pesq']:.2f} STOI {s['stoi']:.3f}" for r, s in heard.items())
            print(f"{speaker:9} {voice:9} {scores}")
    late = figures["delay"]
    print(
        f"speaker to hls.js: median {late['median']:.2f} s ({late['lowest']:.2f} to {late['highest']:.2f}, "
        f"{late['bursts']} bursts)"
    )


if __name__ == "__main__":
    main()

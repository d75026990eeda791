"""Players nobody here wrote, left alone with a live Space: what they played, when, and what they complained of."""

import contextlib
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as TooLate
from tests.support.needs import need_programs

from hustings.base.grid import PART_SECONDS, PARTS_PER_SEGMENT, SAMPLE_RATE, SEGMENT_SECONDS

HLS_JS = Path(__file__).parents[2] / "web/node_modules/hls.js/dist/hls.light.min.js"
RAW = 2  # bytes a sample

_PLAY = """
async (address) => {
  const audio = document.createElement('audio'), seen = {errors: [], stood: 0, loads: 0};
  document.body.append(audio);
  const hls = new Hls({lowLatencyMode: true, backBufferLength: 90});
  hls.on(Hls.Events.ERROR, (_, data) => seen.errors.push(data.details));
  hls.on(Hls.Events.MANIFEST_LOADED, () => { seen.loads += 1; });
  hls.loadSource(address);
  hls.attachMedia(audio);
  await audio.play();
  seen.joined = audio.currentTime;
  let at = audio.currentTime, since = performance.now();
  setInterval(() => {
    const now = performance.now();
    if (audio.currentTime !== at || audio.ended) { at = audio.currentTime; since = now; }
    seen.stood = Math.max(seen.stood, now - since);
  }, 50);
  window.seen = () => ({...seen, at: audio.currentTime, ended: audio.ended, stood: seen.stood / 1000,
    played: Array.from({length: audio.played.length}, (_, i) => [audio.played.start(i), audio.played.end(i)])});
}
"""


class HlsJs:
    """hls.js as it is shipped, in a page with nothing else. `seen()`: errors, loads, stood (s), played ranges."""

    def __init__(self, browser: Browser, url: str, address: str) -> None:
        context = browser.new_context(bypass_csp=True)
        self.page: Page = context.new_page()
        self.page.goto(f"{url}/healthz")
        self.page.add_script_tag(path=HLS_JS)
        self.page.bring_to_front()
        self.page.evaluate(f"address => ({_PLAY})(address)", address)

    def seen(self) -> dict[str, Any]:
        told: dict[str, Any] = self.page.evaluate("() => seen()")
        return told

    def ends(self, within: float = 40.0) -> dict[str, Any]:
        with contextlib.suppress(TooLate):
            self.page.wait_for_function("() => seen().ended", timeout=within * 1000)
        seen = self.seen()
        assert seen["ended"], seen
        return seen


@dataclass(frozen=True)
class Heard:
    """All a player gave out; `waited` is the longest its listener, who pressed play at the first sound, sat in
    silence because nothing had come."""

    samples: np.ndarray[Any, np.dtype[np.int16]]
    waited: float
    code: int
    complaints: str

    @property
    def seconds(self) -> float:
        return self.samples.size / SAMPLE_RATE


class Program:
    """A player that is a program: it writes what it plays to a pipe as it comes."""

    def __init__(self, command: list[str]) -> None:
        need_programs(command[0])
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._came: list[tuple[float, bytes]] = []
        self._complaints = b""
        self.begun = threading.Event()
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._read, self._listen)]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while data := self._process.stdout.read1(65536):  # type: ignore[attr-defined]  # a BufferedReader has it
            self._came.append((time.monotonic(), data))
            self.begun.set()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        self._complaints = self._process.stderr.read()

    def ends(self, within: float = 40.0) -> Heard:
        """Wait until it has ended by itself."""
        code = self._process.wait(within)
        for reader in self._readers:
            reader.join(within)
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()
        sound = np.frombuffer(b"".join(data for _, data in self._came), np.int16)
        return Heard(sound, _longest_wait(self._came), code, self._complaints.decode())

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def _longest_wait(came: list[tuple[float, bytes]]) -> float:
    longest = 0.0
    plays_until = came[0][0] if came else 0.0
    for at, data in came:
        longest = max(longest, at - plays_until)
        plays_until = max(plays_until, at) + len(data) / RAW / SAMPLE_RATE
    return longest


def ffmpeg(address: str) -> Program:
    pcm = ["-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "-"]
    return Program(["ffmpeg", "-hide_banner", "-nostats", "-loglevel", "warning", "-i", address, *pcm])


def gstreamer(address: str) -> Program:
    raw = f"audio/x-raw,format=S16LE,channels=1,rate={SAMPLE_RATE},layout=interleaved"
    decode = f"souphttpsrc location={address} ! hlsdemux ! decodebin ! audioconvert ! audioresample"
    return Program(["gst-launch-1.0", "-q", *f"{decode} ! {raw} ! fdsink fd=1".split()])


def off_the_grid(heard: Heard, last: int) -> float:
    """Seconds by which what was heard differs from whole segments up to part `last`: 0 when nothing is missing."""
    beyond = ((last + 1) * PART_SECONDS - heard.seconds) % SEGMENT_SECONDS
    return min(beyond, SEGMENT_SECONDS - beyond)


def last_part(playlist: str) -> int:
    """The number of the last part of a programme that has ended."""
    assert "#EXT-X-ENDLIST" in playlist
    lines = playlist.splitlines()
    first = next(int(line.split(":")[1]) for line in lines if line.startswith("#EXT-X-MEDIA-SEQUENCE"))
    lengths = [float(line.split(":")[1].rstrip(",")) for line in lines if line.startswith("#EXTINF")]
    return PARTS_PER_SEGMENT * first + round(sum(lengths) / PART_SECONDS) - 1

"""The player of most browsers, as it is shipped, plays both forms through this edge without a stall."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright
from tests.support.browser import CHROMIUM, FLAGS
from tests.support.needs import need_programs
from tests.support.sounds import read_wav
from tests.wire.edge.conftest import Edge, Stage
from tests.wire.edge.test_players import PLAYERS, ends, play

from hustings.base.grid import PART_SECONDS, SAMPLE_RATE, SEGMENT_SECONDS
from hustings.edge.filling import MARGIN

JOINED, ENDED = 16, 19  # parts published when the player comes, and in all
HLS_JS = Path(__file__).parents[3] / "web/node_modules/hls.js/dist/hls.light.min.js"
PAGE = """<!doctype html><title>player</title><audio></audio><script src="/assets/hls.js"></script><script>
const audio = document.querySelector('audio');
const seen = {errors: [], joined: null, edge: null, latency: null};
const joined = new Promise(told => audio.addEventListener('playing', told, {once: true}));
const ended = new Promise(told => audio.addEventListener('ended', told, {once: true}));
function play(address) {
  const hls = new Hls({lowLatencyMode: true, backBufferLength: 30});
  hls.on(Hls.Events.ERROR, (_, data) => seen.errors.push(data.details));
  hls.on(Hls.Events.LEVEL_LOADED, (_, data) => { seen.edge = data.details.edge; });
  audio.addEventListener('playing', () => {
    if (seen.joined === null) { seen.joined = audio.currentTime; seen.latency = seen.edge - audio.currentTime; }
  });
  audio.addEventListener('waiting', () => {  // a starved machine may wait for its decoder; that is not our stall
    const ahead = audio.buffered.length ? audio.buffered.end(audio.buffered.length - 1) - audio.currentTime : 0;
    if (seen.joined !== null && ahead < 0.1) seen.errors.push(`nothing to play at ${audio.currentTime}`);
  });
  hls.loadSource(address);
  hls.attachMedia(audio);
  audio.play();
}
function state() {
  const played = Array.from({length: audio.played.length}, (_, i) => [audio.played.start(i), audio.played.end(i)]);
  return {...seen, played, ranges: audio.buffered.length, at: audio.currentTime};
}
</script>"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    need_programs("chromium")
    if not HLS_JS.exists():
        pytest.skip("hls.js is not installed: make setup brings it")
    folder = tmp_path / "site"
    (folder / "assets").mkdir(parents=True)
    shutil.copy(HLS_JS, folder / "assets" / "hls.js")
    (folder / "app.html").write_text(PAGE)
    return folder


@asynccontextmanager
async def player(edge: Edge, form: str) -> AsyncIterator[Page]:
    """hls.js, playing."""
    async with async_playwright() as playwright:
        flags = [*FLAGS, "--autoplay-policy=no-user-gesture-required"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = await browser.new_page()
        await page.goto(edge.url)
        await page.evaluate("address => play(address)", edge.path(f"live/{form}.m3u8"))
        await page.evaluate("() => joined.then(() => null)")
        yield page
        await browser.close()


@pytest.mark.parametrize(
    ("form", "behind"),
    [("aac64/ll", 2.88), ("opus32/ll", 2.88), ("opus32/plain", 12.0)],
)
async def test_hls_js_joins_at_the_hold_back_and_plays_to_the_end(
    edge: Edge, stage: Stage, form: str, behind: float
) -> None:
    stage.open()
    stage.say(range(JOINED))
    await edge.has(JOINED - 1)
    await edge.has(JOINED - 1, "opus32")
    async with player(edge, form) as page:
        joined: dict[str, Any] = await page.evaluate("state()")
        for number in range(JOINED, ENDED):
            if form.endswith("ll"):
                await edge.waits(1)  # a blocking reload asks for the part before it is there
            stage.say([number])
            if number < ENDED - 1:
                await edge.has(number, form.split("/", maxsplit=1)[0])
        stage.end(ENDED - 1)  # a stage tells of its last part and of the end in one breath
        if form.endswith("ll"):
            await edge.asked.until(f"p{ENDED - 1}-first.m4s")
        await edge.hears_the_end()
        await page.evaluate("() => ended.then(() => null)")
        told: dict[str, Any] = await page.evaluate("state()")
    assert joined["latency"] == pytest.approx(behind, abs=1.0)
    assert told["errors"] == []
    assert told["ranges"] == 1
    assert told["played"] == [[pytest.approx(joined["joined"], abs=0.1), pytest.approx(ENDED * 0.96, abs=0.2)]]
    assert told["at"] == pytest.approx(ENDED * 0.96, abs=0.2)


LOST, MORE = 6, 3  # parts that the stage does not make, and makes when it is back


@pytest.mark.usefixtures("site")
async def test_hls_js_ffmpeg_and_gstreamer_play_on_side_by_side_while_the_stage_is_lost_and_back(
    edge: Edge, stage: Stage, holds: dict[str, list[bytes]], tmp_path: Path
) -> None:
    form = "aac64/ll"
    stage.open(holds=holds)
    stage.say(range(JOINED))
    await edge.has(JOINED - 1)
    async with player(edge, form) as page:
        joined = (await page.evaluate("state()"))["joined"]
        programs = [
            await play(name, edge.url + edge.path(f"live/{form}.m3u8"), tmp_path / f"{name}.wav") for name in PLAYERS
        ]
        stage.lose()
        await edge.is_connected(False)
        edge.clock.advance(MARGIN + 0.1)  # so long the edge waits for a part beyond its due time
        for number in range(JOINED, JOINED + LOST):
            await edge.waits(1)  # hls.js asks for the next part as ever
            edge.clock.advance(PART_SECONDS)
            await edge.has(number)
        stage.restart("second")
        await edge.redials()
        resumes = edge.next_number()
        stage.open(holds=holds)
        for number in range(resumes, resumes + MORE):
            await edge.waits(1)
            stage.say([number])
            await edge.has(number)
        stage.end(resumes + MORE - 1)
        await edge.hears_the_end()
        await page.evaluate("() => ended.then(() => null)")
        told: dict[str, Any] = await page.evaluate("state()")
        for program in programs:
            await ends(program)
    whole = (resumes + MORE) * PART_SECONDS
    assert told["errors"] == []
    assert told["ranges"] == 1
    assert told["played"] == [[pytest.approx(joined, abs=0.1), pytest.approx(whole, abs=0.2)]]
    for name in PLAYERS:
        unheard = whole - read_wav(tmp_path / f"{name}.wav").size / SAMPLE_RATE
        assert unheard == pytest.approx(round(unheard / SEGMENT_SECONDS) * SEGMENT_SECONDS, abs=0.05)
        assert unheard < JOINED * PART_SECONDS  # segments before it came, as each chooses; none since

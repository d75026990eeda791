"""The player of most browsers, as it is shipped, plays both forms through this edge without a stall."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright
from tests.support.browser import CHROMIUM, FLAGS
from tests.support.needs import need_programs
from tests.wire.edge.conftest import Edge, Stage

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
    async with async_playwright() as playwright:
        flags = [*FLAGS, "--autoplay-policy=no-user-gesture-required"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = await browser.new_page()
        await page.goto(edge.url)
        await page.evaluate("address => play(address)", edge.path(f"live/{form}.m3u8"))
        await page.evaluate("() => joined.then(() => null)")
        joined: dict[str, Any] = await page.evaluate("state()")
        for number in range(JOINED, ENDED):
            if form.endswith("ll"):
                await edge.waits(1)  # a blocking reload asks for the part before it is there
            stage.say([number])
            await edge.has(number, form.split("/", maxsplit=1)[0])
        stage.end(ENDED - 1)
        await page.evaluate("() => ended.then(() => null)")
        told: dict[str, Any] = await page.evaluate("state()")
        await browser.close()
    assert joined["latency"] == pytest.approx(behind, abs=1.0)
    assert told["errors"] == []
    assert told["ranges"] == 1
    assert told["played"] == [[pytest.approx(joined["joined"], abs=0.1), pytest.approx(ENDED * 0.96, abs=0.2)]]
    assert told["at"] == pytest.approx(ENDED * 0.96, abs=0.2)

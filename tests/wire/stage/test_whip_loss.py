"""Chromium on a network that loses packets: what is agreed on, and that it is found again in both directions."""

from functools import partial
from pathlib import Path

import pytest
from tests.support.bad_network import BadNetwork, Loss, answer_of, speaking
from tests.support.hearing import utterances, write_wav
from tests.support.uplink import stage

LISTENED = 12.0  # seconds
RECEIVED = """
async () => {
  const found = {};
  for (const report of (await window.peers[0].getStats()).values())
    if (['inbound-rtp', 'outbound-rtp'].includes(report.type)) found[report.type] = report;
  return found;
}
"""


@pytest.mark.timeout(120)
async def test_a_tenth_lost_both_ways_is_hardly_heard(tmp_path: Path) -> None:
    write_wav(tmp_path / "microphone.wav", utterances(tmp_path)[0])
    async with stage() as ours:
        network = BadNetwork({"hustings": partial(answer_of, ours, "voice")}, lambda way: Loss(0.1, seed=way))
        async with speaking(network, tmp_path / "microphone.wav") as page:
            ear = await ours.connected("voice")
            await ours.listen("voice", LISTENED)
            health = ear.peer.health()
            found = await page.evaluate(RECEIVED)
    up, down = network.relays["hustings"].up, network.relays["hustings"].down
    assert up.dropped > 40
    assert down.dropped > 40
    assert health.loss > 0.03
    assert health.recovered > 0.05 * health.frames
    assert health.concealed < 0.03
    assert found["outbound-rtp"]["retransmittedPacketsSent"] > 0
    assert found["inbound-rtp"]["nackCount"] > 0
    assert found["inbound-rtp"]["concealedSamples"] < 0.03 * found["inbound-rtp"]["totalSamplesReceived"]

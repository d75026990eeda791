import av
import numpy as np
import pytest

from hustings.base.grid import TICK
from hustings.broadcast import adts
from hustings.broadcast.encoder import RenditionEncoder
from hustings.broadcast.opus_packet import opus_samples
from hustings.broadcast.packager import OggTrack
from hustings.documents.blocks import Samples
from hustings.hls.renditions import AAC64, OPUS32


def test_adts_gives_back_its_packets(speech: Samples) -> None:
    packets = RenditionEncoder(AAC64).encode(speech)

    file = adts.AdtsFile(b"".join(map(adts.frame, packets)))

    assert list(file.packets(0, len(file))) == packets
    assert list(file.packets(5, 8)) == packets[5:8]


def test_adts_cut_off_anywhere_keeps_its_whole_frames(speech: Samples) -> None:
    packets = RenditionEncoder(AAC64).encode(speech[: AAC64.frame * 9])
    data = b"".join(map(adts.frame, packets))

    for cut in range(1, len(data) - len(adts.frame(packets[-1]))):
        whole = len(adts.AdtsFile(data[:-cut]))
        assert data.startswith(b"".join(map(adts.frame, packets[:whole])))
        assert whole < len(packets)


def test_ffmpeg_reads_our_adts(speech: Samples, tmp_path: object) -> None:
    packets = RenditionEncoder(AAC64).encode(speech)
    parser = av.CodecContext.create("aac", "r")

    parsed = parser.parse(b"".join(map(adts.frame, packets)))

    assert [bytes(packet) for packet in parsed[:-1]] == [adts.frame(p) for p in packets[: len(parsed) - 1]]
    assert len(parsed) >= len(packets) - 1


def test_an_adts_packet_too_long_for_its_field_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        adts.frame(bytes(9000))


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        (b"", 0),
        (bytes([0 << 3]), 480),
        (bytes([3 << 3]), 2880),
        (bytes([15 << 3]), 960),
        (bytes([16 << 3]), 120),
        (bytes([31 << 3]), 960),
        (bytes([31 << 3 | 1]), 1920),
        (bytes([31 << 3 | 2]), 1920),
        (bytes([31 << 3 | 3]), 0),
        (bytes([31 << 3 | 3, 3]), 2880),
        (bytes([3 << 3 | 3, 63]), 0),
    ],
)
def test_an_opus_packet_says_its_length(packet: bytes, samples: int) -> None:
    assert opus_samples(packet) == samples


def granules(data: bytes) -> list[int]:
    """The granule position of each page that carries audio."""
    found, at = [], 0
    while (at := data.find(b"OggS", at)) >= 0:
        found.append(int.from_bytes(data[at + 6 : at + 14], "little"))
        at += 4
    return [granule for granule in found if 0 < granule < 2**63]


def track(positions: list[int], packet: bytes) -> bytes:
    ogg = OggTrack()
    return b"".join(ogg.push(position, packet) for position in positions) + ogg.finish()


def test_a_gap_in_a_track_is_a_jump_of_its_granule() -> None:
    packet = RenditionEncoder(OPUS32).encode(np.zeros(TICK, np.float32))[0]
    second = 50 * TICK

    data = track([n * TICK for n in range(50)] + [10 * second + n * TICK for n in range(50)], packet)

    pages = granules(data)
    assert pages == sorted(pages)
    assert second <= max(page for page in pages if page < 5 * second) <= second + TICK
    assert 11 * second <= pages[-1] <= 11 * second + TICK


def test_jitter_leaves_a_track_without_gaps() -> None:
    packet = RenditionEncoder(OPUS32).encode(np.zeros(TICK, np.float32))[0]
    jittered = [n * TICK + (n * 7919 % 5) * TICK for n in range(200)]

    pages = granules(track(jittered, packet))

    assert pages[-1] <= 200 * TICK + 5 * TICK


def test_what_is_no_opus_packet_is_left_out_of_a_track() -> None:
    packet = RenditionEncoder(OPUS32).encode(np.zeros(TICK, np.float32))[0]
    ogg, clean = OggTrack(), OggTrack()

    data = b"".join(ogg.push(n * TICK, one) for n, one in enumerate([packet, b"", packet])) + ogg.finish()

    assert len(granules(data)) == len(granules(clean.push(0, packet) + clean.push(TICK, packet) + clean.finish()))

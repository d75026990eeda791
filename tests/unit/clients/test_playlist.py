from datetime import UTC, datetime

import pytest

from hustings.clients.errors import BadAnswer
from hustings.clients.playlist import media_playlist, variants

URL = "http://town.example/spaces/abc/live/aac64/ll.m3u8"
LIVE = """#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=2.88,CAN-SKIP-UNTIL=24
#EXT-X-PART-INF:PART-TARGET=0.96
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI="../../media/aac64/init-1.mp4"
#EXTINF:3.84,
../../media/aac64/s7.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T20:00:00.000Z
#EXT-X-PART:DURATION=0.96,URI="../../media/aac64/p32.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.96,URI="../../media/aac64/p33.m4s"
#EXT-X-PART:DURATION=0.96,URI="../../media/aac64/p34.m4s"
#EXT-X-PART:DURATION=0.96,URI="../../media/aac64/p35.m4s"
#EXTINF:3.84,
../../media/aac64/s8.m4s
#EXT-X-PART:DURATION=0.96,URI="../../media/aac64/p36.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="../../media/aac64/p37.m4s"
"""


def test_parts_are_read_where_they_are_listed_and_segments_where_not() -> None:
    playlist = media_playlist(LIVE, URL)

    assert [chunk.place for chunk in playlist.chunks] == [(7, 0), (8, 0), (8, 1), (8, 2), (8, 3), (9, 0)]
    assert playlist.chunks[0].part is None
    assert playlist.chunks[1].url == "http://town.example/spaces/abc/media/aac64/p32.m4s"
    assert playlist.chunks[1].init == "http://town.example/spaces/abc/media/aac64/init-1.mp4"
    assert playlist.following == (9, 1)


def test_a_part_is_dated_from_its_segment_and_the_next_segment_from_the_one_before() -> None:
    at_eight = datetime(2026, 1, 1, 20, tzinfo=UTC).timestamp()

    dates = [chunk.date for chunk in media_playlist(LIVE, URL).chunks]

    assert dates[0] is None
    assert dates[1:] == pytest.approx([at_eight + n * 0.96 for n in range(5)])


def test_a_player_begins_the_part_hold_back_before_the_end() -> None:
    assert [chunk.place for chunk in media_playlist(LIVE, URL).at_live_edge()] == [(8, 2), (8, 3), (9, 0)]


def test_a_plain_playlist_begins_three_target_durations_before_its_end() -> None:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", '#EXT-X-MAP:URI="i.mp4"']
    lines += [line for n in range(10) for line in ("#EXTINF:4,", f"s{n}.m4s")]

    assert [chunk.msn for chunk in media_playlist("\n".join(lines), URL).at_live_edge()] == [7, 8, 9]


def test_a_finished_playlist_begins_at_its_beginning() -> None:
    playlist = media_playlist(LIVE + "#EXT-X-ENDLIST\n", URL)

    assert playlist.ended
    assert playlist.at_live_edge()[0].msn == 7


def test_skipped_segments_keep_the_numbers_of_those_that_follow() -> None:
    skipping = LIVE.replace("#EXTINF:3.84,\n../../media/aac64/s7.m4s\n", "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n")

    assert media_playlist(skipping, URL).following == (9, 1)


def test_only_what_is_new_is_fetched_after_a_reload() -> None:
    assert [chunk.place for chunk in media_playlist(LIVE, URL).since((8, 3))] == [(8, 3), (9, 0)]


def test_a_multivariant_playlist_names_its_variants_in_order() -> None:
    text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=70000\nlive/a.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlive/b.m3u8\n"

    assert variants(text, "http://town.example/x.m3u8") == [
        "http://town.example/live/a.m3u8",
        "http://town.example/live/b.m3u8",
    ]
    assert variants(LIVE, URL) == []


@pytest.mark.parametrize(
    "text", ["", "<html>", "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:x", "#EXTM3U\n#EXT-X-MAP:BYTERANGE=1"]
)
def test_what_is_no_playlist_is_refused(text: str) -> None:
    with pytest.raises(BadAnswer):
        media_playlist(text, URL)

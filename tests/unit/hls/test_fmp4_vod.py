from hustings.hls.vod import vod_playlist, vod_segments


def test_segments_cover_every_packet_once() -> None:
    segments = vod_segments(1000, 1024)

    assert [packet for one in segments for packet in range(one.first, one.stop)] == list(range(1000))
    assert [one.name for one in segments[:2]] == ["seg-0.m4s", "seg-1.m4s"]


def test_trimming_renames_only_the_segment_it_cuts_into() -> None:
    whole = {(one.name, one.first, one.stop) for one in vod_segments(1000, 1024)}
    trimmed = vod_segments(1000, 1024, skip_parts=6)

    assert trimmed[0].name == "seg-1-2.m4s"
    assert trimmed[0].first == 6 * 45
    assert {(one.name, one.first, one.stop) for one in trimmed[1:]} < whole


def test_trimming_whole_segments_renames_nothing() -> None:
    assert vod_segments(1000, 1024, skip_parts=8)[0].name == "seg-2.m4s"


def test_the_playlist_is_complete_and_closed() -> None:
    text = vod_playlist(vod_segments(200, 1024), 1024)

    assert text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-TARGETDURATION:4",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-MEDIA-SEQUENCE:0",
        '#EXT-X-MAP:URI="replay/init.mp4"',
        "#EXTINF:3.84000,",
        "replay/seg-0.m4s",
        "#EXTINF:0.42667,",
        "replay/seg-1.m4s",
        "#EXT-X-ENDLIST",
    ]

"""Offers of real browsers and broken ones; the answers to them."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.stage.sdp import (
    LEVEL_URI,
    MAX_CANDIDATES,
    MAX_LINES,
    BadOffer,
    Fingerprint,
    LocalTransport,
    build_answer,
    parse_fragment,
    parse_offer,
)

PRINT = ":".join(["AB"] * 32)
TRANSPORT = [
    "a=ice-ufrag:abcd",
    "a=ice-pwd:0123456789abcdefghijkl",
    f"a=fingerprint:sha-256 {PRINT}",
    "a=setup:actpass",
]
AUDIO = [
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8",
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    "a=candidate:1 1 udp 2122260223 192.0.2.9 50000 typ host generation 0",
    "a=candidate:2 1 udp 2122260222 1b2c3d4e.local 50001 typ host",
    "a=candidate:3 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active",
    *TRANSPORT,
    "a=mid:0",
    f"a=extmap:14 {LEVEL_URI}",
    "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=sendrecv",
    "a=rtcp-mux",
    "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    "a=rtpmap:63 red/48000/2",
    "a=rtpmap:9 G722/8000",
]
VIDEO = [
    "m=video 9 UDP/TLS/RTP/SAVPF 97 96",
    "a=mid:1",
    "a=sendonly",
    "a=rtcp-mux",
    "a=rtpmap:97 rtx/90000",
    "a=fmtp:97 apt=96",
    "a=rtpmap:96 H264/90000",
    "a=fmtp:96 profile-level-id=42e01f",
]
DATA = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:2", "a=sctp-port:5000"]
LOCAL = LocalTransport(
    "loca", "lkjihgfedcba9876543210", Fingerprint("sha-256", PRINT), ("1 1 udp 5 192.0.2.1 40000 typ host",)
)


def offer(*sections: list[str], group: str = "a=group:BUNDLE 0 1 2", session: tuple[str, ...] = ()) -> str:
    head = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", group, *session]
    return "\r\n".join([*head, *(line for section in sections for line in section)]) + "\r\n"


def without(section: list[str], start: str) -> list[str]:
    return [line for line in section if not line.startswith(start)]


def changed(section: list[str], old: str, new: str) -> list[str]:
    return [line.replace(old, new) for line in section]


def answer(text: str) -> str:
    return build_answer(parse_offer(text), LOCAL, ssrc=77, cname="us", session=1)


def test_a_browsers_offer_is_understood() -> None:
    parsed = parse_offer(offer(AUDIO))
    assert parsed.payload_type == 111
    assert parsed.sends_back
    assert parsed.setup == "active"
    assert parsed.audio.extension(LEVEL_URI) == 14
    assert parsed.transport.ufrag == "abcd"
    assert parsed.transport.fingerprints == (Fingerprint("sha-256", PRINT),)


def test_only_candidates_that_help_are_kept() -> None:
    assert [value.split()[4] for value in parse_offer(offer(AUDIO)).transport.candidates] == ["192.0.2.9"]


def test_candidates_are_bounded() -> None:
    many = [f"a=candidate:{n} 1 udp 1 192.0.2.1 {n + 1} typ host" for n in range(500)]
    assert len(parse_offer(offer([*AUDIO, *many])).transport.candidates) == MAX_CANDIDATES


def test_the_answer_asks_for_redundancy_and_sends_the_mix_back() -> None:
    lines = answer(offer(AUDIO)).split("\r\n")
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111" in lines
    assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=0;stereo=0;maxaveragebitrate=64000" in lines
    assert {"a=sendrecv", "a=rtcp-mux", "a=mid:0", "a=setup:active", "a=end-of-candidates"} <= set(lines)
    assert "a=group:BUNDLE 0" in lines
    assert "a=ssrc:77 cname:us" in lines
    assert f"a=extmap:14 {LEVEL_URI}" in lines
    assert "a=candidate:1 1 udp 5 192.0.2.1 40000 typ host" in lines
    assert "a=ice-lite" not in lines


def test_who_only_sends_is_only_received() -> None:
    lines = answer(offer(changed(AUDIO, "a=sendrecv", "a=sendonly"))).split("\r\n")
    assert "a=recvonly" in lines
    assert not any(line.startswith("a=ssrc") for line in lines)


def test_video_in_the_bundle_is_taken_and_data_declined() -> None:
    lines = answer(offer(AUDIO, VIDEO, DATA)).split("\r\n")
    assert "a=group:BUNDLE 0 1" in lines
    assert "m=video 9 UDP/TLS/RTP/SAVPF 96" in lines
    assert "a=fmtp:96 profile-level-id=42e01f" in lines
    assert "m=application 0 UDP/DTLS/SCTP webrtc-datachannel" in lines


def test_video_outside_the_bundle_is_declined() -> None:
    lines = answer(offer(AUDIO, VIDEO, group="a=group:BUNDLE 0")).split("\r\n")
    assert "m=video 0 UDP/TLS/RTP/SAVPF 97" in lines


def test_the_answer_has_a_line_for_each_of_the_offers_in_order() -> None:
    for sections in ([AUDIO, VIDEO, DATA], [VIDEO, AUDIO], [DATA, VIDEO, AUDIO]):
        text = answer(offer(*sections))
        kinds = [section[0].split()[0] for section in sections]
        assert re.findall(r"^m=\w+", text, re.MULTILINE) == kinds


def test_credentials_may_stand_at_the_top() -> None:
    bare = [line for line in AUDIO if line not in TRANSPORT]
    assert parse_offer(offer(bare, session=tuple(TRANSPORT))).transport.ufrag == "abcd"


def test_an_offer_that_opens_dtls_itself_is_waited_for() -> None:
    assert parse_offer(offer(changed(AUDIO, "actpass", "active"))).setup == "passive"
    assert parse_offer(offer(changed(AUDIO, "actpass", "passive"))).setup == "active"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "session description"),
        ("v=1\r\n", "session description"),
        (offer(), "media lines"),
        (offer(*[VIDEO] * 9), "media lines"),
        (offer(VIDEO), "audio line"),
        (offer(AUDIO, AUDIO), "audio line"),
        (offer(changed(AUDIO, "m=audio 9", "m=audio x")), "media lines"),
        (offer(changed(AUDIO, "a=sendrecv", "a=recvonly")), "must send"),
        (offer(changed(AUDIO, "a=sendrecv", "a=inactive")), "must send"),
        (offer(without(AUDIO, "a=rtcp-mux")), "rtcp-mux"),
        (offer(changed(AUDIO, "opus", "speex")), "Opus"),
        (offer(changed(AUDIO, "111", "72")), "Opus"),
        (offer(without(AUDIO, "a=ice-ufrag")), "ICE"),
        (offer(changed(AUDIO, "0123456789abcdefghijkl", "short")), "ICE"),
        (offer(without(AUDIO, "a=fingerprint")), "fingerprint"),
        (offer(changed(AUDIO, PRINT, "zz")), "fingerprint"),
        (offer(changed(AUDIO, "actpass", "holdconn")), "setup"),
        (offer(changed(AUDIO, "a=mid:0", "a=mid:0 1")), "mid"),
        ("v=0\r\n" + "a=x\r\n" * 20_000, "session description"),
    ],
)
def test_a_bad_offer_is_refused_with_a_sentence(text: str, word: str) -> None:
    with pytest.raises(BadOffer, match=re.escape(word)):
        parse_offer(text)


@pytest.mark.parametrize("character", ["\0", "\x0b", "\x1b", "\x7f", "\x85", "\u2028"])
def test_control_characters_are_refused(character: str) -> None:
    with pytest.raises(BadOffer, match="control characters"):
        parse_offer(offer(AUDIO).replace("minptime", "min" + character + "ptime"))


@pytest.mark.parametrize(
    "candidate",
    [
        "1 1 udp 1 192.0.2.1 70000 typ host",
        "1 1 udp 1 192.0.2.1 -1 typ host",
        "1 1 udp 1 192.0.2.1 0 typ host",
        "1 1 udp 99999999999999999999 192.0.2.1 9 typ host",
        "1 1 udp " + "9" * 5000 + " 192.0.2.1 9 typ host",
        "1 1 udp 1 example.org 9 typ host",
        "1 1 udp 1 192.0.2.1.5 9 typ host",
        "1 1 udp 1 224.0.0.1 9 typ host",
        "1 1 udp 1 0.0.0.0 9 typ host",
        "1 1 udp 1 ff02::1 9 typ host",
        "1 1 udp",
        "",
    ],
)
def test_a_candidate_where_nobody_can_be_is_passed_over(candidate: str) -> None:
    others = without(AUDIO, "a=candidate")
    good = "1 1 udp 2122260223 2001:db8::9 50000 typ host"
    assert parse_offer(offer([*others, f"a=candidate:{candidate}"])).transport.candidates == ()
    assert parse_offer(offer([*others, f"a=candidate:{good}"])).transport.candidates == (good,)


def lines(one: str) -> list[str]:
    return [one] * (MAX_LINES - 60)


@pytest.mark.parametrize(
    "text",
    [
        offer([*changed(AUDIO, "63 9 0 8", "63 " * 330), *lines("a=fmtp:63 111/112")]),
        offer([*changed(AUDIO, "63 9 0 8", "63 " * 330), *lines("a=rtpmap:1 x")]),
        offer([*AUDIO, *lines("a=candidate:1 1 udp 1 2001:db8:ffff:ffff::1 5 typ host")]),
        offer(AUDIO, *[[*changed(VIDEO, "97 96", "97 " * 330), *lines("a=rtpmap:97 rtx/90000")[:130]]] * 7),
    ],
)
def test_the_longest_offers_are_read_within_a_tick(text: str) -> None:
    took = []
    for _ in range(3):
        begin = time.thread_time()
        answer(text)
        took.append(time.thread_time() - begin)
    assert min(took) < 0.020


def test_more_lines_than_any_browser_sends_are_refused() -> None:
    with pytest.raises(BadOffer, match="lines"):
        parse_offer(offer([*AUDIO, *["a=x"] * MAX_LINES]))


LINES = st.lists(st.sampled_from(["v=0", *AUDIO, *VIDEO, *DATA]) | st.text(max_size=30), max_size=60)


@given(LINES)
def test_any_lines_are_an_offer_or_a_bad_one(lines: list[str]) -> None:
    try:
        parsed = parse_offer("\n".join(["v=0", *lines]))
    except BadOffer:
        return
    assert "m=audio" in build_answer(parsed, LOCAL, ssrc=1, cname="us", session=1)


@given(st.integers(0, len(AUDIO) - 1), st.integers(0, 80), st.characters())
def test_a_changed_character_is_an_offer_or_a_bad_one(line: int, at: int, character: str) -> None:
    section = list(AUDIO)
    section[line] = section[line][:at] + character + section[line][at + 1 :]
    try:
        text = answer(offer(section))
    except BadOffer:
        return
    assert text.count("m=") == 1 or character in text


def test_a_fragment_gives_its_candidates() -> None:
    fragment = parse_fragment("a=ice-ufrag:abcd\r\na=ice-pwd:x\r\nm=audio 9 RTP/AVP 0\r\n" + AUDIO[3] + "\r\n")
    assert fragment.ufrag == "abcd"
    assert len(fragment.candidates) == 1


def test_what_is_no_fragment_is_refused() -> None:
    with pytest.raises(BadOffer):
        parse_fragment("hello")

"""What is asked for again, when, and how it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.audio.retransmission import (
    ASK_AGAIN,
    MOST,
    WORTH_ASKING,
    Arrival,
    Wanted,
    build_nack,
    parse_nack,
)
from hustings.audio.rtp import RtpBroken


def after(*sequences: int) -> Wanted:
    wanted = Wanted()
    for sequence in sequences:
        wanted.arrived(sequence, 0.0)
    return wanted


def test_packets_in_order_ask_for_nothing() -> None:
    assert after(1, 2, 3).due(0.0, 0.0) == ()


def test_a_hole_is_asked_for_at_once_and_again_when_the_answer_is_overdue() -> None:
    wanted = after(1, 4)
    assert wanted.due(0.0, 0.0) == (2, 3)
    assert wanted.due(ASK_AGAIN / 2, 0.0) == ()
    assert wanted.due(ASK_AGAIN, 0.0) == (2, 3)
    assert wanted.due(2 * ASK_AGAIN, 0.08) == ()
    assert wanted.due(ASK_AGAIN + 0.1, 0.08) == (2, 3)


def test_what_would_come_too_late_is_not_asked_for() -> None:
    wanted = after(1, 3)
    assert wanted.due(WORTH_ASKING, 0.0) == ()


def test_a_hole_across_the_wrap() -> None:
    assert after(65_534, 1).due(0.0, 0.0) == (65_535, 0)


def test_a_cut_is_not_asked_for() -> None:
    assert after(1, 3 + MOST + 10).due(0.0, 0.0) == ()


def test_how_a_packet_came_is_told() -> None:
    wanted = after(1, 5)
    assert wanted.arrived(2, 0.001) is Arrival.FILLED
    assert wanted.arrived(2, 0.002) is Arrival.KNOWN
    wanted.due(0.010, 0.030)
    assert wanted.arrived(3, 0.012, 0.030) is Arrival.FILLED  # it was on its way before we asked
    assert wanted.arrived(4, 0.045, 0.030) is Arrival.AGAIN
    assert wanted.arrived(6, 0.050) is Arrival.NEW


def test_a_sender_that_counts_anew_is_followed() -> None:
    wanted = after(1000, 1001, 1002)
    assert wanted.arrived(5, 1.0) is Arrival.NEW
    wanted.arrived(7, 1.02)
    assert wanted.due(1.02, 0.0) == (6,)


def test_requests_are_written_as_the_standard_says() -> None:
    body = build_nack(1, 2, (65_535, 0, 15, 40))
    assert body.hex() == "0000000100000002" + "ffff8001" + "00280000"
    assert parse_nack(body) == (2, (65_535, 0, 15, 40))


@given(st.lists(st.integers(0, 65_535), min_size=1, max_size=MOST, unique=True))
def test_what_is_asked_is_read(sequences: list[int]) -> None:
    assert set(parse_nack(build_nack(7, 9, sequences))[1]) == set(sequences)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_request_or_broken(data: bytes) -> None:
    try:
        parse_nack(data)
    except RtpBroken:
        assert len(data) < 8 or len(data) % 4


@given(st.lists(st.integers(0, 65_535), max_size=300))
def test_whatever_numbers_come_the_memory_is_bounded(sequences: list[int]) -> None:
    wanted = Wanted()
    for number, sequence in enumerate(sequences):
        wanted.arrived(sequence, number / 50)
        assert len(wanted) <= MOST


@pytest.mark.parametrize("asks", [True, False])
def test_a_flood_of_holes_is_bounded_whether_or_not_anybody_asks(asks: bool) -> None:
    wanted = Wanted()
    for number in range(20_000):
        wanted.arrived(number * MOST & 0xFFFF, number / 2000)
        assert len(wanted) <= MOST
        if asks:
            assert len(wanted.due(number / 2000, 0.0)) <= MOST


@pytest.mark.parametrize("round_trip", [0.0, 0.05])
def test_a_flood_of_holes_is_forgotten_in_time(round_trip: float) -> None:
    wanted = after(*range(0, 600, 2))
    wanted.due(1.0, round_trip)
    assert wanted.due(2.0, round_trip) == ()

"""The jitter buffer in virtual time: minutes of a network in milliseconds."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.jitter_run import TICK, Delay, number_of, packet, simulate

from hustings.audio.jitter import (
    CEILING,
    HIGHEST,
    LOWEST,
    JitterBuffer,
    Missing,
    NotStarted,
    Packet,
    Play,
    Stretch,
)


def steady(seconds: float = 0.0) -> Delay:
    return lambda _: 0.030 + seconds


def gaussian(deviation: float, seed: int = 1) -> Delay:
    rng = np.random.default_rng(seed)
    lates = 0.030 + np.abs(rng.normal(0, deviation, 100_000))
    return lambda n: float(lates[n])


def in_order(numbers: Iterable[int]) -> bool:
    listed = list(numbers)
    return listed == sorted(set(listed))


def test_nothing_is_played_before_the_first_packet() -> None:
    buffer = JitterBuffer()
    assert isinstance(buffer.pull(0.0), NotStarted)
    assert isinstance(buffer.pull(0.02), NotStarted)


def test_a_clean_network_loses_nothing_and_waits_little() -> None:
    run = simulate(steady(), 500)
    played = run.played()
    assert played == list(range(len(played)))
    assert run.count(Missing) == run.count(Stretch) == 0
    assert LOWEST <= run.mean_delay(100) <= LOWEST + 0.03


@pytest.mark.parametrize("first", [0xFFFFFFFF - 960 * 100, 0, 0xFFFFFFFF - 500])
def test_wrapping_timestamps_pass_unnoticed(first: int) -> None:
    run = simulate(steady(), 500, first=first)
    assert run.played() == list(range(len(run.played())))
    assert len(run.played()) > 490


def test_a_lost_packet_is_one_missing_slot_with_the_next_packet_at_hand() -> None:
    run = simulate(lambda n: None if n == 100 else 0.03, 300)
    missing = [value for _, value in run.pulled if isinstance(value, Missing)]
    assert len(missing) == 1
    assert missing[0].following is not None
    assert number_of(missing[0].following) == 101
    assert run.played() == [n for n in range(len(run.played()) + 1) if n != 100]


def test_reordered_packets_are_played_in_order() -> None:
    run = simulate(lambda n: 0.055 if n % 10 == 3 else 0.03, 300)
    assert run.played() == list(range(len(run.played())))
    assert run.count(Missing) == 0


def test_duplicates_are_played_once() -> None:
    buffer = JitterBuffer()
    assert buffer.push(1, packet(0), 0.0)
    assert not buffer.push(1, packet(0), 0.001)
    assert buffer.duplicates == 1


def test_an_empty_payload_leaves_no_trace() -> None:
    buffer = JitterBuffer()
    assert not buffer.push(1, Packet(1, 0, b""), 0.0)
    assert isinstance(buffer.pull(1.0), NotStarted)
    assert buffer.push(1, packet(0), 1.0)
    assert isinstance(buffer.pull(1.001 + LOWEST), Play)


@pytest.mark.parametrize("deviation", [0.005, 0.015, 0.030])
def test_jitter_is_absorbed_with_few_holes(deviation: float) -> None:
    run = simulate(gaussian(deviation), 6000)
    assert in_order(run.played())
    assert run.count(Missing, since=5.0) + run.count(Stretch, since=5.0) < 0.03 * 6000
    assert run.mean_delay(3000) <= LOWEST + 4 * deviation


def test_more_jitter_means_more_delay_within_bounds() -> None:
    means = [simulate(gaussian(deviation), 3000).mean_delay(1000) for deviation in (0.002, 0.03, 0.06, 0.2)]
    assert means == sorted(means)
    assert means[0] < 0.075
    assert means[-1] <= HIGHEST + 0.08


def test_delay_shrinks_again_after_a_spike() -> None:
    def spike(n: int) -> float:
        return 0.03 + max(0.0, 0.16 - (n - 500) * 0.02) if n >= 500 else 0.03

    run = simulate(spike, 2500)
    assert max(run.delays) > 0.12
    assert run.mean_delay(200) <= LOWEST + 0.04
    assert set(range(500, 2400)) - set(run.played()) == set()


def test_rare_spikes_do_not_ratchet_the_delay_up() -> None:
    run = simulate(lambda n: 0.03 + max(0.0, 0.16 - (n % 1000) * 0.02), 30_000)
    assert run.mean_delay(20_000) < 0.08


def test_delay_is_corrected_in_silence_first() -> None:
    def spike(n: int) -> float:
        return 0.03 + max(0.0, 0.07 - (n - 500) * 0.02) if n >= 500 else 0.03

    run = simulate(spike, 1500, quiet=lambda tick: tick % 100 < 30)
    merges = [round(at / TICK) for at, value in run.pulled if isinstance(value, Play) and value.merge]
    assert merges
    assert all(tick % 100 < 31 for tick in merges)


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
def test_a_drifting_clock_keeps_the_delay_for_ten_minutes(ppm: float) -> None:
    run = simulate(gaussian(0.003), 30_000, ppm=ppm)
    corrections = run.count(Stretch, since=10.0) + sum(
        isinstance(value, Play) and value.merge is not None for at, value in run.pulled if at > 10
    )
    assert min(run.delays[500:]) >= 0.025
    assert max(run.delays[500:]) < 0.12
    assert corrections == pytest.approx(600 * 200e-6 / TICK, abs=4)
    assert run.count(Missing) == 0


@pytest.mark.parametrize("stall", [1, 2, 4])
def test_a_receiver_that_stood_still_and_catches_up_changes_nothing(stall: int) -> None:
    """Each second `stall` ticks come late and all at once, and with them the packets that waited in the socket."""
    buffer = JitterBuffer()
    kinds = []
    now = 0.0
    for n in range(3000):
        standing = n % 50 < stall
        now = n * TICK if not standing else (n - n % 50 + stall) * TICK
        buffer.push(1, packet(n), now)
        value = buffer.pull(now + 0.007, quiet=n % 100 < 30)
        kinds += ["merge" if isinstance(value, Play) and value.merge else type(value).__name__]
    settled = kinds[500:]
    assert settled.count("Play") > 0.99 * len(settled)
    assert buffer.delay(now) < LOWEST + stall * TICK + 0.05


def test_a_stall_shorter_than_the_ceiling_costs_no_speech() -> None:
    stall = CEILING - 0.1

    def stalled(n: int) -> float:
        return 0.03 + max(0.0, stall - (n - 500) * TICK) if n >= 500 else 0.03

    run = simulate(stalled, 1500)
    assert set(range(1400)) <= set(run.played())


def test_a_long_stall_costs_speech_rather_than_delay() -> None:
    def stalled(n: int) -> float:
        return 0.03 + max(0.0, 0.8 - (n - 500) * TICK) if n >= 500 else 0.03

    run = simulate(stalled, 2000)
    assert max(run.delays) <= 0.5
    assert set(range(545, 1900)) <= set(run.played())
    assert run.mean_delay(100) < 0.12


def test_after_a_second_without_packets_the_stream_starts_anew() -> None:
    buffer = JitterBuffer()
    buffer.push(1, packet(0), 0.0)
    assert isinstance(buffer.pull(0.04), Play)
    kinds = {type(buffer.pull(0.06 + n * TICK)) for n in range(60)}
    assert kinds == {Stretch, Missing, NotStarted}
    buffer.push(1, packet(1000), 20.0)
    assert isinstance(buffer.pull(20.001 + LOWEST), Play)


@pytest.mark.parametrize("leap", [10_000, -10_000, 1 << 20])
def test_a_leaping_timestamp_starts_a_new_timeline(leap: int) -> None:
    buffer = JitterBuffer()
    run = simulate(steady(), 200, buffer=buffer)
    played = []
    for n in range(200, 400):
        now = n * TICK + 0.03
        buffer.push(1, Packet(n, (n + leap) * 960 & 0xFFFFFFFF, n.to_bytes(4, "big")), now)
        value = buffer.pull(now + 0.001)
        played += [number_of(value.packet)] if isinstance(value, Play) else []
    assert run.count(Play) > 190
    assert played == list(range(200, 200 + len(played)))
    assert len(played) > 190
    assert buffer.resets == 1


def test_a_new_source_replaces_the_old_one() -> None:
    buffer = JitterBuffer()
    simulate(steady(), 100, buffer=buffer)
    buffer.push(2, Packet(9, 77_777_777, b"new"), 2.03)
    assert isinstance(buffer.pull(2.04), NotStarted)
    value = buffer.pull(2.041 + LOWEST)
    assert isinstance(value, Play)
    assert value.packet.payload == b"new"


@pytest.mark.parametrize("duration", [480, 1920, 2880])
def test_other_frame_lengths_play_whole(duration: int) -> None:
    buffer = JitterBuffer()
    played, have, now = [], 0, 0.0
    for n in range(300):
        now = n * duration / 48_000
        buffer.push(1, Packet(n, n * duration, n.to_bytes(4, "big"), duration), now)
        while have <= now * 48_000:
            value = buffer.pull(now + 0.001)
            played += [number_of(value.packet)] if isinstance(value, Play) else []
            have += value.packet.duration if isinstance(value, Play) else 960
    assert played == list(range(len(played)))
    assert len(played) > 280


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(0, 0xFFFFFFFF), st.floats(0, 5)), max_size=200))
def test_whatever_arrives_the_buffer_stays_bounded(events: list[tuple[int, int, float]]) -> None:
    buffer = JitterBuffer()
    now = 0.0
    for ssrc, timestamp, step in events:
        now += step / 10
        buffer.push(ssrc, Packet(0, timestamp, b"x"), now)
        buffer.pull(now, quiet=bool(timestamp & 1))
        assert buffer.delay(now) < 3.0


def test_a_flood_has_no_room() -> None:
    buffer = JitterBuffer()
    taken = sum(buffer.push(1, Packet(n & 0xFFFF, n, b"x", 1), 0.0) for n in range(10_000))
    assert taken < 200

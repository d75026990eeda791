"""The jitter buffer through what lasts and what is rare: drifting clocks, pauses without packets, foreign senders."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.jitter_run import TICK, Run, number_of, packet, simulate

from hustings.audio.jitter import HIGHEST, LOWEST, JitterBuffer, Packet, Play

Network = Callable[[int], float | None]


def _rough(seed: int, deviation: float = 0.003) -> Network:
    lates = 0.030 + np.abs(np.random.default_rng(seed).normal(0, deviation, 100_000))
    return lambda n: float(lates[n])


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
def test_thirty_minutes_of_drift_stay_between_40_and_120_ms(ppm: float) -> None:
    run = simulate(_rough(1), 90_000, ppm=ppm)
    settled = np.array(run.delays[500:])
    assert np.quantile(settled, 0.001) >= LOWEST - 0.0015  # what falls below is corrected by the next slot
    assert np.max(settled) <= 0.120
    assert len(run.played()) > 89_900


def test_after_a_spike_of_160_ms_the_delay_is_below_120_ms_within_ten_seconds() -> None:
    run = simulate(lambda n: 0.03 + max(0.0, 0.16 - (n - 500) * TICK) if n >= 500 else 0.03, 1100)
    assert max(run.delays[500:540]) > 0.12
    assert max(run.delays[1000:]) < 0.12


def _with_pauses(n: int) -> float | None:
    """A foreign sender's DTX: one second of speech, then 1.2 s in which every twentieth packet is sent."""
    within = n % 110
    return 0.03 if within < 50 or within % 20 == 0 else None


def test_a_sender_that_pauses_is_heard_without_delay_after_each_pause() -> None:
    run = simulate(_with_pauses, 5500, quiet=lambda tick: tick % 110 >= 50)
    spoken = [n for n in range(5500) if n % 110 < 50 and n > 110 and n < 5390]
    assert len(set(spoken) - set(run.played())) < 0.002 * len(spoken)
    first_words = [run.delays[n + 6] for n in spoken if n % 110 == 0]
    assert max(first_words) < 0.12


def test_a_gap_of_two_seconds_leaves_nothing_behind() -> None:
    run = simulate(lambda n: None if 500 <= n < 600 else 0.03, 1200)
    assert set(range(600, 1190)) <= set(run.played())
    assert run.mean_delay(100) < 0.08


def _after_a_change(change: Callable[[int], tuple[int, Packet]]) -> Run:
    """Two hundred packets, then two hundred as `change` gives them."""
    buffer, run = JitterBuffer(), Run()
    for n in range(400):
        source, sent = (1, packet(n)) if n < 200 else change(n)
        buffer.push(source, sent, n * TICK + 0.03)
        now = n * TICK + 0.037
        run.pulled.append((now, buffer.pull(now, quiet=n % 50 < 10)))
        run.delays.append(buffer.delay(now))
    return run


@pytest.mark.parametrize(
    "change",
    [
        lambda n: (2, packet(n, 77_777_777)),
        lambda n: (1, Packet(n, (n + 1_000_000) * 960 & 0xFFFFFFFF, n.to_bytes(4, "big"))),
        lambda n: (1, Packet(n, (n * 960 - 48_000 * 30) & 0xFFFFFFFF, n.to_bytes(4, "big"))),
    ],
    ids=["another source", "a leap ahead", "a leap back"],
)
def test_a_new_timeline_is_heard_at_once_and_without_delay(change: Callable[[int], tuple[int, Packet]]) -> None:
    run = _after_a_change(change)
    assert set(range(205, 395)) <= set(run.played())
    assert run.mean_delay(50) < 0.08


def test_every_packet_twice_and_every_tenth_out_of_order() -> None:
    buffer = JitterBuffer()
    played = []
    for n in range(1000):
        late = n - 1 if n % 10 == 5 else n + 1 if n % 10 == 4 else n
        for _ in range(2):
            buffer.push(1, packet(late), n * TICK + 0.03)
        value = buffer.pull(n * TICK + 0.037)
        played += [number_of(value.packet)] if isinstance(value, Play) else []
    assert played == list(range(len(played)))
    assert len(played) > 990


lateness = st.lists(st.floats(0.0, 0.15), min_size=50, max_size=50)


@settings(max_examples=60, deadline=None)
@given(lateness, st.sets(st.integers(0, 49), max_size=8), st.floats(-200, 200))
def test_whatever_a_network_did_ten_calm_seconds_heal_it(late: list[float], lost: set[int], ppm: float) -> None:
    def network(n: int) -> float | None:
        if n >= 250:
            return 0.03
        return None if n % 50 in lost else 0.03 + late[n % 50]

    run = simulate(network, 1300, ppm=ppm)
    assert max(run.delays) <= 0.5 + TICK
    assert run.mean_delay(50) < 0.12
    assert set(range(1100, 1280)) <= set(run.played())
    assert run.delays[-1] <= HIGHEST

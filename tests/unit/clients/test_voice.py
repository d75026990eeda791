import numpy as np
import pytest

from hustings.base.backoff import Backoff
from hustings.clients.voice import Voice

RAMP = np.arange(2400, dtype=np.float32)  # 50 ms


def test_two_voices_begun_together_stay_together_when_one_reconnects() -> None:
    first, second = Voice(RAMP, loop=True), Voice(RAMP, loop=True)
    first.begin(100.0)
    second.begin(100.0)
    second.begin(107.0)

    assert first.tick_at(109.0) == second.tick_at(109.0) == 450


def test_a_loop_goes_round_without_a_seam() -> None:
    voice = Voice(RAMP, loop=True)

    assert voice.tick(2)[479:482].tolist() == [2399.0, 0.0, 1.0]


def test_a_voice_that_begins_later_is_silent_until_then_and_starts_at_its_first_sample() -> None:
    voice = Voice(RAMP + 1, loop=True, started=100.0)

    assert voice.tick_at(99.5) == -25
    assert not voice.tick(-1).any()
    assert voice.tick(0)[0] == 1.0


def test_after_the_end_of_a_recording_comes_silence() -> None:
    voice = Voice(RAMP)

    assert voice.tick(2)[479:482].tolist() == [2399.0, 0.0, 0.0]
    assert voice.tick(9).tolist() == [0.0] * 960


def test_a_recording_is_over_when_its_time_is_and_a_loop_never() -> None:
    voice, loop = Voice(RAMP), Voice(RAMP, loop=True)
    assert not voice.is_over(1e9)

    voice.begin(5.0)
    loop.begin(5.0)

    assert [voice.is_over(5.049), voice.is_over(5.051), loop.is_over(99.0)] == [False, True, False]


def test_back_off_doubles_to_its_limit_and_begins_again_when_reset() -> None:
    backoff = Backoff(first=1.0, limit=4.0)
    waits = [backoff.next() for _ in range(20)]

    assert 0.5 <= waits[0] <= 1.0 <= waits[1] <= 2.0 <= waits[2] <= 4.0
    assert max(waits) <= 4.0
    backoff.reset()
    assert backoff.next() <= 1.0


@pytest.mark.parametrize("at_least", [0.0, 30.0])
def test_a_server_that_says_when_is_not_asked_earlier(at_least: float) -> None:
    assert Backoff().next(at_least) >= at_least

import numpy as np
import pytest

from hustings.clients.media import silence
from hustings.clients.playback import Playback

SECOND = np.full(48_000, 0.1, np.float32)


def test_parts_that_come_in_time_neither_stall_nor_leave_gaps() -> None:
    playback = Playback()
    for number in range(5):
        playback.arrived(at=10.0 + number * 0.5, start=float(number), samples=SECOND)

    assert (playback.stalls, playback.gaps, playback.played) == (0, 0, 5.0)


def test_a_late_part_stalls_once_and_the_player_stays_behind_by_as_much() -> None:
    playback = Playback()
    for number, at in enumerate([0.0, 1.0, 4.0, 4.5, 5.5]):
        playback.arrived(at, float(number), SECOND)

    assert (playback.stalls, playback.stalled) == (1, 2.0)


def test_missing_media_time_is_a_gap_and_its_length_is_given_back() -> None:
    playback = Playback()
    playback.arrived(0.0, 100.0, SECOND)

    assert playback.arrived(1.0, 103.0, SECOND) == 2.0
    assert (playback.gaps, playback.missing) == (1, 2.0)


def test_level_and_silence_are_told_apart() -> None:
    playback = Playback()
    playback.arrived(0.0, 0.0, silence(48_000))
    assert (playback.level, playback.silent) == (None, 1.0)

    playback.arrived(0.0, 1.0, SECOND)
    assert playback.level == pytest.approx(-23.0, abs=0.1)
    assert playback.silent == 1.0


def test_lateness_is_none_until_one_part_was_measured() -> None:
    playback = Playback()
    assert playback.lateness_at(0.5) is None

    playback.lateness += [0.1, 0.2, 0.3]
    assert playback.lateness_at(0.5) == pytest.approx(0.2)

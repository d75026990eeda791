"""What the desk says of a seat's sound, within five seconds of its going wrong: real speech, mixed and ridden."""

from typing import Any

import msgspec
import numpy as np
import pytest
from tests.support.hearing import voices
from tests.support.stage import Hall, Speaker, hall, make_plan, seat
from tests.support.talkers import Loudspeaker, Voice, hands_free

from hustings.audio.level import Samples
from hustings.audio.riding import Rider
from hustings.base.grid import SAMPLE_RATE
from hustings.stage.desk import body

pytestmark = pytest.mark.usefixtures("beds")
WITHIN = 5.0  # seconds


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Samples]:
    return voices(tmp_path_factory.mktemp("voices"))


def _health(stage: Hall, seconds: float = WITHIN) -> dict[str, dict[str, Any]]:
    stage.seconds(seconds)
    told = msgspec.json.decode(b"{" + body(stage.room, 0.0, directs=True))
    return {found["id"]: found["health"] for found in told["seats"]}


def _stage(people: dict[str, Speaker]) -> Hall:
    stage = hall(make_plan(*(seat(name) for name in people)), make_rider=Rider)
    for name, person in people.items():
        stage.seat(name, person)
    return stage


def _wrong(health: dict[str, Any]) -> set[str]:
    return {name for name in ("narrowband", "clipping", "dead", "echo") if health[name]}


def test_a_good_voice_has_nothing_wrong_however_quiet_or_loud(said: dict[str, Samples]) -> None:
    loud = said["en-gb+f3"] * (0.95 / np.abs(said["en-gb+f3"]).max())
    stage = _stage({"ada": Voice(said["en-us"]), "ben": Voice(said["de"] * 0.05), "eve": Voice(loud)})
    for _ in range(4):
        assert [_wrong(found) for found in _health(stage).values()] == [set(), set(), set()]


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (hands_free, "narrowband"),
        (lambda sound: np.clip(sound * 40, -1, 1), "clipping"),
        (np.zeros_like, "dead"),
    ],
)
def test_what_is_wrong_with_a_microphone_is_told_of_its_seat_alone(
    spoil: Any, word: str, said: dict[str, Samples]
) -> None:
    stage = _stage({"ada": Voice(said["en-us"]), "ben": Voice(spoil(said["de"][: 5 * SAMPLE_RATE]))})
    health = _health(stage)
    assert word in _wrong(health["ben"])
    assert _wrong(health["ada"]) == set()


def test_a_loudspeaker_that_returns_the_others_is_told_of_its_seat_alone(said: dict[str, Samples]) -> None:
    health = _health(_stage({"ada": Voice(said["en-us"]), "ben": Loudspeaker()}))
    assert _wrong(health["ben"]) == {"echo"}
    assert _wrong(health["ada"]) == set()


def test_a_quiet_voice_in_a_room_speaks_while_it_does_and_no_longer(said: dict[str, Samples]) -> None:
    """The gain that is ridden must not make speech of the room's noise."""
    room = np.random.default_rng(1).normal(0, 0.0015, 30 * SAMPLE_RATE).astype(np.float32)
    sound = np.concatenate((said["en-us"][: 10 * SAMPLE_RATE] * 0.4, np.zeros(10 * SAMPLE_RATE, np.float32)))
    stage = _stage({"ada": Voice(sound + room[: len(sound)])})
    chair = stage.room.chair("ada")
    assert chair is not None
    stage.seconds(9)
    assert chair.meter.speaking
    assert chair.rider.gain_db > 4
    stage.seconds(2.5)
    for _ in range(8):
        assert not chair.meter.speaking
        assert not chair.health.clipping
        stage.seconds(1)

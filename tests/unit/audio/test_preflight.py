"""Ten seconds before the start: each fault alone is found, and a good voice has none."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import butter, sosfilt
from tests.support.hearing import voices
from tests.support.talkers import cut, driven, hands_free, noise

from hustings.audio.level import Samples
from hustings.audio.preflight import SPEAK_TICKS, STEPS, Preflight, Step
from hustings.base.grid import SAMPLE_RATE, TICK

ROOM = 0.0004  # effective value, -68 dBFS
LENGTH = sum(STEPS.values())


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Samples]:
    return voices(tmp_path_factory.mktemp("voices"))


def spoken(sound: npt.NDArray[np.floating], *, after: float = 0.6) -> Samples:
    """Ten seconds of somebody who begins `after` seconds and stops late, as people do."""
    whole = np.zeros(LENGTH * TICK, np.float32)
    first, last = round(after * SAMPLE_RATE), SPEAK_TICKS * TICK + SAMPLE_RATE // 2
    whole[first:last] = np.resize(sound, last - first)
    return whole


@dataclass
class Loudspeaker:
    """Gives back what is played, `seconds` later, quieter and thinner."""

    seconds: float
    loudness: float

    def returns(self, sent: list[Samples], at: int) -> Samples:
        late = at - round(self.seconds * SAMPLE_RATE / TICK)
        return sent[late] * np.float32(self.loudness) if late >= 0 else np.zeros(TICK, np.float32)


def check(
    microphone: npt.NDArray[np.floating],
    *,
    room: float = ROOM,
    echo: Loudspeaker | None = None,
    lost: float = 0.0,
    concealed: float = 0.0,
) -> Preflight:
    preflight = Preflight()
    sound = np.clip(microphone + noise(LENGTH / 50, room), -1, 1).astype(np.float32).reshape(-1, TICK)
    sent: list[Samples] = []
    for number, tick in enumerate(sound):
        playing = preflight.sent
        sent.append(np.zeros(TICK, np.float32) if playing is None else playing)
        preflight.tick(tick if echo is None else tick + echo.returns(sent, number))
        preflight.network(lost, concealed)
    assert preflight.step is Step.DONE
    return preflight


def test_it_asks_for_speech_then_quiet_and_then_plays_something_and_takes_ten_seconds() -> None:
    preflight = Preflight()
    steps, loud = [], []
    for _ in range(LENGTH):
        steps.append(preflight.step.value)
        sent = preflight.sent
        loud.append(None if sent is None else bool(np.abs(sent).max() > 0.01))
        preflight.tick(None)
    assert LENGTH == 500
    assert list(dict.fromkeys(steps)) == ["speak", "quiet", "listen"]
    assert set(loud[:SPEAK_TICKS]) == {None}
    assert not any(loud[SPEAK_TICKS : steps.index("listen")])
    assert np.mean([bool(each) for each in loud[steps.index("listen") :]]) > 0.7


def test_a_good_voice_is_good(said: dict[str, Samples]) -> None:
    for name, sound in said.items():
        found = check(spoken(sound))
        assert (found.grade, found.faults) == ("good", ()), name


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (cut, "narrowband"),
        (hands_free, "narrowband"),
        (driven, "clipping"),
        (lambda sound: sound * 0.04, "quiet"),
    ],
)
def test_each_fault_of_a_voice_is_found_alone(
    spoil: Callable[[Samples], Samples], fault: str, said: dict[str, Samples]
) -> None:
    for name, sound in said.items():
        found = check(spoken(spoil(sound)), room=0.00005)
        assert (found.grade, found.faults) == ("fair", (fault,)), name


def test_a_fan_is_noise_and_a_quiet_room_is_none(said: dict[str, Samples]) -> None:
    for sound in said.values():
        assert check(spoken(sound), room=0.002).faults == ()  # -54 dBFS: 30 dB below
        fan = check(spoken(sound), room=0.012)
        assert (fan.grade, fan.faults) == ("fair", ("noise",))
        storm = check(spoken(sound), room=0.04)
        assert (storm.grade, storm.faults) == ("poor", ("noise",))


@pytest.mark.parametrize("delay", [0.06, 0.2, 0.55])
@pytest.mark.parametrize("loudness", [0.05, 0.5])
def test_a_loudspeaker_is_an_echo(delay: float, loudness: float, said: dict[str, Samples]) -> None:
    found = check(spoken(said["en-us"]), echo=Loudspeaker(delay, loudness))
    assert (found.grade, found.faults) == ("poor", ("echo",))


def test_who_talks_on_while_it_plays_is_no_echo(said: dict[str, Samples]) -> None:
    for name, sound in said.items():
        assert "echo" not in check(np.resize(sound, LENGTH * TICK)).faults, name


def test_nothing_at_all_is_silent_and_so_is_a_room_in_which_nobody_speaks() -> None:
    nothing = Preflight()
    for _ in range(LENGTH):
        nothing.tick(None)
    assert (nothing.grade, nothing.faults) == ("poor", ("silent",))
    assert check(np.zeros(LENGTH * TICK), room=0.003).faults == ("silent",)


def test_a_bad_network_is_told_and_one_that_hardly_loses_is_not(said: dict[str, Samples]) -> None:
    voice = spoken(said["en-us"])
    assert check(voice, lost=0.01, concealed=0.005).faults == ()
    fair, poor = check(voice, lost=0.05), check(voice, lost=0.1)
    assert (fair.grade, fair.faults) == ("fair", ("loss",))
    assert (poor.grade, poor.faults) == ("poor", ("loss",))
    assert check(voice, concealed=0.03).faults == ("loss",)


def test_two_faults_are_poor(said: dict[str, Samples]) -> None:
    found = check(spoken(cut(said["en-us"])), lost=0.05)
    assert (found.grade, found.faults) == ("poor", ("loss", "narrowband"))


def test_a_bump_against_the_table_is_no_clipping(said: dict[str, Samples]) -> None:
    voice = spoken(said["en-us"])
    bump = sosfilt(butter(2, 200, fs=SAMPLE_RATE, output="sos"), np.r_[30.0, np.zeros(TICK - 1)])
    voice[100 * TICK : 101 * TICK] += 4 * bump
    assert check(np.clip(voice, -1, 1)).faults == ()

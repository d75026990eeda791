"""What listeners hear after an automatic hold: clear speech with its first word, and no murmur."""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from tests.support.stage import Hall, Speaker, amplitude_at, drained, hall, make_plan, seat

from hustings.audio.level import Samples
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.documents.blocks import Block, ProgrammeBlock, SeatPacket
from hustings.documents.feed import Programme, Voices
from hustings.stage.programme import IDLE_FOR

pytestmark = pytest.mark.usefixtures("beds")
MURMUR, USUAL = 0.01, 0.1  # amplitudes: -43 and -23 dBFS
HIGH, HIGHER = 13_000.0, 14_000.0  # hertz, above everything in the beds


def held(delay: float = 0.0) -> tuple[Hall, Speaker]:
    """Somebody spoke, and then nobody did."""
    stage = hall(msgspec.structs.replace(make_plan(seat("ada")), delay=delay))
    ada = stage.seat("ada", Speaker(1500.0, USUAL))
    stage.seconds(10)
    ada.amplitude = 0.0
    stage.seconds(IDLE_FOR + delay + 1)
    assert kind(stage) is Programme.HOLD
    stage.programme()
    return stage, ada


def kind(stage: Hall) -> Programme:
    return stage.room.timeline.kind


def said(programme: Samples, hertz: float = 1500.0) -> float:
    """Seconds for which the hum is in it at its usual amplitude."""
    blocks = programme[: len(programme) // TICK * TICK].reshape(-1, TICK)
    turning = np.exp(-2j * np.pi * hertz * np.arange(TICK) / SAMPLE_RATE)
    return float((2 * np.abs((blocks * turning).mean(axis=1)) > USUAL / 2).sum()) * TICK / SAMPLE_RATE


def test_a_murmur_does_not_end_a_hold_and_clear_speech_does() -> None:
    stage, ada = held()
    ada.amplitude = MURMUR
    stage.seconds(20)
    assert kind(stage) is Programme.HOLD
    assert stage.room.watch.silence.dead_air > IDLE_FOR
    ada.amplitude = USUAL
    stage.seconds(1)
    assert kind(stage) is Programme.CONVERSATION
    assert stage.room.watch.silence.dead_air == 0.0


def test_a_cough_does_not_end_a_hold() -> None:
    stage, ada = held()
    ada.amplitude = USUAL
    stage.seconds(0.36)
    ada.amplitude = 0.0
    stage.seconds(5)
    assert kind(stage) is Programme.HOLD


@pytest.mark.parametrize("offset", range(0, 10, 3))
def test_the_first_word_after_a_hold_is_heard_from_its_beginning(offset: int) -> None:
    """`offset`: whenever it falls between two looks."""
    stage, ada = held()
    stage.step(offset)
    for seconds, amplitude in ((0.4, USUAL), (0.5, 0.0), (1.0, USUAL), (3.0, 0.0)):
        ada.amplitude = amplitude
        stage.seconds(seconds)
    assert said(stage.programme()) == pytest.approx(1.4, abs=0.07)


def test_a_conversation_that_returned_is_soon_heard_without_delay() -> None:
    stage, ada = held()
    for _ in range(8):
        for seconds, amplitude in ((0.6, USUAL), (0.4, 0.0)):
            ada.amplitude = amplitude
            stage.seconds(seconds)
    stage.programme()
    ada.amplitude = USUAL
    stage.seconds(0.2)
    assert said(stage.programme()) >= 0.16


def test_a_room_s_steady_noise_is_dead_air_and_keeps_no_hold_away() -> None:
    stage = hall(make_plan(seat("ada")))
    stage.seat("ada", Speaker(500.0, 0.002))  # -57 dBFS
    stage.seconds(5)
    assert stage.room.watch.silence.dead_air > 3.0
    stage.seconds(12)
    assert kind(stage) is Programme.HOLD


def test_the_host_s_own_hold_ends_with_the_host_s_word_alone() -> None:
    stage, ada = held()
    stage.change(hold=True)
    stage.seconds(1)
    ada.amplitude = MURMUR
    stage.change(hold=False)
    stage.seconds(1)
    assert kind(stage) is Programme.CONVERSATION


def murmuring() -> tuple[Hall, Speaker, Speaker]:
    """In a hold that came by itself, Ada murmurs and Ben is silent."""
    stage = hall(make_plan(seat("ada"), seat("ben"), seat("eve", on_air=False)))
    ada, ben = stage.seat("ada", Speaker(HIGH, USUAL)), stage.seat("ben", Speaker(HIGHER, USUAL))
    stage.seconds(10)
    ada.amplitude = ben.amplitude = 0.0
    stage.seconds(IDLE_FOR + 1)
    ada.amplitude = MURMUR
    stage.seconds(2)
    assert kind(stage) is Programme.HOLD
    stage.programme()
    drained(stage.out.recorder, object)
    return stage, ada, ben


def loudest(programme: Samples, hertz: float = HIGH) -> float:
    return max(amplitude_at(tick, hertz) for tick in programme.reshape(-1, TICK))


def press_talkback(stage: Hall) -> None:
    ada = stage.room.chair("ada")
    assert ada is not None
    stage.room.talkback.press(ada, ["eve"], stage.now - stage.started)


SHUT: dict[str, Callable[[Hall], None]] = {
    "muted": lambda stage: stage.change_seat("ada", muted=True),
    "taken off air": lambda stage: stage.change_seat("ada", on_air=False),
    "taken off the stage": lambda stage: stage.change(seats=stage.plan.seats[1:]),
    "turned to one": press_talkback,
}


@pytest.mark.parametrize("late", [0.0, 1.0])
@pytest.mark.parametrize("how", SHUT)
def test_what_a_seat_said_in_a_hold_before_it_was_shut_goes_out_by_nobody_s_word(how: str, late: float) -> None:
    """With a delay and without."""
    stage, _, ben = murmuring()
    stage.change(delay=late)
    SHUT[how](stage)
    ben.amplitude = USUAL
    stage.seconds(3)
    heard = stage.programme()
    assert said(heard, ben.hertz) == pytest.approx(3 - late, abs=0.7)
    assert loudest(heard) < MURMUR / 5  # the other's onset has a little of every pitch
    assert "ada" not in {packet.seat for packet in drained(stage.out.recorder, SeatPacket)}


def test_a_murmur_of_whoever_stays_open_is_before_the_word_that_ends_a_hold() -> None:
    stage, ada, ben = murmuring()
    ben.amplitude = USUAL
    stage.seconds(3)
    assert loudest(stage.programme(), ada.hertz) > MURMUR / 2


@pytest.mark.parametrize("late", [0.0, 1.0])
def test_a_silence_that_is_meant_airs_nothing_from_before_it_was(late: float) -> None:
    stage, ada, _ = murmuring()
    stage.change(delay=late)
    stage.change(silence_intended=True)
    ada.amplitude = 0.0
    stage.seconds(4)
    assert kind(stage) is Programme.CONVERSATION
    assert loudest(stage.programme()[-TICK * 50 :]) < 1e-4
    assert "ada" not in {packet.seat for packet in drained(stage.out.recorder, SeatPacket)}


def test_nothing_that_waited_in_a_hold_of_the_host_s_own_goes_out_when_it_is_lifted() -> None:
    stage, ada = held()
    ada.hertz, ada.amplitude = HIGH, USUAL
    stage.seconds(0.8)
    assert kind(stage) is Programme.CONVERSATION
    stage.change(hold=True)
    stage.seconds(0.5)
    ada.amplitude = 0.0
    stage.programme()
    stage.change(hold=False)
    stage.seconds(3)
    assert loudest(stage.programme()) < USUAL / 20


def test_a_seat_s_track_and_the_programme_agree_from_the_first_word_after_a_hold() -> None:
    stage, ada = held()
    drained(stage.out.recorder, object)
    for seconds, amplitude in ((0.4, USUAL), (0.5, 0.0), (1.0, USUAL), (3.0, 0.0)):
        ada.amplitude = amplitude
        stage.seconds(seconds)
    recorded = [item for item in drained(stage.out.recorder, object) if isinstance(item, Block)]
    heard = {
        item.position
        for item in recorded
        if isinstance(item, ProgrammeBlock) and amplitude_at(item.samples, 1500.0) > USUAL / 2
    }
    kept = {item.position for item in recorded if isinstance(item, SeatPacket)}
    assert len(heard) > 65  # 1.4 s were said
    assert len(heard ^ kept) <= 1  # the fade at its beginning


@pytest.mark.parametrize("delay", [0.0, 7.0])
def test_the_world_is_told_who_speaks_when_it_hears_them_though_a_hold_s_end_is_late(delay: float) -> None:
    stage, ada = held(delay)
    stage.frames.clear()
    for seconds, amplitude in ((1.5, USUAL), (2.5 + delay, 0.0)):
        ada.amplitude = amplitude
        stage.seconds(seconds)
    heard = [block.position for block in stage.blocks() if amplitude_at(block.samples, 1500.0) > USUAL / 2]
    told = [(frame.position, frame.voices[0]) for frame in stage.frames if isinstance(frame, Voices)]
    spoke = [position for position, voice in told if voice.speaking]
    silent = [position for position, voice in told if not voice.speaking and position > spoke[0]]
    assert 0 <= spoke[0] - heard[0] < SAMPLE_RATE / 2
    assert 0 <= silent[0] - heard[-1] < SAMPLE_RATE / 2
    assert all(voice.level == 0.0 for position, voice in told if position < heard[0])

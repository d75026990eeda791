"""What listeners hear after an automatic hold: clear speech with its first word, and no murmur."""

import numpy as np
import pytest
from tests.support.stage import Hall, Speaker, amplitude_at, drained, hall, make_plan, seat

from hustings.audio.level import Samples
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.documents.blocks import Block, ProgrammeBlock, SeatPacket
from hustings.documents.feed import Programme
from hustings.stage.programme import IDLE_FOR

pytestmark = pytest.mark.usefixtures("beds")
MURMUR, USUAL = 0.01, 0.1  # amplitudes: -43 and -23 dBFS


def held() -> tuple[Hall, Speaker]:
    """Somebody spoke, and then nobody did."""
    stage = hall(make_plan(seat("ada")))
    ada = stage.seat("ada", Speaker(1500.0, USUAL))
    stage.seconds(10)
    ada.amplitude = 0.0
    stage.seconds(IDLE_FOR + 1)
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

"""With a programme delay everything goes out so much later, together; what is dumped meanwhile was never anywhere."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from tests.support.stage import DOORS_AT, Hall, Speaker, amplitude_at, drained, hall, make_plan, seat

from hustings.audio.beds import hold_bed
from hustings.audio.level import Samples
from hustings.base.grid import PART, SAMPLE_RATE, TICK
from hustings.documents.blocks import Block, ProgrammeBlock, ProgrammeEnd, SeatPacket
from hustings.documents.feed import Plan, Programme, Voices
from hustings.documents.public import Voice
from hustings.documents.space import SpacePlan, SpaceState
from hustings.stage.desk import body

pytestmark = pytest.mark.usefixtures("beds")

LATE = 2.0  # seconds
LATE_TICKS = 100
HUM, OATH = 13_000.0, 14_000.0  # hertz, above everything in the beds


def doors(late: float = LATE, **changes: object) -> Hall:
    plan = make_plan(seat("ada"), seat("ben"), state=SpaceState.DOORS)
    return hall(msgspec.structs.replace(plan, delay=late, **changes))


def go_live(stage: Hall) -> None:
    stage.change(state=SpaceState.LIVE, live_at=stage.now)


def live() -> tuple[Hall, Speaker]:
    """Ada has hummed for 3 s, of which 1 s has been heard."""
    stage = doors()
    ada = stage.seat("ada", Speaker(HUM))
    stage.seconds(1)
    go_live(stage)
    stage.seconds(3)
    return stage, ada


def loud(blocks: list[ProgrammeBlock], hertz: float) -> list[bool]:
    """In which of the blocks somebody hums."""
    return [amplitude_at(block.samples, hertz) > 0.05 for block in blocks]


def kinds(blocks: list[ProgrammeBlock]) -> list[tuple[Programme, int]]:
    """The programmes in the order they came, each with where it began."""
    first = [(blocks[0].programme, blocks[0].position)]
    return first + [(b.programme, b.position) for a, b in pairwise(blocks) if a.programme is not b.programme]


def samples(blocks: list[ProgrammeBlock]) -> Samples:
    return np.concatenate([block.samples for block in blocks])


def swear(stage: Hall, who: Speaker) -> None:
    """Half a second of what must not be heard, half a second of nothing after it."""
    who.hertz = OATH
    stage.seconds(0.5)
    who.hertz, who.amplitude = HUM, 0.0
    stage.seconds(0.5)


def test_the_preshow_goes_on_until_the_first_word_comes_out_so_many_seconds_after_it_was_said() -> None:
    stage = doors()
    stage.seat("ada", Speaker(HUM))
    stage.seconds(1)
    go_live(stage)
    stage.seconds(4)
    blocks = stage.blocks()
    told = kinds(blocks)
    assert told == [(Programme.PRESHOW, 0), (Programme.CONVERSATION, (50 + LATE_TICKS) * TICK)]
    heard = loud(blocks, HUM)
    assert not any(heard[: 50 + LATE_TICKS])
    assert all(heard[50 + LATE_TICKS + 4 :])
    assert all(after.position - before.position == TICK for before, after in pairwise(blocks))


def test_who_goes_live_without_doors_is_heard_so_many_seconds_later() -> None:
    stage = hall(msgspec.structs.replace(make_plan(seat("ada"), state=SpaceState.SCHEDULED), delay=LATE))
    stage.seat("ada", Speaker(HUM))
    stage.seconds(1)
    stage.change(state=SpaceState.LIVE, doors_at=stage.now, live_at=stage.now)
    stage.seconds(4)
    assert kinds(stage.blocks()) == [(Programme.PRESHOW, 0), (Programme.CONVERSATION, LATE_TICKS * TICK)]


def test_the_last_word_is_heard_before_the_closing_sound_and_the_programme_ends_in_a_full_part() -> None:
    stage, ada = live()
    ada.hertz = OATH
    stage.seconds(1)
    stage.change(state=SpaceState.ENDED, ended_at=stage.now)
    stage.blocks()
    stage.seconds(7)
    items = drained(stage.out.broadcast, object)
    end = items[-1]
    assert isinstance(end, ProgrammeEnd)
    assert end.position % PART == 0
    blocks = [item for item in items if isinstance(item, ProgrammeBlock)]
    assert [kind for kind, _ in kinds(blocks)] == [Programme.CONVERSATION, Programme.END]
    assert sum(loud(blocks, OATH)) == pytest.approx(50, abs=8)
    assert sum(block.programme is Programme.CONVERSATION for block in blocks) == LATE_TICKS


def test_a_hold_comes_and_goes_so_many_seconds_later() -> None:
    stage, _ = live()
    stage.blocks()
    stage.change(hold=True)
    stage.seconds(1)
    stage.change(hold=False)
    stage.seconds(4)
    blocks = stage.blocks()
    start = blocks[0].position
    assert [(kind, (at - start) // TICK) for kind, at in kinds(blocks)] == [
        (Programme.CONVERSATION, 0),
        (Programme.HOLD, LATE_TICKS),
        (Programme.CONVERSATION, LATE_TICKS + 50),
    ]


def test_what_is_dumped_is_heard_by_nobody_and_kept_nowhere_and_the_rest_is() -> None:
    stage, ada = live()
    swear(stage, ada)
    stage.seconds(LATE - 1)  # the next to come out is the first of it
    lost = stage.room.air.dump(stage.now)
    ada.amplitude = 0.1
    stage.seconds(5)
    delivered, recorded = stage.blocks(), drained_all(stage)
    assert lost == LATE
    assert max(amplitude_at(block.samples, OATH) for block in delivered) < 0.003
    kept = [item for item in recorded if isinstance(item, ProgrammeBlock)]
    assert all(one is other for one, other in zip(kept, delivered, strict=True))
    after = [block for block in delivered if block.programme is Programme.CONVERSATION]
    assert [kind for kind, _ in kinds(delivered)][-2:] == [Programme.HOLD, Programme.CONVERSATION]
    assert loud(after, HUM)[-1]
    packets = [item for item in recorded if isinstance(item, SeatPacket)]
    back = kinds(delivered)[-1][1]
    assert min(packet.position for packet in packets if packet.position >= back) == back
    dumped_from = back - LATE_TICKS * TICK
    assert not [packet for packet in packets if dumped_from <= packet.position < back]


def drained_all(stage: Hall) -> list[Block]:
    return [item for item in drained(stage.out.recorder, object) if isinstance(item, Block)]


def test_what_waited_to_end_a_hold_is_dumped_with_the_rest() -> None:
    stage, ada = live()
    ada.amplitude = 0.0
    stage.seconds(17)
    ada.hertz, ada.amplitude = OATH, 0.1
    stage.seconds(0.3)
    stage.room.air.dump(stage.now)
    ada.hertz = HUM
    stage.seconds(6)
    blocks = stage.blocks()
    assert max(amplitude_at(block.samples, OATH) for block in blocks) < 0.003
    assert loud(blocks, HUM)[-1]


def test_what_is_not_dumped_is_heard() -> None:
    stage, ada = live()
    swear(stage, ada)
    stage.seconds(3)
    assert any(loud(stage.blocks(), OATH))


class Cosine(Speaker):
    """Whose hum is at its highest where a tick ends."""

    def pull(self) -> Samples | None:
        sound = super().pull()
        return sound if sound is None else np.roll(sound, -SAMPLE_RATE // 500 // 4)


def test_a_dump_cuts_without_a_click_and_plays_the_hold_sound() -> None:
    stage = doors()
    ada = stage.seat("ada", Cosine(500.0))
    go_live(stage)
    stage.seconds(4)
    stage.blocks()
    stage.step(1)
    stage.room.air.dump(stage.now)
    ada.amplitude = 0.0
    stage.seconds(LATE)
    sound = samples(stage.blocks())
    smoothest = 2 * np.pi * 500 / SAMPLE_RATE * 0.1
    assert np.abs(np.diff(sound)).max() < float(np.abs(np.diff(hold_bed())).max()) + 1.3 * smoothest
    assert np.sqrt(np.mean(sound[-SAMPLE_RATE // 2 :] ** 2)) > 0.03


def test_dumping_twice_loses_nothing_more_than_was_said_meanwhile() -> None:
    stage, _ = live()
    assert stage.room.air.dump(stage.now) == LATE
    stage.seconds(0.5)
    assert stage.room.air.dump(stage.now) == 0.5
    assert stage.room.timeline.dumped_at == stage.now
    assert msgspec.json.decode(b"{" + body(stage.room, 0.0, directs=False))["dumped"] == 0.5


def test_a_dump_tells_of_what_waited_to_be_heard_after_a_hold_too() -> None:
    stage, ada = live()
    ada.amplitude = 0.0
    stage.seconds(20)
    ada.amplitude = 0.1
    before = stage.now
    while stage.room.timeline.kind is not Programme.CONVERSATION:
        stage.step()
    said = stage.now - before  # from the first word until it is out
    assert said > LATE + 0.3
    assert stage.room.air.dump(stage.now) == pytest.approx(said, abs=0.7)
    assert stage.room.timeline.dumped > LATE


def test_nobody_sees_a_name_speak_before_it_is_heard_or_when_it_was_dumped() -> None:
    stage = doors()
    ada = stage.seat("ada", Speaker(HUM))
    go_live(stage)
    spoke_at = stage.now
    stage.seconds(1.5)
    assert not any(voice.speaking or voice.level for voice in told(stage))
    stage.seconds(2)
    assert any(voice.speaking for voice in told(stage))
    ada.amplitude = 0.0
    stage.seconds(3)
    stage.frames.clear()
    ben = stage.seat("ben", Speaker(OATH))
    stage.seconds(0.5)
    ben.amplitude = 0.0
    stage.seconds(1)
    stage.room.air.dump(stage.now)
    stage.seconds(3)
    assert not any(voice.speaking or voice.level for voice in told(stage))
    assert stage.now - spoke_at > LATE


def told(stage: Hall) -> list[Voice]:
    return [voice for frame in stage.frames if isinstance(frame, Voices) for voice in frame.voices]


def plans(stage: Hall) -> list[SpacePlan]:
    return [frame.plan for frame in stage.frames if isinstance(frame, Plan)]


def test_the_world_is_told_of_the_start_and_the_end_when_it_hears_them() -> None:
    stage = doors()
    stage.seat("ada", Speaker(HUM))
    stage.seconds(1)
    go_live(stage)
    live_at = stage.now
    stage.seconds(LATE - 0.1)
    assert (plans(stage)[-1].state, plans(stage)[-1].live_at) == (SpaceState.DOORS, None)
    stage.seconds(1)
    assert (plans(stage)[-1].state, plans(stage)[-1].live_at) == (SpaceState.LIVE, live_at + LATE)
    stage.change(state=SpaceState.ENDED, ended_at=stage.now)
    ended_at = stage.now
    stage.seconds(LATE - 0.1)
    assert (plans(stage)[-1].state, plans(stage)[-1].ended_at) == (SpaceState.LIVE, None)
    stage.seconds(1)
    assert (plans(stage)[-1].state, plans(stage)[-1].ended_at) == (SpaceState.ENDED, ended_at + LATE)


def test_without_a_delay_the_world_is_told_at_once() -> None:
    stage = doors(0.0)
    go_live(stage)
    assert plans(stage)[-1] == stage.plan


def test_a_seat_s_own_track_lies_beside_the_programme() -> None:
    stage = doors()
    ada = stage.seat("ada", Speaker(HUM))
    ada.amplitude = 0.0
    go_live(stage)
    stage.seconds(2)
    ada.amplitude = 0.1
    stage.seconds(0.5)
    ada.amplitude = 0.0
    stage.seconds(4)
    items = drained_all(stage)
    spoken = [item.position for item in items if isinstance(item, SeatPacket)]
    heard = [i.position for i in items if isinstance(i, ProgrammeBlock) and amplitude_at(i.samples, HUM) > 0.05]
    assert len(spoken) == 25
    assert abs(spoken[0] - heard[0]) <= TICK
    assert abs(spoken[-1] - heard[-1]) <= TICK


def test_a_restarted_stage_plays_the_hold_sound_until_what_is_said_comes_out() -> None:
    plan = msgspec.structs.replace(make_plan(seat("ada")), delay=LATE, live_at=DOORS_AT + 5)
    stage = hall(plan, now=DOORS_AT + 100.3, resumed=True)
    assert plans(stage)[-1].state is SpaceState.LIVE
    stage.seat("ada", Speaker(HUM))
    stage.seconds(4)
    blocks = stage.blocks()
    start = blocks[0].position
    assert start % PART == 0
    assert kinds(blocks) == [(Programme.HOLD, start), (Programme.CONVERSATION, start + LATE_TICKS * TICK)]


def test_a_stage_restarted_before_the_first_word_came_out_plays_the_preshow_on() -> None:
    plan = msgspec.structs.replace(make_plan(seat("ada")), delay=LATE, live_at=DOORS_AT + 9.5)
    stage = hall(plan, now=DOORS_AT + 10, resumed=True)
    stage.seconds(4)
    told = [kind for kind, _ in kinds(stage.blocks())]
    assert told == [Programme.PRESHOW, Programme.HOLD, Programme.CONVERSATION]


def test_a_stage_restarted_long_after_the_end_closes_at_once() -> None:
    plan = msgspec.structs.replace(
        make_plan(seat("ada"), state=SpaceState.ENDED), delay=LATE, live_at=DOORS_AT + 5, ended_at=DOORS_AT + 100
    )
    stage = hall(plan, now=DOORS_AT + 5000, resumed=True)
    stage.seconds(4)
    assert [kind for kind, _ in kinds(stage.blocks())] == [Programme.END]
    assert stage.room.air.finished_at is not None


def test_a_stage_that_stood_still_says_afterwards_what_was_said_before() -> None:
    stage, ada = live()
    ada.hertz = OATH
    stage.seconds(1)
    ada.hertz = HUM
    before = stage.blocks()[-1].position
    stage.room.skip(100)
    stage.seconds(3)
    blocks = stage.blocks()
    assert blocks[0].position == before + 101 * TICK
    assert sum(loud(blocks, OATH)) == pytest.approx(50, abs=2)


@pytest.mark.parametrize("late", [0.0, 1.0, 4.0])
def test_another_delay_may_be_chosen_while_the_preshow_plays(late: float) -> None:
    stage = doors()
    stage.seat("ada", Speaker(HUM))
    stage.seconds(1)
    stage.change(delay=late)
    stage.seconds(1)
    go_live(stage)
    stage.seconds(6)
    assert kinds(stage.blocks())[-1] == (Programme.CONVERSATION, round((2 + late) * 50) * TICK)

"""What the stage tells of its parts, and what it keeps of the monitor's word."""

import numpy as np
import pytest
from tests.support.stage import Speaker, hall, make_plan, seat

from hustings.audio.level import FLOOR_DB
from hustings.audio.sounding import TICKS, sounding
from hustings.base.grid import PART, PART_SECONDS, SAMPLE_RATE, TICK
from hustings.documents.heard import Heard, Place, What
from hustings.documents.space import SpaceState
from hustings.stage.alarms import Fault
from hustings.stage.heard import KEPT_FOR, MOST_EDGES, SILENT, HeardBook
from hustings.stage.sounded import KEPT


def test_a_part_says_what_was_said_and_what_came_of_it() -> None:
    space = hall(make_plan(seat("ada")))
    space.seat("ada", Speaker(amplitude=0.1))
    space.seconds(4 * PART_SECONDS)
    part = space.room.air.sounded.after(-1)[2]
    assert (part.number, part.ticks, part.late) == (2, TICKS, 0.0)
    assert (part.talk, part.bed, part.silence_meant) == (True, False, False)
    assert part.voices == pytest.approx([-23.0] * TICKS, abs=0.1)
    assert part.mixed.levels == pytest.approx([-23.0] * TICKS, abs=0.1)


def test_a_silent_voice_and_a_bed_are_told_apart() -> None:
    space = hall(make_plan(seat("ada"), state=SpaceState.DOORS))
    space.seat("ada", Speaker(amplitude=0.1))  # backstage: not heard
    space.seconds(2 * PART_SECONDS)
    space.change(state=SpaceState.LIVE)
    space.seat("ada", Speaker(amplitude=0.0))
    space.seconds(3 * PART_SECONDS)
    first, *_, last = space.room.air.sounded.after(-1)
    assert (first.talk, first.bed, max(first.voices)) == (False, True, FLOOR_DB)
    assert max(first.mixed.levels) > -40
    assert (last.talk, last.bed, max(last.voices), max(last.mixed.levels)) == (True, False, FLOOR_DB, FLOOR_DB)


def test_time_the_stage_stood_still_is_missing_from_its_part() -> None:
    space = hall(make_plan(seat("ada")))
    space.seconds(PART_SECONDS)
    space.room.skip(20)
    space.seconds(2 * PART_SECONDS)
    assert [part.ticks for part in space.room.air.sounded.after(0)][:2] == [TICKS - 20, TICKS]


def test_only_the_newest_parts_are_kept_and_only_those_asked_for_are_told() -> None:
    space = hall(make_plan())
    space.seconds((KEPT + 5) * PART_SECONDS + 0.1)
    assert [part.number for part in space.room.air.sounded.after(-1)] == list(range(5, KEPT + 5))
    assert [part.number for part in space.room.air.sounded.after(KEPT + 2)] == [KEPT + 3, KEPT + 4]


def test_the_high_band_tells_a_telephone_from_a_whole_voice() -> None:
    time = np.arange(PART) / SAMPLE_RATE
    low = (0.1 * np.sin(2 * np.pi * 1000 * time)).astype(np.float32)
    whole = low + (0.01 * np.sin(2 * np.pi * 6000 * time)).astype(np.float32)
    assert sounding(whole).high == pytest.approx(-43, abs=1)
    assert sounding(low).high < -70


def test_clipped_samples_are_counted() -> None:
    samples = np.zeros(PART, np.float32)
    samples[:TICK] = 1.0
    assert sounding(samples).clipped == pytest.approx(1 / TICKS)


def verdict(edge: str, fault: Place | None = None, what: What = What.NOTHING) -> Heard:
    return Heard(edge, 0, fault, what, 0.0)


def test_each_edge_s_newest_verdict_is_kept_for_a_while() -> None:
    book = HeardBook()
    book.take(verdict("b", Place.EDGE, What.LATE), 0.0)
    book.take(verdict("a"), 1.0)
    book.take(verdict("b"), 2.0)
    assert [(age, told.edge, told.fault) for age, told in book.newest(3.0)] == [(2.0, "a", None), (1.0, "b", None)]
    assert [told.edge for _, told in book.newest(1.5 + KEPT_FOR)] == ["b"]
    assert book.newest(3.0 + KEPT_FOR) == []


def test_no_more_edges_are_kept_than_there_can_be() -> None:
    book = HeardBook()
    for number in range(MOST_EDGES + 10):
        book.take(verdict(f"edge{number}"), float(number) / 100)
    assert len(book.newest(1.0)) == MOST_EDGES


def test_a_fault_is_an_alarm_once_and_an_edge_s_names_the_edge() -> None:
    book = HeardBook()
    book.take(verdict("a", Place.PACKAGER, What.SILENCE), 0.0)
    book.take(verdict("b", Place.PACKAGER, What.SILENCE), 0.0)
    book.take(verdict("c", Place.EDGE, What.MISSING), 0.0)
    book.take(verdict("d"), 0.0)
    assert book.faults(1.0, live=True) == {
        Fault("silence", Place.PACKAGER),
        Fault("missing", Place.EDGE, where="c"),
    }


def test_a_monitor_that_fell_silent_while_live_is_an_alarm_and_one_that_never_was_is_none() -> None:
    book = HeardBook()
    assert book.faults(100.0, live=True) == set()
    book.take(verdict("a"), 100.0)
    assert book.faults(100.0 + KEPT_FOR, live=True) == set()
    assert book.faults(101.0 + KEPT_FOR, live=True) == {SILENT}
    assert book.faults(101.0 + KEPT_FOR, live=False) == set()
    book.take(verdict("a"), 130.0)
    assert book.faults(131.0, live=True) == set()


def test_those_who_direct_see_it_among_the_alarms() -> None:
    space = hall(make_plan(seat("ada")))
    space.seat("ada", Speaker(amplitude=0.1))
    space.seconds(1)
    space.room.heard.take(verdict("a", Place.EDGE, What.MISSING), space.room._now)
    space.seconds(1)
    lost = Fault("missing", Place.EDGE, where="a")
    assert lost in [alarm.fault for alarm in space.room.alarms]
    space.seconds(KEPT_FOR + 3)
    assert lost not in [alarm.fault for alarm in space.room.alarms]

"""When a part is judged, and what is said of one that does not come."""

from dataclasses import replace

import numpy as np
import pytest

from hustings.audio.level import FLOOR_DB
from hustings.audio.sounding import TICKS, MixedPart, sounding
from hustings.base.grid import PART, PART_SECONDS, PARTS_PER_SEGMENT
from hustings.broadcast.encoder import RenditionEncoder
from hustings.broadcast.packager import Packager
from hustings.clients.following import Fetched
from hustings.clients.playlist import Chunk
from hustings.documents.feed import Part, Programme
from hustings.documents.heard import Place, What
from hustings.hls.renditions import AAC64
from hustings.ops.as_heard import FINE, LATE, Verdict
from hustings.ops.watch import SETTLE, EdgeWatch

HEARD = 16  # parts, after which all is well
SOUND = np.concatenate(
    [0.1 * np.random.default_rng(2).standard_normal(PART // 2), np.zeros(PART // 2)], dtype=np.float32
)
MIXED = MixedPart(
    number=0, ticks=TICKS, late=0.0, talk=True, bed=False, silence_meant=False, narrow=False, clipping=False,
    voices=(FLOOR_DB,) * TICKS, mixed=sounding(SOUND),
)  # fmt: skip


class Town:
    """One rendition, edges `a` and `b`, and the monitor's own time: part n is there when n + 1 have passed."""

    def __init__(self) -> None:
        self.encoder, self.packager = RenditionEncoder(AAC64), Packager(AAC64)
        self.watch = EdgeWatch(["a", "b"], ["aac64"])
        self.watch.take_init("aac64", self.packager.init)
        self.epoch, self.number, self.now = "first", 0, 0.0

    def part(self, *edges: str, packs: bool = True, mixes: bool = True, late: float = 0.0) -> None:
        self.now = (self.number + 1) * PART_SECONDS + late
        told = [replace(MIXED, number=self.number, late=late)] if mixes else []
        self.watch.take_mixed(self.epoch, told, self.now)
        data = self.packager.part(self.number, self.encoder.encode(SOUND))
        if packs:
            part = Part("space1", "aac64", self.epoch, self.number, Programme.CONVERSATION, data)
            self.watch.take_part(part, self.now + 0.05)
            for edge in edges:
                self.watch.edges[edge]["aac64"].take(self._served(data))
        self.watch.look(self.now + 0.1)
        self.watch.look(max(self.now, (self.number + 1.5) * PART_SECONDS))
        self.number += 1

    def _served(self, data: bytes) -> Fetched:
        place = divmod(self.number, PARTS_PER_SEGMENT)
        chunk = Chunk(*place, f"http://edge/p{self.number}-{self.epoch}.m4s", PART_SECONDS, "init", None)
        return Fetched(chunk, self.packager.init, data, self.now + 0.1)

    @property
    def told(self) -> list[Verdict]:
        return [steady.told for steady in self.watch.verdicts.values()]


@pytest.fixture
def town() -> Town:
    town = Town()
    for _ in range(HEARD):
        town.part("a", "b")
    assert town.told == [FINE, FINE]
    assert town.watch.judged == {"a": HEARD - 1, "b": HEARD - 1}
    return town


def test_an_edge_that_is_stuck_is_named_and_the_other_is_judged_as_ever(town: Town) -> None:
    for _ in range(4):
        town.part("a")
    assert town.told == [FINE, Verdict(Place.EDGE, What.MISSING)]
    assert town.watch.judged["a"] == HEARD + 3


def test_a_packager_from_which_nothing_comes_is_named_for_every_edge(town: Town) -> None:
    for _ in range(5):
        town.part(packs=False)
    assert town.told == [Verdict(Place.PACKAGER, What.MISSING)] * 2


def test_a_mixer_that_stands_still_is_named(town: Town) -> None:
    for _ in range(2):
        town.part(mixes=False, packs=False)
    assert town.told == [FINE, FINE]
    for _ in range(3):
        town.part(mixes=False, packs=False)
    assert town.told == [Verdict(Place.MIXER, What.MISSING)] * 2


def test_a_mixer_that_is_late_by_less_than_a_second_now_and_then_is_not_missed(town: Town) -> None:
    for late in (0.95, 0.0, 0.95, 0.5, 0.95, 0.95, 0.0):
        for behind in np.arange(0.0, late, 0.3):
            town.watch.look((town.number + 1) * PART_SECONDS + behind)
        town.part("a", "b", late=late)
        assert town.told == [FINE, FINE]


def test_a_restarted_stage_is_given_time_until_the_others_have_found_it(town: Town) -> None:
    town.epoch, town.number = "second", town.number + 3
    for _ in range(SETTLE + 1):
        town.part()
    assert town.told == [FINE, FINE]
    for _ in range(6):
        town.part("a")
    assert town.told == [FINE, Verdict(Place.EDGE, What.MISSING)]


def test_what_came_while_nobody_listened_is_judged_no_more(town: Town) -> None:
    town.part("a", "b")
    town.watch.pass_over(town.now)
    for _ in range(SETTLE):
        town.part()
    town.watch.look(town.now + 10 * LATE)
    for _ in range(3):
        town.part("a", "b")
    assert town.told == [FINE, FINE]


def away(town: Town, seconds: float) -> None:
    """The monitor asks, gets no turn, and looks at an old answer; the stage mixes on."""
    town.now += seconds
    town.watch.take_mixed(town.epoch, [], town.now)
    town.watch.pass_over(town.now)
    town.watch.look(town.now)
    town.number += round(seconds / PART_SECONDS)


def test_a_monitor_that_gets_no_turn_misses_no_mixer(town: Town) -> None:
    for _ in range(4):
        away(town, 4 * PART_SECONDS)
        town.part("a", "b")
    assert town.told == [FINE, FINE]


def test_a_mixer_that_stands_still_is_named_though_the_monitor_had_no_turn_before(town: Town) -> None:
    away(town, 4 * PART_SECONDS)
    for _ in range(5):
        town.part(mixes=False, packs=False)
    assert town.told == [Verdict(Place.MIXER, What.MISSING)] * 2


def test_what_was_suspected_before_nobody_listened_does_not_count_with_what_comes_after(town: Town) -> None:
    for _ in range(2):
        town.part(mixes=False, packs=False)
    away(town, 4 * PART_SECONDS)
    for _ in range(2):
        town.part(mixes=False, packs=False)
    assert town.told == [FINE, FINE]


def test_who_waits_for_the_first_part_misses_nothing() -> None:
    town = Town()
    town.now = 1000.0
    town.watch.take_mixed(town.epoch, [], town.now)
    town.watch.pass_over(town.now)
    for _ in range(9):
        town.now += PART_SECONDS
        town.watch.look(town.now)
    assert town.told == [FINE, FINE]

"""When a network loses so that somebody should know, told by a real peer in virtual time."""

import random
from collections.abc import Callable

import numpy as np
import pytest
from tests.support.memory_wire import MemoryWire

from hustings.audio.rtp import RtpPacket, build_rtp
from hustings.base.clock import ManualClock
from hustings.base.grid import TICK, TICK_SECONDS
from hustings.stage.breaks import Breaks
from hustings.stage.guard import LOOK
from hustings.stage.opus import OpusEncoder
from hustings.stage.peer import Negotiated, Peer

LOOK_EVERY = round(LOOK / TICK_SECONDS)  # ticks
HUM = OpusEncoder().encode((0.3 * np.sin(np.arange(TICK) * 0.05)).astype(np.float32))
Lost = Callable[[], bool]


def all_comes() -> bool:
    return False


def nothing_comes() -> bool:
    return True


def share_of(part: float) -> Lost:
    chance = random.Random(4)
    return lambda: chance.random() < part


class Line:
    """One seat's session: a speaker, a network, and the eye on it. `raised` are the seconds at which it was wrong."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.wire = MemoryWire()
        self.peer = Peer("session", self.wire, Negotiated(111), self.clock)
        self.peer.opened()
        self.breaks = Breaks()
        self.raised: list[float] = []
        self.held_up = False
        self._number = 0
        self._ticks = 0

    def says(self, seconds: float, lost: Lost = all_comes) -> None:
        for _ in range(round(seconds / TICK_SECONDS)):
            self._deliver([] if lost() else [self._number])
            self._number += 1
            self._tick()
            self.clock.advance(TICK_SECONDS)

    def stage_stands_still(self, seconds: float) -> None:
        """The stage gets no turn; then it makes up for all ticks at once, and hears a packet in each."""
        ticks = round(seconds / TICK_SECONDS)
        self.clock.advance(seconds)
        for _ in range(ticks):
            self._tick()
            self._deliver([self._number])
            self._number += 1

    def _deliver(self, numbers: list[int]) -> None:
        for number in numbers:
            self.wire.deliver(build_rtp(RtpPacket(111, number & 0xFFFF, number * TICK, 9, HUM)))

    def _tick(self) -> None:
        self.peer.pull()
        self._ticks += 1
        if self._ticks % LOOK_EVERY == 0:
            self.breaks.look(self.peer.health(), self.clock.monotonic(), held_up=self.held_up)
            if self.breaks.on:
                self.raised.append(self.clock.monotonic())


@pytest.mark.parametrize("part", [0.06, 0.1, 0.3])
def test_a_network_that_begins_to_lose_is_told_within_five_seconds_and_not_any_more_five_after_its_cure(
    part: float,
) -> None:
    line = Line()
    line.says(10)
    line.says(20, share_of(part))
    assert 10 < line.raised[0] <= 15
    line.says(10)
    assert 30 <= line.raised[-1] <= 35


@pytest.mark.parametrize("part", [0.08, 0.3])
def test_a_network_that_loses_from_the_first_packet_on_is_told_within_five_seconds(part: float) -> None:
    line = Line()
    line.says(5, share_of(part))
    assert line.raised


def test_what_is_lost_now_and_then_is_not_told() -> None:
    line = Line()
    line.says(60, share_of(0.01))
    assert line.raised == []


@pytest.mark.parametrize("hole", [0.1, 0.5, 0.9])
def test_one_hole_is_not_told_however_long_and_hole_after_hole_is(hole: float) -> None:
    line = Line()
    line.says(10)
    line.says(hole, nothing_comes)
    line.says(15)
    assert line.raised == []
    for _ in range(5):
        line.says(0.1, nothing_comes)
        line.says(0.9)
    assert line.raised


def test_the_holes_of_an_arrival_are_not_told() -> None:
    line = Line()
    for seconds in (0.2, 0.5, 0.6, 10):
        line.says(0.2, nothing_comes)
        line.says(seconds)
    assert line.peer.health().missed > 15
    assert line.raised == []


def test_a_new_session_begins_anew() -> None:
    line = Line()
    line.says(10, share_of(0.2))
    assert line.raised
    line.breaks.renew()
    line.raised.clear()
    line.says(1, share_of(0.2))
    assert line.raised == []


@pytest.mark.parametrize("held_up", [True, False])
def test_what_the_stage_missed_by_standing_still_is_not_the_network_s(held_up: bool) -> None:
    line = Line()
    line.says(3)
    line.held_up = held_up
    for _ in range(8):
        line.stage_stands_still(0.8)
        line.says(0.6)
    assert line.peer.health().missed > 30
    assert bool(line.raised) is not held_up

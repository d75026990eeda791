"""What each part of a Space's programme sounded like as the mixer put it out, and what it had to make it of.

Kept for the as-heard monitor, which compares it with what listeners get. It costs a few microseconds a tick, keeps no
sound and judges nothing.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hustings.audio.level import FLOOR_DB
from hustings.audio.sounding import TICKS, Gauge, MixedPart
from hustings.base.grid import PART, PART_SECONDS, TICK, part_at
from hustings.documents.blocks import ProgrammeBlock
from hustings.documents.feed import Programme
from hustings.documents.space import SpacePlan
from hustings.stage.chair import Chair

KEPT: Final = 30  # parts


@dataclass(frozen=True, slots=True)
class Given:
    """What the mixer had in one tick: the loudest voice on air as it came, and what is known of such voices."""

    level: float = FLOOR_DB  # dBFS
    narrow: bool = False
    clipping: bool = False
    silence_meant: bool = False


NOTHING: Final = Given()


def given(chairs: Iterable[Chair], plan: SpacePlan, *, closely: bool) -> Given:
    """Of chairs that have listened in this tick. `closely`: their voices' health too, which costs more."""
    aired = [chair for chair in chairs if chair.aired and chair.voice is not None]
    speaking = [chair.health for chair in aired if chair.meter.speaking] if closely else []
    return Given(
        max((chair.meter.latest for chair in aired), default=FLOOR_DB),
        any(health.narrowband for health in speaking),
        any(health.clipping for health in speaking),
        plan.silence_intended,
    )


class _Open:
    """The part that is being mixed."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._gauge = Gauge()
        self._voices = [FLOOR_DB] * TICKS
        self._had: set[Given] = set()
        self._kinds: set[tuple[bool, bool]] = set()

    def push(self, tick: int, block: ProgrammeBlock, had: Given, *, bed: bool) -> None:
        self._gauge.push(tick, block.samples)
        self._voices[tick] = round(had.level, 1)
        self._had.add(had)
        self._kinds.add((block.programme is Programme.CONVERSATION, bed))

    def close(self, late: float) -> MixedPart:
        return MixedPart(
            number=self.number,
            ticks=self._gauge.ticks,
            late=round(late, 3),
            talk=self._kinds == {(True, False)},
            bed=self._kinds == {(False, True)},
            silence_meant=any(had.silence_meant for had in self._had),
            narrow=any(had.narrow for had in self._had),
            clipping=any(had.clipping for had in self._had),
            voices=tuple(self._voices),
            mixed=self._gauge.read(),
        )


class Sounded:
    """One Space's newest parts. Give it every tick."""

    def __init__(self) -> None:
        self._parts: deque[MixedPart] = deque(maxlen=KEPT)
        self._transits: deque[float] = deque(maxlen=KEPT)  # when a part was ready, against its place on the grid
        self._open: _Open | None = None

    def push(self, block: ProgrammeBlock, had: Given, plan: SpacePlan, at: float) -> None:
        """What goes out in this tick and what it was made of; `at` is in monotonic seconds."""
        number = part_at(block.position)
        if self._open is not None and self._open.number != number:
            self._close(self._open, at)
        if self._open is None:
            self._open = _Open(number)
        ours = block.programme is Programme.PRESHOW and plan.preshow is None
        tick = block.position % PART // TICK
        self._open.push(tick, block, had, bed=ours or block.programme is Programme.HOLD)
        if tick == TICKS - 1:
            self._close(self._open, at)

    def _close(self, part: _Open, at: float) -> None:
        self._transits.append(at - part.number * PART_SECONDS)
        self._parts.append(part.close(self._transits[-1] - min(self._transits)))
        self._open = None

    def after(self, number: int) -> list[MixedPart]:
        """The parts that came after part `number`, oldest first."""
        return [part for part in self._parts if part.number > number]

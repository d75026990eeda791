"""One Space under the as-heard monitor: collects what its parts say of themselves and judges each when it is time.

Fed with mixed parts, feed frames and what edges served, each with the time it came; decodes, and tells verdicts. It
opens no connection and reads no clock. Times are the monitor's monotonic seconds.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from hustings.audio.sounding import MixedPart, Sounding, sounding
from hustings.base.errors import HustingsError
from hustings.base.grid import PART, PART_SECONDS, PARTS_PER_SEGMENT, TICK
from hustings.clients.following import Fetched
from hustings.clients.media import PartDecoder
from hustings.documents.feed import Part
from hustings.documents.heard import Place, What
from hustings.hls.names import HOLD_MARK, PartName, parse_name
from hustings.hls.renditions import BY_NAME, Codec
from hustings.ops.as_heard import LATE, Packed, Served, Steady, Verdict, judge

KEPT: Final = 32  # parts
SETTLE: Final = 4  # parts after a start: those who lost the stage dial it again
FLOWS: Final = 2.5  # seconds within which something came from a place that still works
STALLED: Final = PART_SECONDS + LATE  # seconds after a part that the next must be mixed
_SHIFT: Final = {Codec.AAC: 2048 // TICK, Codec.OPUS: 312 // TICK}  # ticks by which a codec is late on the grid

T = TypeVar("T")


def _keep(kept: "OrderedDict[int, T]", number: int, value: T) -> None:
    kept[number] = value
    while len(kept) > KEPT:
        kept.popitem(last=False)


@dataclass(slots=True)
class _Arrived:
    at: float
    late: float  # seconds later than the earliest of the parts before
    data: bytes
    sound: Sounding | None


class FeedLine:
    """One rendition as the feed brings it."""

    def __init__(self, rendition: str) -> None:
        self.shift = _SHIFT[BY_NAME[rendition].codec]
        self.init = b""
        self.parts: OrderedDict[int, _Arrived] = OrderedDict()
        self.newest_at = 0.0
        self._decoder: PartDecoder | None = None
        self._transits: deque[float] = deque(maxlen=KEPT)

    def take_init(self, data: bytes) -> None:
        if data != self.init:
            self.init, self._decoder = data, PartDecoder(data)

    def take(self, part: Part, at: float, *, decoded: bool) -> None:
        """`decoded`: it will be judged, and must be listened to."""
        sound = _decoded(self._decoder, part.data) if decoded and self._decoder is not None else None
        self._transits.append(at - part.number * PART_SECONDS)
        _keep(self.parts, part.number, _Arrived(at, self._transits[-1] - min(self._transits), part.data, sound))
        self.newest_at = at


def _decoded(decoder: PartDecoder, data: bytes) -> Sounding | None:
    """None for what is no part: it cannot be decoded, or most of it is not there."""
    try:
        samples = decoder.decode(data)[1]
    except HustingsError:
        return None
    return sounding(samples) if samples.size > PART // 2 else None


@dataclass(slots=True)
class EdgeLine:
    """One rendition as one edge serves it."""

    parts: OrderedDict[int, Fetched] = field(default_factory=OrderedDict)
    newest_at: float = 0.0

    def take(self, fetched: Fetched) -> None:
        number = fetched.chunk.msn * PARTS_PER_SEGMENT + (fetched.chunk.part or 0)
        _keep(self.parts, number, fetched)
        self.newest_at = fetched.at


class EdgeWatch:
    """Judges every part for every edge in `renditions`; `verdicts` holds each edge's steady verdict."""

    def __init__(self, edges: Sequence[str], renditions: Sequence[str]) -> None:
        self.feed = {name: FeedLine(name) for name in renditions}
        self.edges = {edge: {name: EdgeLine() for name in renditions} for edge in edges}
        self.verdicts = {edge: Steady() for edge in edges}
        self.judged = dict.fromkeys(edges, -1)  # the last part of which something was said
        self._mixed: OrderedDict[int, tuple[float, MixedPart]] = OrderedDict()
        self._epoch = ""
        self._from: int | None = None
        self._mixed_at = 0.0
        self._stalls = 0

    @property
    def newest(self) -> int:
        return next(reversed(self._mixed), -1)

    def take_mixed(self, epoch: str, parts: Sequence[MixedPart], at: float) -> None:
        """What the stage says of its newest parts; a stage that is another run begins anew."""
        if epoch != self._epoch:
            self._epoch, self._from = epoch, None
            self._mixed.clear()
        for part in parts:
            _keep(self._mixed, part.number, (at, part))
            self._mixed_at, self._stalls = at, 0
        if self._from is None and parts:
            self._from = self.newest + 1 + SETTLE

    def pass_over(self, at: float) -> None:
        """What is under way is judged no more, and who was silent until `at` is not missed: nobody here listened."""
        if self._from is not None:
            meanwhile = int((at - self._mixed_at) / PART_SECONDS)  # mixed, and not told yet
            self._from = self.newest + 1 + meanwhile + SETTLE
        self._mixed_at, self._stalls = at, 0
        for steady in self.verdicts.values():
            steady.forget()

    def take_init(self, rendition: str, data: bytes) -> None:
        if (line := self.feed.get(rendition)) is not None:
            line.take_init(data)

    def take_part(self, part: Part, at: float) -> None:
        if (line := self.feed.get(part.rendition)) is not None:
            line.take(part, at, decoded=self._from is not None and part.number >= self._from - 1)

    def look(self, now: float) -> None:
        """Judge what is ripe."""
        if self._from is None:
            return
        if now - self._mixed_at > STALLED + self._stalls * PART_SECONDS:
            self._stalls += 1
            for edge, steady in self.verdicts.items():
                steady.push(Verdict(Place.MIXER, What.MISSING))
                self.judged[edge] = self.newest + self._stalls
            return
        for edge in self.edges:
            self._look_at(edge, now)

    def _look_at(self, edge: str, now: float) -> None:
        for number, (at, told) in self._mixed.items():
            if number < max(self._from or 0, self.judged[edge] + 1):
                continue
            found = [self._judge(told, at, name, line, now) for name, line in self.edges[edge].items()]
            if None in found:
                return
            self.judged[edge] = number
            self.verdicts[edge].push(_worst([verdict for verdict in found if verdict is not None]))

    def _judge(self, told: MixedPart, mixed_at: float, name: str, edge: EdgeLine, now: float) -> Verdict | None:
        """None while there is still time for what has not come."""
        feed = self.feed[name]
        packed, served = feed.parts.get(told.number), edge.parts.get(told.number)
        if packed is None:
            return _overdue(Place.PACKAGER, mixed_at, feed.newest_at, now)
        if served is None:
            return _overdue(Place.EDGE, packed.at, edge.newest_at, now)
        late = max(packed.at - mixed_at, packed.late - told.late)
        return judge(told, Packed(late, packed.sound, feed.shift), _served(served, packed, feed.init))


def _overdue(fault: Place, since: float, newest_at: float, now: float) -> Verdict | None:
    if now - since <= LATE:
        return None
    return Verdict(fault, What.LATE if now - newest_at < FLOWS else What.MISSING)


def _served(served: Fetched, packed: _Arrived, init: bytes) -> Served:
    if served.data == packed.data and served.init == init:
        return Served(same=True)
    name = parse_name(served.chunk.url.rpartition("/")[2])
    if served.data is None or (isinstance(name, PartName) and name.epoch.startswith(HOLD_MARK)):
        return Served(same=False, hold=True)
    return Served(same=False, sound=_decoded(PartDecoder(served.init), served.data))


def _worst(found: list[Verdict]) -> Verdict:
    """One rendition at fault is a fault."""
    return next((verdict for verdict in found if verdict.fault is not None), found[0])


def position_after(number: int) -> int:
    """The first sample after part `number`."""
    return (number + 1) * PART

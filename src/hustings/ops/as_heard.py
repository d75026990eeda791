"""The verdict: which part of the way from microphone to listener is at fault, from what each of them sounded like.

Pure: values in, values out. The fault nearest to the listener is named, since it hides all that is before it. A
fault must last two parts, so that no row flickers; a pause of thought is none, three parts without a sound are.
"""

from dataclasses import dataclass

from hustings.audio.level import AUDIBLE_ABOVE, SILENT_BELOW, SPEAKS_ABOVE
from hustings.audio.sounding import TICKS, MixedPart, Sounding
from hustings.documents.heard import Place, What

LATE = 1.25  # seconds a part may need from one place to the next: more than an edge waits for it
HELD_UP = 0.7  # seconds by which a part comes so late that an edge may have put a hold part in its place
ENOUGH = 10  # ticks, 0.2 s, of sound to compare
DIFFERENT = 6.0  # dB by which the levels of 20 ms differ in the mean; a codec's own share is about 1
NARROWER = 12.0  # dB of 4.3 to 7.5 kHz that went missing
BRIGHT = -60.0  # dBFS of that band: below it, there is nothing to miss
CLIPPED = 0.001  # share of a part's samples
HOLE = 10  # ticks, 0.2 s, that were never mixed
RAISED, CURED = 2, 2  # parts in a row
PAUSE = 3  # parts in a row without a voice: 2.9 s, longer than any pause of thought


@dataclass(frozen=True, slots=True)
class Verdict:
    fault: Place | None = None
    what: What = What.NOTHING


FINE = Verdict()
QUIET = Verdict(None, What.SILENCE)  # nothing to hear and nothing meant to be: tells of the edge alone


@dataclass(frozen=True, slots=True)
class Packed:
    """A part in the feed. `sound` is None when it cannot be decoded; `late` in seconds after it was mixed."""

    late: float
    sound: Sounding | None
    shift: int  # ticks by which the codec delays


@dataclass(frozen=True, slots=True)
class Served:
    """A part as an edge serves it: `same` as in the feed, a `hold` part in its place, or other bytes."""

    same: bool
    hold: bool = False
    sound: Sounding | None = None


def judge(told: MixedPart, packed: Packed, served: Served) -> Verdict:
    """What is wrong with one part of one rendition at one edge."""
    for found in (_of_edge(told, packed, served), _of_packager(told, packed), _of_mixer(told), _of_seats(told)):
        if found is not FINE:
            return found
    return QUIET if _silent(told.mixed) else FINE


def _of_edge(told: MixedPart, packed: Packed, served: Served) -> Verdict:
    if served.same:
        return FINE
    if served.hold:
        if packed.late > HELD_UP:
            return Verdict(Place.PACKAGER, What.LATE)
        return Verdict(*((Place.MIXER, What.LATE) if told.late > HELD_UP else (Place.EDGE, What.MISSING)))
    if served.sound is None or packed.sound is None:
        return Verdict(Place.EDGE, What.DIFFERENT)
    what = changed(packed.sound, served.sound)
    return Verdict(Place.EDGE, What.DIFFERENT if what is What.NOTHING else what)


def _of_packager(told: MixedPart, packed: Packed) -> Verdict:
    if packed.late > LATE:
        return Verdict(Place.PACKAGER, What.LATE)
    if packed.sound is None:
        return Verdict(Place.PACKAGER, What.DIFFERENT)
    what = changed(told.mixed, packed.sound, packed.shift)
    return FINE if what is What.NOTHING else Verdict(Place.PACKAGER, what)


def _of_mixer(told: MixedPart) -> Verdict:
    spoken = sum(level > SPEAKS_ABOVE for level in told.voices) >= ENOUGH
    if told.ticks <= TICKS - HOLE:
        return Verdict(Place.MIXER, What.MISSING)
    if told.late > LATE:
        return Verdict(Place.MIXER, What.LATE)
    if _silent(told.mixed) and (told.bed or (told.talk and spoken)):
        return Verdict(Place.MIXER, What.SILENCE)
    return Verdict(Place.MIXER, What.CLIPPED) if told.mixed.clipped > CLIPPED else FINE


def _of_seats(told: MixedPart) -> Verdict:
    if not told.talk:
        return FINE
    if _silent(told.mixed):
        unheard = max(told.voices) < AUDIBLE_ABOVE and not told.silence_meant
        return Verdict(Place.SEAT, What.SILENCE) if unheard else FINE
    if told.clipping:
        return Verdict(Place.SEAT, What.CLIPPED)
    return Verdict(Place.SEAT, What.NARROW) if told.narrow else FINE


def changed(before: Sounding, after: Sounding, shift: int = 0) -> What:
    """What became of a sound on its way; `after` is `shift` ticks behind `before`."""
    pairs = list(zip(before.levels[: TICKS - shift], after.levels[shift:], strict=True))
    if sum(was > SILENT_BELOW for was, _ in pairs) >= ENOUGH and max(after.levels[shift:]) < AUDIBLE_ABOVE:
        return What.SILENCE
    if after.clipped > CLIPPED >= before.clipped:
        return What.CLIPPED
    heard = [abs(_audible(was) - _audible(is_)) for was, is_ in pairs if max(was, is_) > SILENT_BELOW]
    if len(heard) >= ENOUGH and sum(heard) / len(heard) > DIFFERENT:
        return What.DIFFERENT
    return What.NARROW if before.high > BRIGHT and after.high < before.high - NARROWER else What.NOTHING


def _audible(level: float) -> float:
    return max(level, AUDIBLE_ABOVE)


def _silent(sound: Sounding) -> bool:
    return max(sound.levels) < AUDIBLE_ABOVE


class Steady:
    """One edge's verdict over time: raised by what lasts, cured by what lasts. Push each part's in turn."""

    def __init__(self) -> None:
        self.told = FINE
        self._suspect: Place | None = None
        self._faults = self._fine = self._pauses = 0

    def push(self, verdict: Verdict) -> Verdict:
        if verdict == Verdict(Place.SEAT, What.SILENCE):
            self._pause(verdict)
        elif verdict != QUIET or Place.EDGE in (self._suspect, self.told.fault):
            self._pauses = 0
            self._count(verdict)
        return self.told

    def forget(self) -> None:
        """Nobody listened for a while: what was suspected before and what is found after are no row."""
        self._suspect = None
        self._faults = self._fine = self._pauses = 0

    def _pause(self, verdict: Verdict) -> None:
        """Between two words a fault of another part is neither cured nor confirmed."""
        self._pauses += 1
        if self._pauses >= PAUSE:
            self.told = verdict

    def _count(self, verdict: Verdict) -> None:
        if verdict.fault is None:
            self._suspect, self._faults, self._fine = None, 0, self._fine + 1
            if self._fine >= CURED:
                self.told = FINE
            return
        self._faults = self._faults + 1 if verdict.fault is self._suspect else 1
        self._suspect, self._fine = verdict.fault, 0
        if self._faults >= RAISED:
            self.told = verdict

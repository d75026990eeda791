"""The sounds a programme has of its own: the bed before the start, the hold bed and the closing chord.

All are made from sines, the same on every machine, and end where they begin, so that a loop has no seam.
They are made once, when first asked for; it takes a fraction of a second, so ask off the event loop.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from hustings.audio.level import Samples, loudness
from hustings.base.grid import PART, SAMPLE_RATE, SEGMENT, TICK

BED_LUFS = -16.0  # as loud as the speech that follows, so that nobody reaches for the volume
PEAK = 0.8  # of full scale: no bed goes above it, even if it stays below BED_LUFS
PRESHOW_PARTS = 32  # 30.72 s: eight chords of one segment each
HOLD_PARTS = 8  # 7.68 s: two chords; it also travels to every edge, so it is short
END_SAMPLES = 84 * TICK  # 1.68 s

_PAD = 2 * SEGMENT
_ROW = 1024  # samples

_Wave = npt.NDArray[np.float64]
_Chords = Sequence[Sequence[int]]

# MIDI note numbers; each chord lies close to the one before it, as a pianist's hand would.
_PRESHOW = (
    (48, 55, 59, 64, 67),  # C major seventh
    (45, 55, 60, 64, 67),  # A minor seventh
    (41, 53, 57, 60, 64),  # F major seventh
    (43, 55, 59, 62, 64),  # G sixth
    (40, 55, 59, 62, 67),  # E minor seventh
    (45, 52, 57, 60, 67),  # A minor seventh
    (38, 53, 57, 60, 64),  # D minor ninth
    (43, 53, 57, 60, 62),  # G suspended
)
_HOLD = ((41, 53, 57, 60, 67), (43, 53, 58, 62, 65))
_END = (36, 48, 55, 60, 64, 67, 72)
_ARPEGGIO = (1, 3, 2, 4, 3, 2, 4, 3)  # which note of the chord each eighth of a chord plays


def _hertz(note: int) -> float:
    return float(440.0 * 2.0 ** ((note - 69) / 12.0))


def _sine(hertz: float, phase: float, samples: int) -> _Wave:
    """By adding angles, twice as fast as a sine for each sample: a stage that was killed makes its beds first."""
    turn = 2.0 * np.pi * hertz / SAMPLE_RATE
    rows = turn * _ROW * np.arange(-(-samples // _ROW)) + phase
    row = turn * np.arange(_ROW)
    wave = np.outer(np.sin(rows), np.cos(row))
    wave += np.outer(np.cos(rows), np.sin(row))
    return wave.ravel()[:samples]


def _tone(note: int, samples: int, harmonics: Sequence[float], detune: float = 0.0) -> _Wave:
    """A sum of harmonics with the given amplitudes; `detune` in hertz beats gently against a second tone."""
    wave = np.zeros(samples)
    for number, amplitude in enumerate(harmonics, start=1):
        phase = 2.4 * (note + number)  # spread by the golden angle: equal phases would add up to peaks
        wave += amplitude * _sine((_hertz(note) + detune) * number, phase, samples)
    return wave


def _pad(note: int) -> _Wave:
    """A note two chords long that swells in and out; the swells of one chord after another add up to 1."""
    swell = np.sin(np.pi * np.arange(_PAD) / _PAD) ** 2
    beating = _tone(note, _PAD, (1.0, 0.28, 0.1)) + _tone(note, _PAD, (0.8,), detune=0.35)
    return np.asarray(swell * beating, dtype=np.float64)


def _pluck(note: int, samples: int, decay: float) -> _Wave:
    """A note struck softly that dies away; `decay` in seconds."""
    time = np.arange(samples) / SAMPLE_RATE
    strike = np.minimum(1.0, time / 0.012) * np.exp(-time / decay) * np.minimum(1.0, (time[-1] - time) / 0.02)
    return np.asarray(strike * _tone(note, samples, (1.0, 0.35, 0.12, 0.05)), dtype=np.float64)


def _place(loop: _Wave, sound: _Wave, start: int) -> None:
    """Add `sound` from `start` on, going round the loop's end."""
    start %= loop.size
    head = min(sound.size, loop.size - start)
    loop[start : start + head] += sound[:head]
    loop[: sound.size - head] += sound[head:]


def _echo(loop: _Wave, seconds: float, amount: float) -> _Wave:
    """Three echoes going round the loop, each quieter: a room around the notes."""
    shift = int(seconds * SAMPLE_RATE)
    out = loop.copy()
    for number in (1, 2, 3):
        out += amount**number * np.roll(loop, number * shift)
    return out


def at_bed_level(sound: npt.NDArray[np.floating]) -> Samples:
    """Bring a loop to BED_LUFS, or as near as PEAK allows; silence stays silence."""
    samples = np.ascontiguousarray(sound, dtype=np.float32)
    peak = float(np.abs(samples).max()) if samples.size else 0.0
    if peak == 0.0:
        return samples
    gain = min(10.0 ** ((BED_LUFS - loudness(samples)) / 20.0), PEAK / peak)
    return np.asarray(samples * gain, dtype=np.float32)


def _shared(sound: Samples) -> Samples:
    sound.flags.writeable = False
    return sound


def _bed(chords: _Chords, plucks: Sequence[int], *, pad_level: float, pluck_level: float, decay: float) -> Samples:
    loop = np.zeros(len(chords) * SEGMENT)
    pads = {note: _pad(note) for note in {note for chord in chords for note in chord}}
    beat = SEGMENT // len(plucks)
    struck = {note: pluck_level * _pluck(note + 12, 2 * beat, decay) for note in pads}
    for index, chord in enumerate(chords):
        start = index * SEGMENT
        for note in chord:
            _place(loop, pad_level * pads[note], start - SEGMENT // 2)
        for number, which in enumerate(plucks):
            _place(loop, struck[chord[which]], start + number * beat)
    return _shared(at_bed_level(_echo(loop, 0.36, 0.35)))


@cache
def preshow_bed() -> Samples:
    """Float32 of shape (32 parts,): slow chords under a light arpeggio, to be looped."""
    bed = _bed(_PRESHOW, _ARPEGGIO, pad_level=0.5, pluck_level=0.5, decay=0.5)
    assert bed.size == PRESHOW_PARTS * PART
    return bed


@cache
def hold_bed() -> Samples:
    """Float32 of shape (8 parts,): two chords and a slow bell, unlike the pre-show, to be looped."""
    bed = _bed(_HOLD, (4, 3, 4, 2), pad_level=0.6, pluck_level=0.6, decay=0.8)
    assert bed.size == HOLD_PARTS * PART
    return bed


@cache
def end_sound() -> Samples:
    """Float32 of shape (1.68 s,): one chord that dies away to nothing."""
    chord = np.zeros(END_SAMPLES)
    for index, note in enumerate(_END):
        start = index * SAMPLE_RATE // 20
        chord[start:] += _pluck(note, END_SAMPLES - start, 0.55) / (1.0 + 0.2 * index)
    fade = np.cos(np.linspace(0.0, np.pi / 2.0, END_SAMPLES)) ** 2
    return _shared(at_bed_level(chord * fade))

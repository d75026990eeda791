"""Which part of the way is named, for every fault of every part."""

from dataclasses import replace

import pytest

from hustings.audio.level import FLOOR_DB
from hustings.audio.sounding import TICKS, MixedPart, Sounding
from hustings.documents.heard import Place, What
from hustings.ops.as_heard import FINE, QUIET, Packed, Served, Steady, Verdict, changed, judge

WORDS = tuple(-20.0 if tick % 12 < 8 else -70.0 for tick in range(TICKS))
OTHER_WORDS = tuple(-20.0 if tick % 20 > 12 else -48.0 for tick in range(TICKS))
NOTHING = (FLOOR_DB,) * TICKS
SPEECH = Sounding(WORDS, high=-40.0, clipped=0.0)
SILENCE = Sounding(NOTHING, high=FLOOR_DB, clipped=0.0)
MUFFLED = replace(SPEECH, high=-75.0)
TORN = replace(SPEECH, clipped=0.02)
OTHER = replace(SPEECH, levels=OTHER_WORDS)

TALK = MixedPart(
    number=7, ticks=TICKS, late=0.0, talk=True, bed=False, silence_meant=False, narrow=False, clipping=False,
    voices=WORDS, mixed=SPEECH,
)  # fmt: skip
PAUSE = replace(TALK, voices=NOTHING, mixed=SILENCE)
BED = replace(TALK, talk=False, bed=True, voices=NOTHING)
UPLOADED = replace(BED, bed=False)
AS_MIXED = Packed(late=0.05, sound=SPEECH, shift=0)
SILENT = replace(AS_MIXED, sound=SILENCE)
AS_PACKED = Served(same=True)
HOLD = Served(same=False, hold=True)


def other(sound: Sounding | None) -> Served:
    return Served(same=False, sound=sound)


@pytest.mark.parametrize(
    ("told", "packed", "served", "fault", "what"),
    [
        (TALK, AS_MIXED, AS_PACKED, None, What.NOTHING),
        (BED, AS_MIXED, AS_PACKED, None, What.NOTHING),
        (replace(UPLOADED, mixed=SILENCE), SILENT, AS_PACKED, None, What.SILENCE),
        (replace(PAUSE, silence_meant=True), SILENT, AS_PACKED, None, What.SILENCE),
        (PAUSE, SILENT, AS_PACKED, Place.SEAT, What.SILENCE),
        (replace(TALK, narrow=True), AS_MIXED, AS_PACKED, Place.SEAT, What.NARROW),
        (replace(TALK, clipping=True), AS_MIXED, AS_PACKED, Place.SEAT, What.CLIPPED),
        (replace(TALK, mixed=SILENCE), SILENT, AS_PACKED, Place.MIXER, What.SILENCE),
        (replace(BED, mixed=SILENCE), SILENT, AS_PACKED, Place.MIXER, What.SILENCE),
        (replace(TALK, mixed=TORN), replace(AS_MIXED, sound=TORN), AS_PACKED, Place.MIXER, What.CLIPPED),
        (replace(TALK, ticks=20), AS_MIXED, AS_PACKED, Place.MIXER, What.MISSING),
        (replace(TALK, late=2.0), AS_MIXED, AS_PACKED, Place.MIXER, What.LATE),
        (replace(TALK, late=1.1), AS_MIXED, HOLD, Place.MIXER, What.LATE),
        (TALK, SILENT, AS_PACKED, Place.PACKAGER, What.SILENCE),
        (TALK, replace(AS_MIXED, sound=MUFFLED), AS_PACKED, Place.PACKAGER, What.NARROW),
        (TALK, replace(AS_MIXED, sound=TORN), AS_PACKED, Place.PACKAGER, What.CLIPPED),
        (TALK, replace(AS_MIXED, sound=OTHER), AS_PACKED, Place.PACKAGER, What.DIFFERENT),
        (PAUSE, AS_MIXED, AS_PACKED, Place.PACKAGER, What.DIFFERENT),
        (TALK, replace(AS_MIXED, sound=None), AS_PACKED, Place.PACKAGER, What.DIFFERENT),
        (TALK, replace(AS_MIXED, late=2.0), AS_PACKED, Place.PACKAGER, What.LATE),
        (TALK, replace(AS_MIXED, late=1.1), HOLD, Place.PACKAGER, What.LATE),
        (TALK, AS_MIXED, HOLD, Place.EDGE, What.MISSING),
        (TALK, AS_MIXED, other(SILENCE), Place.EDGE, What.SILENCE),
        (TALK, AS_MIXED, other(MUFFLED), Place.EDGE, What.NARROW),
        (TALK, AS_MIXED, other(TORN), Place.EDGE, What.CLIPPED),
        (TALK, AS_MIXED, other(OTHER), Place.EDGE, What.DIFFERENT),
        (TALK, AS_MIXED, other(SPEECH), Place.EDGE, What.DIFFERENT),  # other bytes under a name that promises these
        (TALK, AS_MIXED, other(None), Place.EDGE, What.DIFFERENT),
        (TALK, SILENT, HOLD, Place.EDGE, What.MISSING),  # what is nearest to the listener hides the rest
    ],
)  # fmt: skip
def test_the_part_at_fault_is_named(
    told: MixedPart, packed: Packed, served: Served, fault: Place | None, what: What
) -> None:
    assert judge(told, packed, served) == Verdict(fault, what)


def test_a_codec_s_delay_is_no_difference() -> None:
    late = replace(SPEECH, levels=(FLOOR_DB, FLOOR_DB, *WORDS[:-2]))
    assert changed(SPEECH, late, shift=2) is What.NOTHING
    assert changed(SPEECH, replace(SPEECH, levels=WORDS[24:] + NOTHING[:24]), shift=2) is What.DIFFERENT


SILENT_SEAT = Verdict(Place.SEAT, What.SILENCE)
SILENT_PACKAGER = Verdict(Place.PACKAGER, What.SILENCE)
LOST_EDGE = Verdict(Place.EDGE, What.MISSING)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([FINE] * 9, FINE),
        ([FINE, LOST_EDGE], FINE),
        ([FINE, LOST_EDGE, FINE, LOST_EDGE, FINE], FINE),
        ([FINE, LOST_EDGE, LOST_EDGE], LOST_EDGE),
        ([LOST_EDGE, SILENT_PACKAGER], FINE),
        ([LOST_EDGE, Verdict(Place.EDGE, What.LATE)], Verdict(Place.EDGE, What.LATE)),
        ([LOST_EDGE, LOST_EDGE, FINE], LOST_EDGE),
        ([LOST_EDGE, LOST_EDGE, FINE, FINE], FINE),
        ([LOST_EDGE, LOST_EDGE, QUIET, QUIET], FINE),
        ([FINE, SILENT_SEAT, SILENT_SEAT], FINE),
        ([FINE, SILENT_SEAT, SILENT_SEAT, SILENT_SEAT], SILENT_SEAT),
        ([SILENT_SEAT, SILENT_SEAT, FINE, SILENT_SEAT, SILENT_SEAT], FINE),
        ([*[SILENT_SEAT] * 9, FINE, FINE], FINE),
        ([SILENT_PACKAGER, SILENT_SEAT, SILENT_PACKAGER], SILENT_PACKAGER),  # a pause between two words
        ([SILENT_PACKAGER, QUIET, SILENT_PACKAGER], SILENT_PACKAGER),
        ([SILENT_PACKAGER, SILENT_PACKAGER, QUIET, QUIET, QUIET], SILENT_PACKAGER),
    ],
)
def test_what_lasts_is_told_and_what_passes_is_not(parts: list[Verdict], told: Verdict) -> None:
    steady = Steady()
    for verdict in parts:
        steady.push(verdict)
    assert steady.told == told

"""Ten seconds that tell a speaker how they will sound: some of speech, some of quiet, some of a known sound.

It is fed tick by tick with what the microphone gives, says what its owner is to hear meanwhile, and ends with a grade
and the faults it is for. Sentences and cures are the pages' matter.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final

import numpy as np

from hustings.audio.cues import TEST_TICKS, known_sound
from hustings.audio.health import ALIKE, EVERY, Echo, VoiceHealth, bands
from hustings.audio.level import AUDIBLE_ABOVE, SPEAKS_ABOVE, Samples, decibels, power
from hustings.audio.mix import SILENCE
from hustings.audio.riding import PAUSES, SEAT, TARGET

SPEAK_TICKS: Final = 250  # 5 s: what a telephone's voice takes to be known by
QUIET_TICKS: Final = 100  # 2 s
REACTION: Final = 40  # ticks of the quiet that are not judged: who is told to stop has half a word left
SPEAKING: Final = 0.4  # of the time somebody says something at least, of those told to speak
ROOM: Final = 30  # per cent of the quiet's ticks are quieter than what is called its noise
UNSPOKEN: Final = 6.0  # dB over the quiet: less, and below what counts as speech, and nobody spoke
REACH: Final = TARGET + PAUSES - SEAT.up  # dBFS: what is quieter the stage cannot make as loud as the others
NOISY: Final = 20.0  # dB of speech over noise: with less, a listener hears the room between the words
DROWNED: Final = 10.0  # with less, words are lost
CLIPPED_TICKS: Final = 25  # 0.5 s in all: more than the two bumps a table may get
LOST: Final = 0.03  # of the packets: what repair can hide, it must work for
CONCEALED: Final = 0.02  # of the sound is guessed: a syllable in ten seconds, and it is heard
MOSTLY: Final = 3.0  # times what makes a fault of loss: no repair is enough


class Step(Enum):
    SPEAK = "speak"
    QUIET = "quiet"
    LISTEN = "listen"
    DONE = "done"


STEPS: Final = {Step.SPEAK: SPEAK_TICKS, Step.QUIET: QUIET_TICKS, Step.LISTEN: TEST_TICKS}
_HOPELESS: Final = {"silent", "echo"}  # what takes a conversation from everybody


class Preflight:
    """One check. `faults` and `grade` are there when `step` is DONE."""

    def __init__(self) -> None:
        self.step = Step.SPEAK
        self.left = SPEAK_TICKS  # ticks of the step
        self.faults: tuple[str, ...] = ()
        self.grade: str | None = None  # good | fair | poor
        self._health, self._echo = VoiceHealth(), Echo()
        self._spoken: list[float] = []  # powers
        self._quiet: list[float] = []
        self._clipped = 0  # ticks
        self._network: list[tuple[float, float]] = []

    @property
    def sent(self) -> Samples | None:
        """What its owner hears in this tick and nothing else; None: what they would hear anyway."""
        if self.step is Step.LISTEN:
            return known_sound()[TEST_TICKS - self.left]
        return SILENCE if self.step is Step.QUIET else None

    def tick(self, said: Samples | None) -> None:
        """What came in the tick in which `sent` goes out; None for nothing."""
        said = SILENCE if said is None else said
        if self.step is Step.SPEAK:
            self._spoken.append(power(said))
            self._health.push(said, SILENCE)
            self._clipped += self._health.clipping
        elif self.step is Step.QUIET:
            self._quiet.append(power(said))
        elif self.step is Step.LISTEN and self.left % EVERY == 0:
            assert self.sent is not None
            self._echo.push(*bands(np.array((said, self.sent))))
        self._advance()

    def network(self, lost: float, concealed: float) -> None:
        """Shares of the packets and of the sound; tell it a few times a second."""
        if self.step is not Step.DONE:
            self._network.append((lost, concealed))

    def _advance(self) -> None:
        self.left -= 1
        if self.left > 0 or self.step is Step.DONE:
            return
        steps = list(Step)
        self.step = steps[steps.index(self.step) + 1]
        self.left = STEPS.get(self.step, 0)
        if self.step is Step.DONE:
            self._judge()

    def _judge(self) -> None:
        loud = sorted(self._spoken)[-round(SPEAKING * len(self._spoken)) :]
        speech = decibels(sum(loud) / len(loud))
        room = decibels(float(np.percentile(self._quiet[REACTION:], ROOM)))
        lost = self._loss()
        faults = ["loss"] if lost >= 1.0 else []
        if speech < AUDIBLE_ABOVE or (speech < SPEAKS_ABOVE and speech - room < UNSPOKEN):
            faults.append("silent")
        else:
            faults += self._of_speech(speech, room)
        if self._echo.likeness() > ALIKE:
            faults.append("echo")
        self.faults = tuple(faults)
        self.grade = _grade(faults, hopeless=lost >= MOSTLY or ("noise" in faults and speech - room < DROWNED))

    def _of_speech(self, speech: float, room: float) -> list[str]:
        found = {
            "narrowband": self._health.narrowband,
            "clipping": self._clipped >= CLIPPED_TICKS,
            "noise": speech - room < NOISY,
            "quiet": speech < REACH,
        }
        return [word for word, wrong in found.items() if wrong]

    def _loss(self) -> float:
        """1 where it becomes a fault."""
        if not self._network:
            return 0.0
        lost, concealed = np.mean(self._network, axis=0)
        return float(max(lost / LOST, concealed / CONCEALED))


def _grade(faults: Sequence[str], *, hopeless: bool) -> str:
    if not faults:
        return "good"
    return "poor" if hopeless or len(faults) > 1 or not _HOPELESS.isdisjoint(faults) else "fair"

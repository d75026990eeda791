"""One open microphone watched for what its owner may not know: it is open and forgotten, or hears a whisper.

It knows the level at which its owner usually speaks, learnt while they do, and so tells clear speech from a murmur.
It is looked at five times a second, costs no spectrum, and silences nobody.
"""

from collections import deque
from itertools import pairwise
from typing import Final

from hustings.audio.level import AUDIBLE_ABOVE, SILENT_BELOW, SPEAKS_ABOVE

LOOK: Final = 0.2  # seconds between looks: what a level is told over
ABOVE_NOISE: Final = 9.0  # dB: what makes a voice of a faint sound, as the gain's own rule has it
NOISE_LOOKS: Final = 25  # 5 s: nobody talks so long without a pause of 0.2 s
KNOWN: Final = 25  # looks with voice, 5 s: then the mean moves by less than 2 dB
MEMORY: Final = 150  # looks with voice, 30 s
# Times slower, in three minutes, a voice is learnt that is far below what is known: it may have moved for good.
BELIEVED: Final = 6
MURMUR: Final = 9.0  # dB below the usual: the quiet words of a sentence are rarely so faint for 0.2 s
CLEAR_LOOKS: Final = 3  # 0.6 s: a cough, a cup put down, a door are shorter
OF_LOOKS: Final = 8  # 1.6 s: a first word and the pause after it
# 5 s of voice, however quiet, in 8 s, with pauses as no fan makes them: nobody murmurs so long to themselves, and
# whoever moved away is not shut out.
GOES_ON_LOOKS: Final = 25
GOES_ON_OF_LOOKS: Final = 40
GOES_ON_PAUSES: Final = 2
ASIDE: Final = 12.0  # dB below the usual: a whisper is 15 to 20, a turned head 3 to 6
ASIDE_ENDS: Final = 8.0
ASIDE_LOOKS: Final = 15  # 3 s of voice
ASIDE_FORGETS: Final = 25  # looks without any voice, 5 s
FORGOTTEN: Final = 600  # looks in which others talk, 2 minutes


class Guard:
    """One seat's. Levels are dBFS of the voice as it came."""

    def __init__(self) -> None:
        self.voiced = False  # a voice, however faint, in the last look
        self.aside = False
        self._former = self._quietest = 0.0
        self._looks = 0
        self._usual = 0.0
        self._learnt = 0  # looks with voice
        self._clear: deque[bool] = deque(maxlen=OF_LOOKS)
        self._voiced: deque[bool] = deque(maxlen=GOES_ON_OF_LOOKS)
        self._lately: deque[float] = deque(maxlen=ASIDE_LOOKS)
        self._silent = 0  # looks
        self._unused = 0  # looks in which others talked and this one did not

    def look(self, db: float, *, is_open: bool, aired: bool, others_talk: bool) -> None:
        """`is_open`: it is neither muted nor away; `aired`: it goes out."""
        self.voiced = is_open and self._is_voice(db)
        self._voiced.append(self.voiced)
        self._clear.append(self.voiced and self._is_clear(db))
        if self.voiced:
            self._learn(db)
        self._judge_level(db if self.voiced and aired else None)
        self._unused = 0 if not (is_open and aired) or self.speaks else self._unused + others_talk

    def learn_anew(self) -> None:
        """Its gain is not to be trusted: what is usual is learnt again."""
        self._learnt = 0

    @property
    def speaks(self) -> bool:
        """Clearly, and for more than a cough's length; or so quietly for so long that it is meant."""
        return sum(self._clear) >= CLEAR_LOOKS or self._goes_on()

    def _goes_on(self) -> bool:
        if sum(self._voiced) < GOES_ON_LOOKS:
            return False
        return sum(before and not after for before, after in pairwise(self._voiced)) >= GOES_ON_PAUSES

    @property
    def forgotten(self) -> bool:
        return self._unused >= FORGOTTEN

    @property
    def word(self) -> str:
        """For those who look: `aside`, `forgotten` or nothing."""
        return "aside" if self.aside else "forgotten" if self.forgotten else ""

    def _is_voice(self, db: float) -> bool:
        if self._looks % NOISE_LOOKS == 0:
            self._former, self._quietest = self._quietest, db
        self._looks += 1
        self._quietest = min(self._quietest, db)
        floor = min(self._former, self._quietest)
        return db > SPEAKS_ABOVE or (db > AUDIBLE_ABOVE and db > floor + ABOVE_NOISE)

    def _is_clear(self, db: float) -> bool:
        return db > (self._usual - MURMUR if self._learnt >= KNOWN else SPEAKS_ABOVE)

    def _learn(self, db: float) -> None:
        self._learnt += 1
        length = min(self._learnt, MEMORY)
        if self._learnt > KNOWN and not self._is_clear(db):
            length = MEMORY * BELIEVED
        self._usual += (db - self._usual) / length

    def _judge_level(self, db: float | None) -> None:
        """`db` of a voice that is heard, None when there is none."""
        self._silent = self._silent + 1 if db is None else 0
        if self._silent >= ASIDE_FORGETS:
            self._lately.clear()
        if db is not None and db > SILENT_BELOW:
            self._lately.append(db)
        if len(self._lately) < ASIDE_LOOKS or self._learnt < KNOWN:
            self.aside = False
            return
        below = self._usual - sum(self._lately) / ASIDE_LOOKS
        self.aside = below >= (ASIDE_ENDS if self.aside else ASIDE)

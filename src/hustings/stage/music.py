"""Music a host uploaded for the time before the start: from a file name in a plan to a loop at bed level.

It never touches the event loop with a decoder: decoding is a callable handed in, and runs on a thread. Music that
cannot be had leaves the generated bed playing.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import structlog

from hustings.audio.beds import at_bed_level
from hustings.audio.level import Samples
from hustings.base.errors import HustingsError
from hustings.base.grid import SAMPLE_RATE, TICK

log = structlog.get_logger(__name__)

Decode = Callable[[Path, int], Samples]  # at most so many samples

LONGEST = 10 * 60 * SAMPLE_RATE  # samples: what is played of a longer file; 115 MB in memory
SEAM = SAMPLE_RATE // 20  # samples: the fade where the end meets the beginning


def _seamless(sound: Samples) -> Samples:
    """Fade the ends, where a stranger's music does not meet; in place, as it may be long."""
    fade = np.sin(np.linspace(0.0, np.pi / 2.0, min(SEAM, sound.size // 2))).astype(np.float32) ** 2
    sound[: fade.size] *= fade
    sound[sound.size - fade.size :] *= fade[::-1]
    return sound


def read_music(path: Path, decode: Decode) -> Samples | None:
    """A loop, or None when the file gives no sound; blocks."""
    try:
        sound = decode(path, LONGEST)
    except (OSError, HustingsError) as error:
        log.warning("pre-show music not readable", reason=str(error))
        return None
    return at_bed_level(_seamless(sound)) if sound.size >= TICK and sound.any() else None


class MusicShelf:
    """Uploaded files, by name."""

    def __init__(self, folder: Path, decode: Decode) -> None:
        self._folder = folder
        self._decode = decode

    async def get(self, name: str) -> Samples | None:
        """The attack it stops: a name that climbs out of the folder."""
        if Path(name).name != name:
            return None
        return await asyncio.to_thread(read_music, self._folder / name, self._decode)

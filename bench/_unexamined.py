"""The stage role with voices that nobody judges: what mixing costs by itself. It is the stage in everything else.

Run as the role is: `python -m bench._unexamined`.
"""

from collections.abc import Sequence
from functools import partial

from hustings.audio.health import VoiceHealth
from hustings.audio.level import Samples
from hustings.base.settings import STAGE
from hustings.server.role import run_role
from hustings.server.stage import run_stage


def unexamined(voices: Sequence[VoiceHealth], said: Sequence[Samples], sent: Sequence[Samples]) -> None:
    """Stands in place of `audio.health.examine`."""


if __name__ == "__main__":
    run_role(STAGE, partial(run_stage, examine=unexamined))

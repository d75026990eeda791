"""What a check of the doctor's finds: what is so, how well that is, and what to do. Holds no check."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from hustings.base.clock import Clock
from hustings.base.settings import Settings


class Health(Enum):
    WELL = "well"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject` in a few words, `told` what is so, `cure` what to do; empty when nothing is to be done."""

    subject: str
    health: Health
    told: str
    cure: str = ""


Check = Callable[[Settings, Clock], Iterator[Finding]]

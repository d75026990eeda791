"""PESQ (ITU-T P.862), where it could be built; where not, the test that asks for it is skipped with the reason."""

import importlib
from typing import Any

from tests.support.needs import need_modules


def pesq(rate: int, reference: Any, degraded: Any, mode: str) -> float:
    """The score, -0.5 to 4.5; `mode` is "wb" at 16 kHz or "nb" at 8 kHz."""
    need_modules("pesq")
    return float(importlib.import_module("pesq").pesq(rate, reference, degraded, mode))

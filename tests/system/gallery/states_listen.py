"""The states of the listener page: each a live.json, and what is pressed to get there."""

import copy
from typing import Any

from tests.system.gallery.scenery import JSON

NAMES = ("Ada Lind", "Ben Okafor", "Chi Tanaka", "Dov Stern", "Eva Marin", "Femi Ade", "Gro Haug",
         "Hana Sato", "Ivo Petrov", "Jun Park", "Kaia Moe", "Leo Costa", "Mia Ruiz")  # fmt: skip

CARD: JSON = {
    "id": "space",
    "title": "The candidates and the town",
    "description": "Four people want to lead this town for the next six years. They answer what you ask about the ferry, "
    "the school and the harbour. No speeches: questions only.",
    "state": "scheduled",
    "programme": "none",
    "host": {"display_name": "Ada Lind", "account": "ada"},
    "starts_at": None,
    "doors_at": None,
    "live_at": None,
    "ended_at": None,
    "speakers": [],
    "listening": 0,
    "recorded": True,
    "sample": False,
    "replay": {"state": "none", "duration": 0.0, "trim_start": True},
}


def voices(count: int, speaking: int | None = 0, **changes: Any) -> list[JSON]:
    """`count` people on stage, the first the host; the `speaking`th speaks."""
    roles = ["host", "cohost", *["speaker"] * 11]
    return [
        {
            "seat": f"s{i}", "name": NAMES[i], "role": roles[i], "on_air": True, "muted": i == 2, "connected": True,
            "speaking": i == speaking, "level": 0.4 if i == speaking else 0.0, **changes,
        }
        for i in range(count)
    ]  # fmt: skip


class Moving:
    """A card whose times stand in a fixed distance from now."""

    def __init__(self, **changes: Any) -> None:
        self.card = {**copy.deepcopy(CARD), **changes}

    def __call__(self, now: float) -> JSON:
        times = ("starts_at", "doors_at", "live_at", "ended_at")
        fixed = {name: now + self.card[name] for name in times if self.card[name] is not None}
        return {**self.card, **fixed, "now": now}


LIVE: JSON = {"state": "live", "programme": "conversation", "starts_at": -2600.0, "doors_at": -2900.0, "live_at": -2537.0,
              "listening": 18204}  # fmt: skip
ENDED: JSON = {"state": "ended", "starts_at": -9000.0, "live_at": -9000.0, "ended_at": -3000.0}
LONG = "On the question whether the Inter-Municipal Waste-Water Treatment Association may be dissolved before 2031"
READY: JSON = {"state": "ready", "duration": 240.0, "trim_start": True}

STATES: dict[str, Moving | None] = {
    "missing": None,
    "scheduled": Moving(starts_at=86400.0 * 3 + 7800, speakers=voices(4, None, connected=False)),
    "scheduled-soon": Moving(starts_at=247.0, speakers=voices(1, None, connected=False)),
    "scheduled-late": Moving(starts_at=-190.0),
    "scheduled-open": Moving(),
    "doors": Moving(state="doors", programme="preshow", starts_at=245.0, doors_at=-300.0, speakers=voices(3, None), listening=412),
    "live": Moving(**LIVE, speakers=voices(5)),
    "live-one": Moving(**{**LIVE, "listening": 1}, speakers=voices(1)),
    "live-many": Moving(**{**LIVE, "listening": 1284113}, speakers=voices(13, 4)),
    "live-empty": Moving(**LIVE),
    "live-long": Moving(**{**LIVE, "title": LONG}, speakers=[
        {**voices(1)[0], "name": "Professor Dr. Wolfeschlegelsteinhausenbergerdorff"}, *voices(3, None)[1:]]),
    "live-rtl": Moving(**{**LIVE, "title": "المرشحون والمدينة", "description": "أسئلة فقط، بلا خطابات."}, speakers=[
        {**voices(1)[0], "name": "ليلى حداد"}, {**voices(2, None)[1], "name": "דוד כהן"}]),
    "hold": Moving(**{**LIVE, "programme": "hold"}, speakers=voices(3, None)),
    "lost": Moving(**{**LIVE, "programme": "hold"}, speakers=voices(3, None, connected=False)),
    "sample": Moving(**{**LIVE, "title": "What a ferry is for", "host": {"display_name": "The sample", "account": None}},
                     sample=True, speakers=voices(2)),
    "preparing": Moving(**ENDED, replay={**READY, "state": "preparing"}),
    "replay": Moving(**ENDED, replay=READY, speakers=voices(4, None, connected=False)),
    "replay-failed": Moving(**ENDED, replay={**READY, "state": "failed"}),
    "unrecorded": Moving(**ENDED, recorded=False),
    "cancelled": Moving(state="cancelled", starts_at=86400.0),
}  # fmt: skip

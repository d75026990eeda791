"""The states of the stage page: each a desk, as its seat sees it."""

import copy
from dataclasses import dataclass, field
from typing import Any

from tests.system.gallery.scenery import JSON, Scene
from tests.system.gallery.states_listen import ENDED, LONG, NAMES, READY, Moving

GOOD: JSON = {"loss": 0.0, "jitter_ms": 6, "concealed": 0.0, "narrowband": False, "clipping": False}
SEAT: JSON = {"space": "space", "seat": "s0", "token": "seat.good", "whip": "/api/v1/spaces/space/whip", "role": "host"}


def person(number: int, role: str = "speaker", **changes: Any) -> JSON:
    base = {
        "id": f"s{number}", "name": NAMES[number], "role": role, "account": None, "on_air": True, "muted": False,
        "connected": "connected", "level": 0.0, "speaking": False, "health": GOOD,
    }  # fmt: skip
    return {**base, **changes}


def desk(state: str, seats: list[JSON], **changes: Any) -> JSON:
    base: JSON = {
        "revision": 3, "state": state, "programme": {"live": "conversation", "doors": "preshow"}.get(state, "none"),
        "title": "The candidates and the town", "live_at": -754.0 if state == "live" else None, "doors_at": None,
        "starts_at": 245.0 if state in {"scheduled", "doors"} else -760.0, "recording": state == "live", "you": "s0",
        "may_direct": True, "hands": [], "programme_level": 0.2, "seats": copy.deepcopy(seats),
    }  # fmt: skip
    return {**base, **changes}


HOST = person(0, "host")
FULL = [
    person(0, "host", speaking=True, level=0.2),
    person(1, "cohost", level=0.01),
    person(2, muted=True),
    person(3, on_air=False, health={**GOOD, "narrowband": True}),
    person(4, on_air=False, connected="reconnecting"),
    person(5, "producer", on_air=False),
    person(6, health={**GOOD, "loss": 0.16}),
]
HANDS = [{"id": "h1", "name": "Hana Sato", "asked_at": -40.0}, {"id": "h2", "name": "Ivo Petrov", "asked_at": -185.0}]
LINKS = [
    {"id": "i1", "role": "speaker", "name": "Chi Tanaka", "url": "/join/secret-one", "accepted": False},
    {"id": "i2", "role": "cohost", "name": None, "accepted": True},
]
SPACE: JSON = {
    "id": "space", "title": "The candidates and the town", "description": "", "state": "scheduled",
    "url": "/spaces/space", "host": {"display_name": "Ada Lind", "account": "ada"}, "starts_at": None, "doors_at": None,
    "live_at": None, "ended_at": None, "record": True, "sample": False, "hold": False, "speakers": [],
    "replay": {"state": "none", "duration": 0, "trim_start": True}, "you": None,
}  # fmt: skip


@dataclass
class Stage:
    desk: JSON | None
    seat: JSON | None = field(default_factory=lambda: dict(SEAT))
    answers: JSON = field(default_factory=dict)

    def scene(self) -> Scene:
        listed = {"GET /api/v1/spaces/space/invitations": LINKS if self.desk and self.desk["hands"] else []}
        return Scene(answers={**listed, **self.answers}, desk=self.desk)


def me(seat: JSON) -> JSON:
    return {**SEAT, "seat": seat["id"], "role": seat["role"]}


SPEAKER = {"you": "s3", "may_direct": False, "hands": None}
STATES: dict[str, Stage] = {
    "host-alone": Stage(desk("scheduled", [HOST])),
    "host-doors": Stage(desk("doors", [HOST, person(1), person(2, on_air=False)])),
    "host-live": Stage(desk("live", FULL, hands=HANDS)),
    "host-muted": Stage(desk("live", [{**HOST, "muted": True}, person(1)])),
    "host-hold": Stage(desk("live", [HOST, person(1)], programme="hold")),
    "host-many": Stage(desk("live", [HOST, *[person(i) for i in range(1, 13)]], title=LONG)),
    "host-over": Stage(desk("ended", [HOST]), answers={"GET /spaces/space/live.json": Moving(**ENDED, replay=READY)}),
    "speaker-backstage": Stage(desk("doors", [HOST, person(3, on_air=False)], **SPEAKER), me(person(3))),
    "speaker-air": Stage(desk("live", [HOST, person(3, speaking=True, level=0.3)], **SPEAKER), me(person(3))),
    "producer": Stage(desk("live", [HOST, person(5, "producer", on_air=False)], you="s5"), me(person(5, "producer"))),
    "take-seat": Stage(
        None, None, {"GET /api/v1/spaces/space": {**SPACE, "you": {"seat": None, "role": "host", "can": ["edit"]}}}
    ),
    "uninvited": Stage(None, None, {"GET /api/v1/spaces/space": SPACE}),
    "refused": Stage(None, answers={"GET /api/v1/spaces/space": SPACE}),
    "no-such-stage": Stage(None, None),
}

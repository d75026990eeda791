"""The states of the stage page: each a desk, as its seat sees it."""

import copy
from typing import Any

from tests.system.gallery.scenery import JSON, State
from tests.system.gallery.states_listen import AUDIENCE, ENDED, LONG, NAMES, READY, Moving

GOOD: JSON = {"loss": 0.0, "jitter_ms": 6, "concealed": 0.0, "narrowband": False, "clipping": False}
SEAT: JSON = {
    "space": "space",
    "seat": "s0",
    "token": "seat.good",
    "whip": "/api/v1/spaces/space/whip",
    "role": "host",
}


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
    {"id": "i1", "role": "speaker", "name": "Chi Tanaka", "accepted": False, "expires_at": "2031-12-21T20:00:00Z"},
    {"id": "i2", "role": "cohost", "name": "", "accepted": True, "expires_at": "2031-12-21T20:00:00Z"},
    {"id": "i3", "role": "speaker", "name": "Dov Stern", "accepted": False, "expires_at": "2026-01-02T20:00:00Z"},
]
SPACE: JSON = {
    "id": "space", "title": "The candidates and the town", "description": "", "state": "scheduled",
    "url": "/spaces/space", "host": {"display_name": "Ada Lind", "account": "ada"}, "starts_at": None,
    "doors_at": None, "live_at": None, "ended_at": None, "record": True, "sample": False, "hold": False,
    "preshow": False, "speakers": [],
    "replay": {"state": "none", "duration": 0, "trim_start": True}, "you": None,
}  # fmt: skip


NONE_INVITED: JSON = {"GET /api/v1/spaces/space/invitations": []}


def stage(sees: str, shown: JSON | None, seat: JSON | None = SEAT, **more: Any) -> State:
    storage = {} if seat is None else {"seat.space": seat}
    answers = {**NONE_INVITED, **more.pop("answers", {})}
    return State("/spaces/space/stage", sees, answers=answers, desk=shown, storage=storage, **more)


def sits(number: int, role: str = "speaker") -> JSON:
    return {**SEAT, "seat": f"s{number}", "role": role}


SPEAKER: JSON = {"you": "s3", "may_direct": False, "hands": None}
HOSTED = {"GET /api/v1/spaces/space": {**SPACE, "you": {"seat": None, "role": "host", "can": ["edit"]}}}
REFUSED: JSON = {
    "GET /api/v1/spaces/space": SPACE,
    "GET /api/v1/spaces/space/desk": (401, {"error": "You are not on this stage."}),
}
AWAY: JSON = {**SEAT, "whip": "/api/v1/spaces/space/nowhere"}
HEARD = "Everybody hears you."


def check(step: str = "done", grade: str | None = None, *faults: str) -> JSON:
    return {"step": step, "ends_at": 3.2, "grade": grade, "faults": list(faults), "at": 0}


def alarm(code: str, part: str = "seat", seat: str | None = None, where: str = "") -> JSON:
    return {"code": code, "part": part, "seat": seat, "where": where, "since": 0}


def edge(where: str, fault: str | None = None, what: str = "") -> JSON:
    return {"edge": f"https://{where}", "fault": fault, "what": what, "age": 2.0}


SHOW = [
    person(0, "host", speaking=True, level=0.5, on_air_for=754.0),
    person(1, "cohost", level=0.05, on_air_for=754.0),
    person(2, level=0.6, on_air_for=128.4),
    person(3, on_air=False, preflight=check("done", "fair", "noise")),
    person(6, on_air=False, preflight=check("done", "good")),
    person(4, on_air=False, connected="absent"),
    person(5, "producer", on_air=False),
]
TWICE = {"first": True, "second": True, "second_carries": False}
ECHOING = [
    SHOW[0],
    {**SHOW[1], "silenced": "echo", "uplinks": TWICE},
    {**SHOW[2], "health": {**GOOD, "echo": True}},
    *SHOW[3:],
]
WAITING = [{**seat, "on_air_for": 0.0} for seat in SHOW]
EDGES = [edge("east.hustings.example"), edge("west.hustings.example")]
CALM = {
    "you": "s5",
    "delay": 7.0,
    "dumped_at": None,
    "talkback": [],
    "alarms": [],
    "heard": EDGES,
    "audience": AUDIENCE,
}
WRONG: JSON = {
    "alarms": [
        alarm("echo", seat="s2"),
        alarm("echo", seat="s1"),
        alarm("silence", "edge", where="https://west.hustings.example"),
        alarm("disk_slow", "recording"),
    ],
    "heard": [EDGES[0], edge("west.hustings.example", "edge", "silence")],
}
RULES = {"GET /api/v1/spaces/space": {**SPACE, "delay": 7.0, "mute_echo": False}}
PRODUCES = sits(5, "producer")
ASIDE = person(3, on_air=False)

STATES: dict[str, State] = {
    "stage-host-alone": stage("Open the doors", desk("scheduled", [HOST])),
    "stage-host-doors": stage(
        "checked: fair", desk("doors", [{**HOST, "preflight": check("done", "good")}, person(1), SHOW[3]]),
        also="Going live airs 2 voices.", answers=RULES,
    ),
    "stage-host-alarms": stage(
        "Mute until they wear headphones", desk("live", ECHOING, **{**CALM, **WRONG, "you": "s0"}), also=HEARD,
    ),
    "stage-host-live": stage(
        "breaking up", desk("live", FULL, hands=HANDS), answers={"GET /api/v1/spaces/space/invitations": LINKS},
        also=HEARD,
    ),
    "stage-host-invited": stage(
        "Copy", desk("live", [HOST]), press=("Make a link",),
        answers={
            "GET /api/v1/spaces/space/invitations": LINKS,
            "POST /api/v1/spaces/space/invitations": {**LINKS[0], "url": "http://localhost/join/secret-one"},
        },
    ),
    "stage-host-more": stage("Hand over", desk("live", FULL[:3]), press=("More for Ben Okafor",), also=HEARD),
    "stage-host-muted": stage("ON AIR, MUTED", desk("live", [{**HOST, "muted": True}, person(1)])),
    "stage-host-unheard": stage("Nobody hears you until", desk("live", [HOST, person(1)]), AWAY),
    "stage-host-dead-air": stage(
        "Silence is intended", desk("live", [HOST, person(1)], programme="hold", dead_air=17.0, hold=False),
        also="the first word ends it",
    ),
    "stage-host-hold": stage("Back to the conversation", desk("live", [HOST, person(1)], programme="hold")),
    "stage-host-many": stage(
        "Mia Ruiz", desk("live", [HOST, *[person(i) for i in range(1, 13)]], title=LONG), also=HEARD
    ),
    "stage-host-over": stage(
        "The replay is there: 4 min.", desk("ended", [HOST]),
        answers={"GET /spaces/space/live.json": Moving(**ENDED, replay=READY)},
    ),
    "stage-host-failed": stage(
        "Prepare it again", desk("ended", [HOST]),
        answers={"GET /spaces/space/live.json": Moving(**ENDED, replay={**READY, "state": "failed"})},
    ),
    "stage-host-unrecorded": stage(
        "Nothing of it was recorded.", desk("ended", [HOST]), answers={"GET /spaces/space/live.json": Moving(**ENDED)}
    ),
    "stage-cancelled": stage(
        "It will not take place.", desk("cancelled", [HOST]),
        answers={"GET /spaces/space/live.json": Moving(state="cancelled")},
    ),
    "stage-speaker-backstage": stage("BACKSTAGE", desk("doors", [HOST, ASIDE], **SPEAKER), sits(3)),
    "stage-speaker-air": stage(
        "Everybody hears you.", desk("live", [HOST, person(3, speaking=True, level=0.3)], **SPEAKER), sits(3)
    ),
    "stage-speaker-told": stage(
        "The producer is talking to you",
        desk(
            "live", [HOST, person(3, guard="aside"), SHOW[6]], talkback=[{"by": "s5", "to": ["s3"]}], **SPEAKER
        ), sits(3), also=HEARD,
    ),
    "stage-second-way": stage(
        "sound is being connected again.",
        desk("live", [HOST, person(3, uplinks={"first": False, "second": True, "second_carries": True})], **SPEAKER),
        {**sits(3), "token": f"seat.{'good' * 40}"}, press=("Set up a second way in", "Show the token"),
        also="?uplink=second",
    ),
    "stage-check": stage(
        "The ferry leaves at six", desk("doors", [HOST, person(3, preflight=check("speak"))], **SPEAKER), sits(3)
    ),
    "stage-check-poor": stage(
        "Use headphones.",
        desk("doors", [HOST, person(3, preflight=check("done", "poor", "noise", "echo"))], **SPEAKER), sits(3),
    ),
    "stage-producer": stage("Nothing is wrong.", desk("live", SHOW, **CALM), PRODUCES, answers=RULES),
    "stage-producer-alarms": stage(
        "The disk is slow",
        desk("live", ECHOING, hands=HANDS, **{**CALM, **WRONG, "dumped_at": -4.0, "dumped": 5.46}), PRODUCES,
        also="The last 5.5 seconds were replaced", answers=RULES,
    ),
    "stage-producer-talk": stage(
        "Ada Lind hears you", desk("doors", WAITING, **{**CALM, "talkback": [{"by": "s5", "to": ["s0"]}]}), PRODUCES,
        answers=RULES,
    ),
    "stage-producer-keys": stage(
        "while held: talk to them alone", desk("live", SHOW, **CALM), PRODUCES, answers=RULES, press=("Keys",)
    ),
    "stage-take-seat": stage("You host this conversation.", None, None, answers=HOSTED),
    "stage-microphone": stage(
        "This is how loud you should be", None, None, answers=HOSTED, press=("Check my microphone",)
    ),
    "stage-uninvited": stage("You have no seat", None, None, answers={"GET /api/v1/spaces/space": SPACE}),
    "stage-refused": stage("You are not on this stage.", None, answers=REFUSED),
    "stage-deleted": stage("This conversation was removed", None),
    "stage-missing": stage("There is no conversation here", None, None),
}  # fmt: skip

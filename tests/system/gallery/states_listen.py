"""The states of the listener page: each a live.json, and what is pressed to get there."""

import copy
from typing import Any

from tests.system.gallery.scenery import JSON, State

NAMES = ("Ada Lind", "Ben Okafor", "Chi Tanaka", "Dov Stern", "Eva Marin", "Femi Ade", "Gro Haug",
         "Hana Sato", "Ivo Petrov", "Jun Park", "Kaia Moe", "Leo Costa", "Mia Ruiz")  # fmt: skip

AUDIENCE: JSON = {
    "listening": 18204, "estimated": 311, "peak": 19377, "unique": 26540, "stalled": 7, "stalled_share": 0.021,
    "one_in": 1, "within": 45.0,
}  # fmt: skip
CARD: JSON = {
    "id": "space",
    "title": "The candidates and the town",
    "description": "Four people want to lead this town for the next six years. They answer what you ask about the "
    "ferry, the school and the harbour. No speeches: questions only.",
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
    "audience": AUDIENCE,
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


LIVE: JSON = {"state": "live", "programme": "conversation", "starts_at": -2600.0, "doors_at": -2900.0,
              "live_at": -2537.0, "listening": 18204}  # fmt: skip
ENDED: JSON = {"state": "ended", "starts_at": -9000.0, "live_at": -9000.0, "ended_at": -3000.0}
LONG = "On the question whether the Inter-Municipal Waste-Water Treatment Association may be dissolved before 2031"
READY: JSON = {"state": "ready", "duration": 240.0, "trim_start": True}

ASKED = {"request.space": {"id": "r1", "secret": "hush", "name": "Hana Sato"}}


def listen(sees: str, card: Moving | None, **more: Any) -> State:
    answers = {} if card is None else {"GET /spaces/space/live.json": card}
    return State("/spaces/space", sees, answers={**answers, **more.pop("answers", {})}, **more)


def asked(state: str) -> JSON:
    return {"GET /api/v1/spaces/space/requests/r1": {"state": state}}


SAMPLE = Moving(
    **{**LIVE, "title": "What a ferry is for", "host": {"display_name": "The sample", "account": None}},
    sample=True,
    speakers=voices(2),
)
LONG_NAME = [{**voices(1)[0], "name": "Professor Dr. Wolfeschlegelsteinhausenbergerdorff"}, *voices(3, None)[1:]]
RIGHT_TO_LEFT = [{**voices(1)[0], "name": "ليلى حداد"}, {**voices(2, None)[1], "name": "דוד כהן"}]
DELETABLE: JSON = {"GET /api/v1/spaces/space": {"you": {"seat": None, "role": "host", "can": ["delete"]}}}
ABSENT: JSON = {**voices(4, None)[3], "connected": False}
TALK = Moving(**LIVE, speakers=voices(5))
REPLAY = Moving(**ENDED, replay=READY, speakers=voices(4, None, connected=False))

STATES: dict[str, State] = {
    "loading": listen("Loading the conversation", None, slow=True),
    "missing": listen("There is no conversation here", None),
    "unreachable": listen(
        "The server cannot be reached", None, answers={"GET /spaces/space/live.json": (503, {"error": "Away."})}
    ),
    "scheduled": listen(
        "in 3 days 2 hours", Moving(starts_at=86400.0 * 3 + 7800, speakers=voices(4, None, connected=False))
    ),
    "scheduled-soon": listen("in 4 minutes", Moving(starts_at=270.0, speakers=voices(1, None, connected=False))),
    "scheduled-late": listen("It was to begin 3 minutes ago", Moving(starts_at=-200.0)),
    "scheduled-open": listen("No time is set yet", Moving()),
    "scheduled-armed": listen(
        "Leave this page open", Moving(starts_at=270.0), press=("Play when it begins",)
    ),
    "doors": listen(
        "The conversation starts in 4 minutes. You will hear music until then.",
        Moving(state="doors", programme="preshow", starts_at=270.0, doors_at=-300.0, speakers=voices(3, None),
               listening=412),
    ),
    "live-blocked": listen("18,204 listening", TALK),
    "live-counted": listen("17,893 pages like this one", TALK, press=("18,204 listening",)),
    "live-playing": listen("Ada Lind is speaking", TALK, press=("Listen",)),
    "live-paused": listen("Paused.", TALK, press=("Listen", "Pause")),
    "live-menu": listen("Copy the stream for other players", TALK, press=("More",)),
    "live-one": listen("1 listening", Moving(**{**LIVE, "listening": 1}, speakers=voices(1))),
    "live-many": listen("1,284,113 listening", Moving(**{**LIVE, "listening": 1284113}, speakers=voices(13, 4))),
    "live-empty": listen("Nobody has come to the stage yet.", Moving(**LIVE)),
    "live-long": listen("Waste-Water", Moving(**{**LIVE, "title": LONG}, speakers=LONG_NAME)),
    "live-right-to-left": listen(
        "المرشحون", Moving(**{**LIVE, "title": "المرشحون والمدينة", "description": "أسئلة فقط، بلا خطابات."},
                           speakers=RIGHT_TO_LEFT)
    ),
    "live-absent": listen("not here", Moving(**LIVE, speakers=[*voices(2), ABSENT])),
    "live-backstage": listen(
        "On stage", Moving(**LIVE, speakers=[*voices(2), {**voices(4)[3], "on_air": False}])
    ),
    "live-nobody": listen("Nobody is on air at the moment.", Moving(**LIVE, speakers=voices(2, None, on_air=False))),
    "hold": listen("A short pause.", Moving(**{**LIVE, "programme": "hold"}, speakers=voices(3, None))),
    "hold-empty": listen(
        "A short pause.", Moving(**{**LIVE, "programme": "hold"}, speakers=voices(3, None, connected=False))
    ),
    "lost": listen(
        "We lost the stage", Moving(**{**LIVE, "programme": "none"}, speakers=voices(3, None, connected=False))
    ),
    "sample": listen("This is a sample conversation.", SAMPLE),
    "sample-owner": listen("Remove the sample", SAMPLE, answers=DELETABLE),
    "sample-removed": listen(
        "The sample is gone",
        SAMPLE,
        answers={**DELETABLE, "DELETE /api/v1/spaces/space": {}},
        press=("Remove the sample",),
    ),
    "asking": listen("The host sees your name and decides", TALK, press=("Ask to speak",)),
    "asking-unrecorded": listen(
        "This conversation is not recorded. You will", Moving(**LIVE, recorded=False), press=("Ask to speak",)
    ),
    "asking-pending": listen(
        "The host sees that Hana Sato", TALK, answers=asked("pending"), storage=ASKED, press=("You asked to speak",)
    ),
    "asking-approved": listen("You are invited to the stage", TALK, answers=asked("approved"), storage=ASKED),
    "asking-approved-unrecorded": listen(
        "heard live by everyone with the link. This conversation is not recorded.",
        Moving(**LIVE, recorded=False), answers=asked("approved"), storage=ASKED,
    ),
    "asking-declined": listen(
        "cannot take your question this time", TALK, answers=asked("declined"), storage=ASKED, press=("Ask to speak",)
    ),
    "preparing": listen("is being prepared", Moving(**ENDED, replay={**READY, "state": "preparing"})),
    "replay": listen("Lossless", REPLAY),
    "replay-playing": listen("Lossless", REPLAY, press=("Play the replay",)),
    "replay-failed": listen("could not be prepared", Moving(**ENDED, replay={**READY, "state": "failed"})),
    "unrecorded": listen("Nothing of it was recorded.", Moving(**ENDED, recorded=False)),
    "unheard": listen("Nothing of it was recorded.", Moving(**ENDED)),
    "cancelled": listen("This conversation was cancelled.", Moving(state="cancelled", starts_at=86400.0)),
}  # fmt: skip

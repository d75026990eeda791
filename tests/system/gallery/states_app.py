"""The states of the pages around: home, accounts, invitations."""

from typing import Any

from tests.system.gallery.scenery import JSON, State
from tests.system.gallery.states_listen import LONG
from tests.system.gallery.states_stage import SEAT, SPACE

ADA: JSON = {"name": "ada", "display_name": "Ada Lind", "role": "owner"}
SIGNED_IN: JSON = {"account": ADA, "owner_exists": True, "passkeys": 1}
LONG_NAMED: JSON = {**SIGNED_IN, "account": {**ADA, "display_name": "Professor Wolfeschlegelsteinhausenbergerdorff"}}
SIGNED_OUT: JSON = {"account": None, "owner_exists": True, "passkeys": 0}
FIRST_RUN: JSON = {"account": None, "owner_exists": False, "passkeys": 0}
NOTHING_ON: JSON = {"live": [], "scheduled": [], "ended": []}
SEATED = [{"seat": f"s{i}", "name": str(i), "role": "speaker"} for i in range(4)]


def space(name: str, **changes: Any) -> JSON:
    return {**SPACE, "id": name, **changes}


BUSY: JSON = {
    "live": [
        space("a", state="live", speakers=SEATED),
        space("b", state="live", title="What a ferry is for", sample=True),
    ],
    "scheduled": [
        space("c", title="Reading the harbour plan together", starts_at="2031-08-12T18:00:00Z"),
        space("d", title=LONG, starts_at="2031-08-13T18:00:00Z"),
        space("e", title="المرشحون والمدينة", state="doors", starts_at="2031-08-13T18:00:00Z"),
    ],
    "ended": [
        space(f"f{i}", state="ended", title=title, ended_at="2026-08-12T20:05:00Z",
              replay={"state": "ready", "duration": 3900, "trim_start": True})
        for i, title in enumerate(("The school and the river", "An evening about bread", "Who pays for the bridge?"))
    ],
}  # fmt: skip

ACCOUNT: JSON = {
    "GET /api/v1/me": SIGNED_IN,
    "GET /api/v1/passkeys": [{"id": "p1", "label": "iPhone, 2026-08-01", "created_at": "2026-08-01T10:00:00Z"}],
    "GET /api/v1/sessions": [
        {"id": "1", "created_at": "2026-08-01T10:00:00Z", "last_seen_at": "2026-08-12T10:00:00Z", "current": True,
         "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0 Safari/537.36"},
        {"id": "2", "created_at": "2026-08-01T10:00:00Z", "last_seen_at": "2026-08-11T10:00:00Z", "current": False,
         "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1"},
    ],
    "GET /api/v1/tokens": [
        {"id": "t1", "label": "The church's mixing desk", "scopes": ["read", "speak"],
         "created_at": "2026-08-01T10:00:00Z", "expires_at": "2026-11-01T10:00:00Z"},
    ],
    "POST /api/v1/tokens": {"token": "hst_0123456789abcdefghijklmnopqrstuvwxyz0123456789"},
    "POST /api/v1/account-links": {"url": "http://localhost/setup#one-time-secret"},
}  # fmt: skip
INVITED: JSON = {"space": {**SPACE, "starts_at": "2031-08-12T18:00:00Z"}, "role": "speaker", "name": "Chi Tanaka",
                 "from": "Ada Lind", "accepted": False}  # fmt: skip
OWNERS_LINK: JSON = {"POST /api/v1/setup/look": {"role": "owner", "name": None}}
CARD = "GET /api/v1/invitations/secret"


def page(path: str, sees: str, me: JSON = SIGNED_OUT, answers: JSON | None = None, **more: Any) -> State:
    return State(path, sees, answers={"GET /api/v1/me": me, **(answers or {})}, **more)


def home(sees: str, me: JSON, listing: JSON) -> State:
    return page("/", sees, me, {"GET /api/v1/spaces": listing})


STATES: dict[str, State] = {
    "home-first-run": home("This server has no owner yet", FIRST_RUN, NOTHING_ON),
    "home-empty": home("A quiet square", SIGNED_OUT, NOTHING_ON),
    "home-empty-signed-in": home("Start a conversation", SIGNED_IN, NOTHING_ON),
    "home-busy": home("The school and the river", SIGNED_IN, BUSY),
    "home-failing": page("/", "The list cannot be fetched"),
    "sign-in": page("/sign-in", "You need no account to listen"),
    "setup": page("/setup#secret", "Take the keys", FIRST_RUN, OWNERS_LINK),
    "setup-used": page("/setup#secret", "This link does not work"),
    "setup-cut": page("/setup", "This address lacks its last part."),
    "account": page("/me", "The church's mixing desk", SIGNED_IN, ACCOUNT),
    "account-long-name": page("/me", "Wolfeschlegel", answers={**ACCOUNT, "GET /api/v1/me": LONG_NAMED}),
    "account-link": page("/me", "one-time-secret", SIGNED_IN, ACCOUNT, press=("Make a link",)),
    "account-signed-out": page("/me", "You are not signed in"),
    "new": page("/new", "Go backstage", SIGNED_IN),
    "new-signed-out": page("/new", "Sign in to start a conversation"),
    "new-no-owner": page("/new", "This server has no owner yet", FIRST_RUN),
    "profile": page(
        "/@ada", "The candidates", SIGNED_IN, {"GET /api/v1/accounts/ada": {**ADA, "spaces": BUSY["live"]}}
    ),
    "profile-missing": page("/@nobody", "There is nobody of this name here"),
    "join": page("/join/secret", "invites you to speak", answers={CARD: INVITED}),
    "join-microphone": page(
        "/join/secret", "This is how loud you should be", answers={CARD: INVITED}, press=("Check my microphone",)
    ),
    "join-accepted": page(
        "/join/secret", "takes it from any other browser", answers={CARD: {**INVITED, "accepted": True}},
        storage={"name": "Somebody else"},
    ),
    "join-live": page(
        "/join/secret", "It is on air now.",
        answers={CARD: {**INVITED, "role": "cohost", "space": {**SPACE, "state": "live"}}},
    ),
    "join-over": page(
        "/join/secret", "This conversation is over.", answers={CARD: {**INVITED, "space": BUSY["ended"][0]}}
    ),
    "join-seated": page("/join/secret", "Back to my seat", answers={CARD: INVITED}, storage={"seat.space": SEAT}),
    "join-refused": page("/join/secret", "This invitation does not work"),
    "status": page("/status", "The API answers", answers={"GET /api/v1/spaces": BUSY}),
    "status-failing": page("/status", "The API does not answer"),
    "nothing": page("/nowhere/at/all", "This address leads nowhere."),
}  # fmt: skip

"""What one person alone hears: cues of being on air, and the check before the start."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from starlette.applications import Starlette
from tests.support.hearing import voices
from tests.support.stage import Hall, Speaker, Town, hall, make_plan, seat
from tests.support.talkers import Loudspeaker, Voice, noise

from hustings.audio.cues import CUE_TICKS, cue
from hustings.audio.level import Samples
from hustings.base.grid import SAMPLE_RATE
from hustings.documents.seat_token import SeatClaim
from hustings.documents.space import Role, SpaceState
from hustings.stage.commands import command_routes
from hustings.stage.desk import body
from hustings.stage.problems import PROBLEMS
from hustings.stage.programme import IDLE_FOR

pytestmark = pytest.mark.usefixtures("beds")
COMMAND = "/api/v1/spaces/space1/desk/"


def of(stage: Hall, name: str) -> dict[str, Any]:
    told = msgspec.json.decode(b"{" + body(stage.room, stage.now, directs=True))
    return next(dict(found) for found in told["seats"] if found["id"] == name)


def heard(person: Speaker) -> Samples:
    """Since last asked."""
    sound = np.concatenate(person.heard)
    person.heard.clear()
    return sound


def has(sound: Samples, cue_of: bool) -> bool:
    searched = np.concatenate(cue(cue_of))
    found = np.correlate(sound, searched, "valid").max() / float(np.dot(searched, searched))
    return bool(found > 0.8)


def backstage() -> tuple[Hall, Speaker, Speaker]:
    stage = hall(make_plan(seat("ada"), seat("ben", on_air=False)))
    ada, ben = stage.seat("ada", Speaker(500.0, 0.0)), stage.seat("ben", Speaker(1000.0, 0.0))
    stage.seconds(1)
    for person in (ada, ben):
        heard(person)
    return stage, ada, ben


def test_who_goes_on_air_or_off_it_hears_a_cue_and_nobody_else_does() -> None:
    stage, ada, ben = backstage()
    stage.programme()
    for on_air in (True, False):
        stage.change_seat("ben", on_air=on_air)
        stage.step(2 * CUE_TICKS)
        assert has(heard(ben), on_air)
        assert np.abs(heard(ada)).max() < 0.001
    assert np.abs(stage.programme()).max() < 0.001
    stage.seconds(1)
    assert np.abs(heard(ben)).max() < 0.001


def test_going_live_and_ending_is_told_to_those_on_air_and_to_nobody_backstage() -> None:
    stage = hall(make_plan(seat("ada"), seat("ben", on_air=False), state=SpaceState.DOORS))
    ada, ben = stage.seat("ada", Speaker(500.0, 0.0)), stage.seat("ben", Speaker(1000.0, 0.0))
    stage.seconds(1)
    stage.change(state=SpaceState.LIVE)
    stage.seconds(1)
    assert has(heard(ada), True)
    stage.change(state=SpaceState.ENDED, ended_at=stage.now)
    stage.seconds(1)
    assert has(heard(ada), False)
    assert np.abs(heard(ben)).max() < 0.001


def test_an_automatic_hold_and_its_end_are_told_to_those_on_air() -> None:
    stage, ada, _ = backstage()
    stage.seconds(IDLE_FOR + 1)
    assert has(heard(ada), False)
    ada.amplitude = 0.1
    stage.seconds(1.5)
    assert has(heard(ada), True)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return voices(tmp_path_factory.mktemp("voices"))["en-us"]


def checked(stage: Hall, name: str) -> list[dict[str, Any]]:
    """What the desk shows of a whole check, one a second."""
    chair = stage.room.chair(name)
    assert chair is not None
    stage.room.check(chair)
    seen = []
    for _ in range(11):
        stage.seconds(1)
        seen.append(of(stage, name)["preflight"])
    return seen


def test_a_check_takes_ten_seconds_and_ends_with_a_grade_that_stays(said: Samples) -> None:
    ada = Voice(said + noise(len(said) / SAMPLE_RATE, 0.0004))
    silent = noise(3, 0.0004)
    stage = hall(make_plan(seat("ada"), state=SpaceState.SCHEDULED))
    stage.seat("ada", ada)
    stage.seconds(1)
    assert of(stage, "ada")["preflight"] is None
    chair = stage.room.chair("ada")
    assert chair is not None
    stage.room.check(chair)
    began = stage.now
    stage.seconds(1)
    found = of(stage, "ada")["preflight"]
    assert (found["step"], found["grade"], found["faults"], found["at"]) == ("speak", None, [], None)
    assert found["ends_at"] == pytest.approx(began + 5, abs=0.3)
    stage.seconds(4.1)
    ada.says(silent)
    stage.seconds(5.1)
    found = of(stage, "ada")["preflight"]
    assert (found["step"], found["grade"], found["faults"]) == ("done", "good", [])
    assert found["at"] == pytest.approx(began + 10, abs=0.3)
    stage.seconds(60)
    assert of(stage, "ada")["preflight"] == found


def test_a_check_hears_a_loudspeaker_while_others_talk_and_nobody_else_hears_the_check() -> None:
    stage = hall(make_plan(seat("ada"), seat("ben"), seat("eve"), state=SpaceState.SCHEDULED))
    ben, eve = stage.seat("ben", Speaker(1000.0)), stage.seat("eve", Speaker(700.0, 0.0))
    ada = stage.seat("ada", Loudspeaker())
    stage.seconds(1)
    alone = ben.hears(eve)
    seen = checked(stage, "ada")
    assert list(dict.fromkeys(found["step"] for found in seen)) == ["speak", "quiet", "listen", "done"]
    assert "echo" in seen[-1]["faults"]
    assert seen[-1]["grade"] == "poor"
    assert alone < 0.001
    quiet = ada.heard[50 + 255 : 50 + 345]
    assert np.abs(np.concatenate(quiet)).max() < 0.01  # no talk of others in it


def test_what_is_told_of_the_network_is_of_the_ten_seconds() -> None:
    stage = hall(make_plan(seat("ada"), state=SpaceState.SCHEDULED))
    ada = stage.seat("ada", Speaker())
    stage.seconds(1)
    ada.said = type(ada.said)(loss=0.06)
    assert "loss" in checked(stage, "ada")[-1]["faults"]
    ada.said = type(ada.said)()
    assert "loss" not in checked(stage, "ada")[-1]["faults"]


def test_a_check_is_dropped_when_its_speaker_goes_on_air() -> None:
    stage, _, ben = backstage()
    chair = stage.room.chair("ben")
    assert chair is not None
    stage.room.check(chair)
    stage.seconds(6)
    stage.change_seat("ben", on_air=True)
    heard(ben)
    stage.seconds(1)
    assert of(stage, "ben")["preflight"] is None
    assert has(heard(ben), True)


async def test_the_commands_of_the_desk(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.rooms.put(make_plan(seat("ada", role=Role.HOST), seat("ben"), state=SpaceState.LIVE))
    eve = make_plan(seat("ada", role=Role.HOST), seat("ben"), seat("eve", on_air=False), revision=2)
    await town.rooms.put(eve)
    for name in ("ada", "eve"):
        town.rooms.attach(SeatClaim("space1", name, 0), Speaker())
    town.step(20)
    doors = Starlette(routes=command_routes(town.rooms, town.clock), exception_handlers=PROBLEMS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(doors), base_url="http://stage") as http:

        async def ask(who: str, command: str, body: object = None) -> tuple[int, str]:
            headers = {"Authorization": f"Bearer {town.token(who)}"}
            answer = await http.post(COMMAND + command, json=body, headers=headers)
            return answer.status_code, answer.json()["code"] if answer.content else ""

        assert await ask("eve", "preflight") == (202, "")
        assert await ask("ada", "preflight") == (409, "check_on_air")
        await town.rooms.put(msgspec.structs.replace(eve, revision=3, state=SpaceState.SCHEDULED))
        assert await ask("ben", "preflight") == (409, "not_connected")
        assert await ask("eve", "unsilence", {"seat": "ben"}) == (403, "not_directing")
        assert await ask("ada", "unsilence", {"seat": "ben"}) == (204, "")
        assert await ask("ada", "unsilence", {"seat": 7}) == (400, "bad_command")
    await town.rooms.close()

from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs
from tests.support.control import World, new_space
from tests.support.sounds import as_wav, tone

from hustings.documents.space import Replay, ReplayState, SpaceState
from hustings.documents.turnout import Turnout
from hustings.store.values import AccountRole


def at(space: dict[str, object]) -> str:
    return f"/api/v1/spaces/{space['id']}"


async def test_a_space_goes_from_announcement_to_replay(world: World) -> None:
    host = await world.program("ada")
    stage = await world.role()
    space = await new_space(host, description="About the ferry")
    states = [space["state"]]

    for step in ("doors", "live", "end"):
        world.clock.advance(60)
        states.append((await host.post(f"{at(space)}/{step}")).json()["state"])
    preparing = (await host.get(at(space))).json()["replay"]["state"]
    told = msgspec.json.encode(Replay(ReplayState.READY, 61.5))
    ready = await stage.post(f"/internal/spaces/{space['id']}/replay", content=told)

    assert states == ["scheduled", "doors", "live", "ended"]
    assert preparing == "preparing"
    assert ready.status_code == 204
    assert (await host.get(at(space))).json()["replay"] == {"state": "ready", "duration": 61.5, "trim_start": True}
    assert world.stage.plans[str(space["id"])].replay.state is ReplayState.READY


async def test_who_listened_stays_with_the_space_and_moves_nothing_else(world: World) -> None:
    host, stage = await world.program("ada"), await world.role()
    space = await new_space(host)
    where = f"/internal/spaces/{space['id']}/turnout"
    counted = Turnout(listening=900, estimated=20, peak=1_000, unique=1_500, stalled=3, stalled_share=0.02)
    await host.post(f"{at(space)}/live")
    before = world.stage.plans[str(space["id"])]

    told = await stage.post(where, content=msgspec.json.encode(counted))
    unreadable = await stage.post(where, content=b"[]")

    assert (told.status_code, unreadable.status_code) == (204, 400)
    assert (await host.get(at(space))).json()["audience"] == {"peak": 1_000, "unique": 1_500, "stalled_share": 0.02}
    assert world.stage.plans[str(space["id"])] == before
    await host.post(f"{at(space)}/end")
    assert world.stage.plans[str(space["id"])].turnout == Turnout(peak=1_000, unique=1_500, stalled_share=0.02)
    gone = await stage.post(where.replace(str(space["id"]), "unknown"), content=msgspec.json.encode(counted))
    assert gone.status_code == 404


async def test_a_step_that_its_life_does_not_have_is_refused_with_a_sentence(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    await host.post(f"{at(space)}/cancel")

    answer = await host.post(f"{at(space)}/live")

    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert answer.json()["error"] == "This Space was cancelled. Start a new one to talk."


async def test_a_listener_may_look_and_do_nothing(world: World) -> None:
    host, other, stranger = await world.program("ada"), await world.program("ben"), await world.person()
    space = await new_space(host)

    assert (await stranger.get(at(space))).json()["you"] is None
    assert (await other.get(at(space))).json()["you"] is None
    for step in ("doors", "live", "end", "cancel"):
        assert (await other.post(f"{at(space)}/{step}")).status_code == 403
        assert (await stranger.post(f"{at(space)}/{step}")).status_code == 401
    assert (await host.get(at(space))).json()["you"]["role"] == "host"


async def test_a_moderator_may_end_a_space_but_not_speak_for_it(world: World) -> None:
    host, moderator = await world.program("ada"), await world.program("mo", AccountRole.MODERATOR)
    space = await new_space(host)
    await host.post(f"{at(space)}/live")

    assert (await moderator.post(f"{at(space)}/hold", json={"on": True})).status_code == 403
    assert (await moderator.post(f"{at(space)}/end")).status_code == 200


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2023-11-15T20:00:00+02:00", "2023-11-15T18:00:00.000Z"),
        ("2023-11-15T18:00:00Z", "2023-11-15T18:00:00.000Z"),
        (1_700_071_200, "2023-11-15T18:00:00.000Z"),
        (1_700_071_200.5, "2023-11-15T18:00:00.500Z"),
    ],
)
async def test_a_start_time_may_be_told_in_any_zone(world: World, given: object, shown: str) -> None:
    space = await new_space(await world.program("ada"), starts_at=given)

    assert space["starts_at"] == shown


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "“title” is missing."),
        ({"title": "  "}, "Give the Space a title."),
        ({"title": "x" * 141}, "A title may have 140 characters"),
        ({"title": "The\0ferry"}, "characters that cannot be seen"),
        ({"title": "The \u202eyrref"}, "characters that cannot be seen"),
        ({"title": "The \u2067ferry"}, "characters that cannot be seen"),
        ({"title": "x", "description": "one\x1b[2J"}, "characters that cannot be seen"),
        ({"title": 5}, "“title” must be text"),
        ({"title": "x", "titel": "y"}, "“titel” is not known here."),
        ({"title": "x", "starts_at": "2023-11-15T20:00:00"}, "must say its time zone"),
        ({"title": "x", "starts_at": "tomorrow"}, "must be a time, written like"),
        ({"title": "x", "starts_at": 5}, "between now and two years ahead"),
        ({"title": "x", "record": "yes"}, "“record” must be true or false"),
    ],
)
async def test_a_space_that_cannot_be_is_refused_with_what_is_wrong(world: World, body: object, says: str) -> None:
    host = await world.program("ada")

    answer = await host.post("/api/v1/spaces", json=body)

    assert answer.status_code == 400
    assert says in answer.json()["error"]


async def test_a_body_that_is_no_json_is_refused_with_a_sentence(world: World) -> None:
    host = await world.program("ada")

    answer = await host.post("/api/v1/spaces", content=b"{", headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["error"]) == (400, "The request's body is not valid JSON.")


async def test_a_space_can_be_changed_until_it_is_over_and_its_time_until_it_is_live(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    later = (datetime.fromtimestamp(world.clock.now(), UTC) + timedelta(days=1)).isoformat()

    changed = await host.patch(at(space), json={"title": "The harbour", "starts_at": later})
    await host.post(f"{at(space)}/live")
    late = await host.patch(at(space), json={"starts_at": later})
    renamed = await host.patch(at(space), json={"title": "The harbour, again"})
    await host.post(f"{at(space)}/end")
    over = await host.patch(at(space), json={"title": "Too late"})

    assert (changed.json()["title"], changed.json()["starts_at"] is not None) == ("The harbour", True)
    assert (late.status_code, renamed.status_code, over.status_code) == (409, 200, 409)
    assert world.stage.plans[str(space["id"])].title == "The harbour, again"


async def test_the_overview_lists_what_is_on_what_comes_and_what_was(world: World) -> None:
    host = await world.program("ada")
    titles = {"live": "on", "scheduled": "coming", "ended": "over"}
    for title in titles.values():
        space = await new_space(host, title=title)
        if title != "coming":
            await host.post(f"{at(space)}/live")
        if title == "over":
            await host.post(f"{at(space)}/end")

    overview = (await (await world.person()).get("/api/v1/spaces")).json()

    assert {kind: [space["title"] for space in found] for kind, found in overview.items()} == {
        kind: [title] for kind, title in titles.items()
    }


async def test_a_deleted_space_is_gone_here_and_on_the_stage(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)

    deleted = await host.delete(at(space))

    assert deleted.status_code == 204
    assert (await host.get(at(space))).status_code == 404
    assert world.stage.deleted == [space["id"]]
    assert (await (await world.role()).get(f"/internal/plans/{space['id']}")).status_code == 404


async def test_hold_is_switched_while_live(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    early = await host.post(f"{at(space)}/hold", json={"on": True})
    await host.post(f"{at(space)}/live")

    held = await host.post(f"{at(space)}/hold", json={"on": True})

    assert (early.status_code, held.json()["hold"]) == (409, True)
    assert world.stage.plans[str(space["id"])].hold


async def test_a_silence_is_said_to_be_intended_before_or_while_it_is_live_by_who_directs(world: World) -> None:
    host, other = await world.program("ada"), await world.program("ben")
    space = await new_space(host)

    refused = await other.post(f"{at(space)}/silence", json={"on": True})
    intended = await host.post(f"{at(space)}/silence", json={"on": True})
    await host.post(f"{at(space)}/live")

    assert (refused.status_code, intended.json()["silence_intended"]) == (403, True)
    assert world.stage.plans[str(space["id"])].silence_intended
    await host.post(f"{at(space)}/silence", json={"on": False})
    assert not world.stage.plans[str(space["id"])].silence_intended
    await host.post(f"{at(space)}/end")
    assert (await host.post(f"{at(space)}/silence", json={"on": True})).status_code == 409


async def test_the_delay_is_chosen_before_it_is_live_and_the_rule_of_echoes_at_any_time(world: World) -> None:
    host, other = await world.program("ada"), await world.program("ben")
    space = await new_space(host)
    assert (space["delay"], space["mute_echo"]) == (0.0, False)

    refused = await other.patch(at(space), json={"delay": 7})
    too_long = await host.patch(at(space), json={"delay": 15.5})
    chosen = await host.patch(at(space), json={"delay": 7})
    await host.post(f"{at(space)}/live")
    late = await host.patch(at(space), json={"delay": 0})
    rule = await host.patch(at(space), json={"mute_echo": True})

    assert (refused.status_code, too_long.json()["code"]) == (403, "bad_space")
    assert (chosen.json()["delay"], late.status_code, late.json()["code"]) == (7.0, 409, "wrong_state")
    assert (rule.status_code, rule.json()["delay"], rule.json()["mute_echo"]) == (200, 7.0, True)
    plan = world.stage.plans[str(space["id"])]
    assert (plan.delay, plan.mute_echo) == (7.0, True)


async def test_the_host_keeps_the_first_silence_in_the_replay_if_wanted(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)

    answer = await host.patch(f"{at(space)}/replay", json={"trim_start": False})

    assert answer.json()["replay"]["trim_start"] is False
    assert not world.stage.plans[str(space["id"])].replay.trim_start


async def test_a_calendar_takes_the_space_in(world: World) -> None:
    host, visitor = await world.program("ada"), await world.person()
    space = await new_space(host, starts_at=world.clock.now() + 3600)
    unscheduled = await new_space(host)

    answer = await visitor.get(f"/spaces/{space['id']}/calendar.ics")

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert f"UID:{space['id']}@town.test" in answer.text
    assert "URL:http://town.test/spaces/" in answer.text
    assert (await visitor.get(f"/spaces/{unscheduled['id']}/calendar.ics")).status_code == 404


async def upload(host: httpx.AsyncClient, path: str, name: str, data: bytes) -> httpx.Response:
    return await host.post(f"{path}/preshow", files={"file": (name, data)})


async def test_music_for_the_preshow_is_kept_replaced_and_taken_away(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    folder = world.settings.uploads()

    first = await upload(host, at(space), "Music.MP3", as_wav(tone(9)))
    one = world.stage.plans[str(space["id"])].preshow
    await upload(host, at(space), "music.flac", as_wav(tone(2)))
    two = world.stage.plans[str(space["id"])].preshow

    assert first.json()["preshow"] is True
    assert one is not None
    assert two is not None
    assert one.startswith(f"{space['id']}-preshow")
    assert one.endswith(".mp3")
    assert [path.name for path in folder.iterdir()] == [two]
    assert (folder / two).read_bytes() == as_wav(tone(2))
    await host.delete(f"{at(space)}/preshow")
    assert list(folder.iterdir()) == []
    assert world.stage.plans[str(space["id"])].preshow is None


@pytest.mark.parametrize(
    ("name", "data"), [("music.exe", b"x"), ("music", b"x"), ("music.mp3", b""), ("music.mp3", b"no music" * 9_999)]
)
async def test_what_is_no_music_is_refused_and_leaves_nothing(world: World, name: str, data: bytes) -> None:
    host = await world.program("ada")
    space = await new_space(host)

    answer = await upload(host, at(space), name, data)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_upload")
    assert not world.settings.uploads().exists() or list(world.settings.uploads().iterdir()) == []


async def test_music_that_the_disk_does_not_take_is_refused_with_a_sentence(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    world.settings.uploads().write_bytes(b"a file where the folder should be")

    with capture_logs() as logged:
        answer = await upload(host, at(space), "music.mp3", b"x")

    assert (answer.status_code, answer.json()["code"]) == (507, "no_room")
    assert [line["event"] for line in logged] == ["an upload could not be kept"]
    world.settings.uploads().unlink()
    assert (await upload(host, at(space), "music.mp3", as_wav(tone(1)))).status_code == 200


async def test_only_who_directs_uploads_and_only_before_the_start(world: World) -> None:
    host, other = await world.program("ada"), await world.program("ben")
    space = await new_space(host)

    assert (await upload(other, at(space), "music.mp3", b"x")).status_code == 403
    await host.post(f"{at(space)}/live")
    assert (await upload(host, at(space), "music.mp3", b"x")).status_code == 409


async def test_the_edges_read_every_plan_that_is_active_and_any_by_name(world: World) -> None:
    host, edge = await world.program("ada"), await world.role()
    active, over = await new_space(host), await new_space(host)
    await host.post(f"{at(over)}/cancel")

    plans = (await edge.get("/internal/plans")).json()
    one = (await edge.get(f"/internal/plans/{over['id']}")).json()

    assert [plan["id"] for plan in plans] == [active["id"]]
    assert one["state"] == SpaceState.CANCELLED.value

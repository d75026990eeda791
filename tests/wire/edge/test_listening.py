"""The listening plane over real HTTP, fed by a real feed."""

import asyncio
import gzip

import httpx
import msgspec
import pytest
from tests.support import playlist_rules as rules
from tests.support.settling import until
from tests.wire.edge.conftest import DOORS_AT, SPACE, Control, Edge, Stage, plan

from hustings.documents.feed import Gone, Plan, Programme, Voices
from hustings.documents.heard import USER_AGENT
from hustings.documents.public import Card, Voice
from hustings.documents.space import Replay, ReplayState, Role, SpaceState
from hustings.edge.waiting import WATCHED_AFTER

ONE, TWO = "1" * 24, "2" * 24  # sessions of pages


async def going(edge: Edge, stage: Stage, parts: int, holds: dict[str, list[bytes]] | None = None) -> None:
    """The edge has that many parts of every rendition."""
    stage.open(holds=holds)
    stage.say(range(parts))
    await edge.has(parts - 1)
    await edge.has(parts - 1, "opus32")


async def test_a_blocking_reload_returns_when_the_part_arrives(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 9)
    asked = asyncio.create_task(edge.client.get(edge.path("live/aac64/ll.m3u8?_HLS_msn=2&_HLS_part=1")))
    await edge.waits(1)
    assert not asked.done()
    stage.say([9])
    answer = await asked
    assert answer.status_code == 200
    assert "p9-first.m4s" in answer.text
    await edge.waits(0)


async def test_the_hinted_part_is_sent_when_it_is_whole(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 9)
    text = (await edge.client.get(edge.path("live/aac64/ll.m3u8"))).text
    hinted = rules.parse(text).attributes("EXT-X-PRELOAD-HINT")["URI"]
    asked = asyncio.create_task(edge.client.get(edge.path(f"live/aac64/{hinted}")))
    await edge.waits(1)
    stage.say([9])
    assert (await asked).content == stage.line[9]["aac64"]


@pytest.mark.parametrize(
    "name", ["p10-first.m4s", "p9-other.m4s", "s9-first.m4s", "p0-other.m4s", "x", "init-00.mp4"]
)
async def test_media_that_is_not_hinted_is_refused_at_once(edge: Edge, stage: Stage, name: str) -> None:
    await going(edge, stage, 9)
    answer = await edge.client.get(edge.path(f"media/aac64/{name}"))
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["code"] == "not_found"


async def test_every_name_a_playlist_gives_leads_to_its_bytes(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 14)
    for rendition in ("aac64", "opus32"):
        for form in ("plain", "ll"):
            playlist = edge.path(f"live/{rendition}/{form}.m3u8")
            answer = await edge.client.get(playlist)
            assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
            assert answer.headers["access-control-allow-origin"] == "*"
            media = rules.parse(answer.text)
            assert rules.check(answer.text) == []
            names = [entry.uri for entry in media.segments] + [media.attributes("EXT-X-MAP")["URI"]]
            names += [part["URI"] for entry in media.entries for part in entry.parts]
            for name in names:
                found = await edge.client.get(str(httpx.URL(edge.url + playlist).join(name)))
                assert found.status_code == 200
                assert found.headers["content-type"] == "audio/mp4"
                assert found.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_a_segment_is_its_parts(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 8)
    segment = await edge.client.get(edge.path("media/aac64/s1-first.m4s"))
    assert segment.content == b"".join(stage.line[n]["aac64"] for n in range(4, 8))


async def test_a_delta_update_is_given_to_who_asks(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 44)
    whole = (await edge.client.get(edge.path("live/aac64/ll.m3u8"))).text
    delta = (await edge.client.get(edge.path("live/aac64/ll.m3u8?_HLS_skip=YES"))).text
    assert rules.parse(delta).skipped == 4
    assert rules.check_delta(whole, delta) == []


async def test_playlists_are_compressed_for_who_accepts_it(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 44)
    async with edge.client.stream("GET", edge.path("live/aac64/ll.m3u8")) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    plain = await edge.client.get(edge.path("live/aac64/ll.m3u8"), headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "accept-encoding"
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content) / 4


@pytest.mark.parametrize("query", ["_HLS_part=1", "_HLS_msn=x", "_HLS_msn=5000", "_HLS_msn=3&_HLS_part=3"])
async def test_a_directive_that_makes_no_sense_is_refused_at_once(edge: Edge, stage: Stage, query: str) -> None:
    await going(edge, stage, 9)
    answer = await edge.client.get(edge.path(f"live/aac64/ll.m3u8?{query}"))
    assert answer.status_code == 400
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["code"] == "bad_directive"


async def test_head_says_the_same_without_a_body(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 8)
    for path in ("live.m3u8", "live/aac64/ll.m3u8", "media/aac64/p4-first.m4s", "live.json"):
        accepts = {"accept-encoding": "identity"}
        told = await edge.client.head(edge.path(path), headers=accepts)
        got = await edge.client.get(edge.path(path), headers=accepts)
        assert told.status_code == got.status_code == 200
        assert told.content == b""
        assert told.headers["content-length"] == str(len(got.content))


async def test_a_client_that_leaves_gives_its_place_back(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 4)
    async with httpx.AsyncClient(base_url=edge.url) as client:
        asked = asyncio.create_task(client.get(edge.path("live/aac64/ll.m3u8?_HLS_msn=1&_HLS_part=0")))
        await edge.waits(1)
        edge.clock.advance(WATCHED_AFTER)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
    await edge.waits(0)


@pytest.mark.parametrize("max_waiting", [2])
async def test_beyond_its_places_the_edge_refuses_at_once_and_serves_the_rest(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 4)
    path = edge.path("live/aac64/ll.m3u8?_HLS_msn=1&_HLS_part=0")
    held = [asyncio.create_task(edge.client.get(path)) for _ in range(2)]
    await edge.waits(2)
    refused = await edge.client.get(path)
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert (await edge.client.get(edge.path("live/aac64/ll.m3u8"))).status_code == 200
    stage.say([4])
    assert [(await one).status_code for one in held] == [200, 200]


async def test_a_reload_that_nothing_answers_ends_after_three_target_durations(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 4)
    asked = asyncio.create_task(edge.client.get(edge.path("live/aac64/ll.m3u8?_HLS_msn=1&_HLS_part=0")))
    await edge.waits(1)
    edge.clock.advance(12.1)
    answer = await asked
    assert answer.status_code == 503
    assert answer.headers["cache-control"] == "no-store"


async def test_a_lost_stage_wakes_who_waits_with_a_hold_part_and_has_no_programme(
    edge: Edge, stage: Stage, holds: dict[str, list[bytes]]
) -> None:
    await going(edge, stage, 9, holds)
    asked = asyncio.create_task(edge.client.get(edge.path("live/aac64/ll.m3u8?_HLS_msn=2&_HLS_part=1")))
    await edge.waits(1)
    stage.lose()
    edge.clock.advance(2.1)
    text = (await asked).text
    media = rules.parse(text)
    assert rules.check(text) == []
    name = media.entries[-1].parts[-1]["URI"].rsplit("/", 1)[1]
    assert name.startswith("p9-h")
    assert (await edge.client.get(edge.path("live.json"))).json()["programme"] == "none"


async def test_a_part_that_comes_too_late_changes_nothing(
    edge: Edge, stage: Stage, holds: dict[str, list[bytes]]
) -> None:
    await going(edge, stage, 9, holds)
    edge.clock.advance(2.1)
    await edge.has(9)
    filled = (await edge.client.get(edge.path("live/aac64/ll.m3u8"))).text
    stage.say([9])
    stage.hub.publish(Plan(plan(revision=2, title="Marks what was read")))
    live = edge.role.spaces.get(SPACE)
    assert live is not None
    await until(lambda: live.plan is not None and live.plan.revision == 2)
    assert live.programme.value == "none"
    stage.say([10])
    await edge.has(10)
    assert live.programme.value == "conversation"
    later = (await edge.client.get(edge.path("live/aac64/ll.m3u8"))).text
    assert "p9-first" not in later
    assert "p10-first" in later
    assert rules.check_succession(filled, later) == []


async def test_the_end_closes_the_playlists_and_leads_to_the_replay(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 10)
    asked = asyncio.create_task(edge.client.get(edge.path("live/aac64/ll.m3u8?_HLS_msn=2&_HLS_part=2")))
    await edge.waits(1)
    stage.end(9)
    await edge.hears_the_end()
    assert "#EXT-X-ENDLIST" in (await asked).text
    stage.hub.publish(Plan(plan(SpaceState.ENDED, 2)))
    await edge.client.get(edge.path("live.json"))
    stage.hub.publish(Plan(plan(SpaceState.ENDED, 3, replay=Replay(ReplayState.READY, 9.6))))
    stage.say([])
    async with asyncio.timeout(10):
        while (answer := await edge.client.get(edge.path("live.m3u8"))).status_code != 302:
            assert answer.status_code in (200, 404)
    assert answer.headers["location"] == edge.path("replay.m3u8")


async def test_who_is_behind_hears_the_end_after_the_stage_has_let_go(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 10)
    stage.end(9)
    stage.hub.publish(Gone(SPACE))
    async with asyncio.timeout(10):
        while (await edge.client.get(edge.path("live.json"))).status_code != 404:
            edge.clock.advance(1.1)
    assert "#EXT-X-ENDLIST" in (await edge.client.get(edge.path("live/aac64/ll.m3u8"))).text
    assert (await edge.client.get(edge.path("media/aac64/p9-first.m4s"))).status_code == 200
    edge.clock.advance(91)
    async with asyncio.timeout(10):
        while (await edge.client.get(edge.path("live/aac64/ll.m3u8"))).status_code != 404:
            edge.clock.advance(1.1)


async def test_the_card_says_who_speaks_and_how_many_listen(edge: Edge, stage: Stage) -> None:
    await going(edge, stage, 4)
    voice = Voice("s1", "Ada", Role.HOST, on_air=True, muted=False, connected=True, speaking=True, level=0.4)
    stage.hub.publish(Voices(SPACE, 4 * 46080, Programme.CONVERSATION, (voice,)))
    for session in (ONE, TWO, ONE):
        answer = await edge.client.post(edge.path("beacon"), json={"session": session, "stalls": 0, "buffer": 3.5})
        assert answer.status_code == 204
    stage.say([4])
    await edge.has(4)
    answer = await edge.client.get(edge.path("live.json"))
    assert answer.headers["cache-control"] == "public, max-age=1"
    told = answer.json()
    assert told["state"] == "live"
    assert told["programme"] == "conversation"
    assert told["doors_at"] == DOORS_AT
    assert told["listening"] == told["audience"]["listening"] == 2
    assert told["speakers"] == [msgspec.to_builtins(voice)]
    assert told["speakers"][0]["role"] == "host"
    assert set(told) == set(Card.__struct_fields__)


async def test_a_space_the_stage_does_not_carry_is_asked_of_control_once_a_second(
    edge: Edge, control: Control
) -> None:
    control.plans[SPACE] = plan(SpaceState.ENDED)
    answers = await asyncio.gather(*[edge.client.get(edge.path("live.json")) for _ in range(20)])
    assert {answer.json()["state"] for answer in answers} == {"ended"}
    assert control.asked == 1
    edge.clock.advance(1.1)
    del control.plans[SPACE]
    gone = await edge.client.get(edge.path("live.json"))
    assert gone.status_code == 404
    assert gone.json()["code"] == "not_found"
    assert control.asked == 2


async def test_before_the_doors_a_player_is_told_so(edge: Edge, control: Control) -> None:
    control.plans[SPACE] = plan(SpaceState.SCHEDULED, doors_at=None)
    for path in ("live.m3u8", "live/aac64/ll.m3u8"):
        answer = await edge.client.get(edge.path(path))
        assert answer.status_code == 404
        assert "has not begun" in answer.json()["error"]


async def test_names_of_the_wrong_form_are_not_asked_of_control(edge: Edge, control: Control) -> None:
    for name in ("a" * 65, "%00", "a%20b", "..%2f.."):
        assert (await edge.client.get(f"/spaces/{name}/live.json")).status_code == 404
    assert control.asked == 0


@pytest.mark.parametrize("body", [b"", b"[]", b'{"stalls": 1}', b'{"session": "one"}', b"x" * 600])
async def test_a_beacon_that_is_none_is_refused(edge: Edge, stage: Stage, body: bytes) -> None:
    await going(edge, stage, 4)
    answer = await edge.client.post(edge.path("beacon"), content=body)
    assert answer.status_code in (400, 413)
    assert (await edge.client.get(edge.path("live.json"))).json()["listening"] == 0


@pytest.mark.parametrize(("agent", "listening"), [("some player", 1), (USER_AGENT, 0)])
async def test_the_monitor_is_no_listener_to_be_counted(edge: Edge, stage: Stage, agent: str, listening: int) -> None:
    stage.open()
    stage.say(range(9))
    await edge.has(8)
    for _ in range(5):  # as one player asks in the least time that a rate is taken over
        await edge.client.get(edge.path("live/aac64/ll.m3u8"), headers={"user-agent": agent})
    assert (await edge.client.get(edge.path("live.json"))).json()["listening"] == listening

"""The WHIP door's HTTP: RFC 9725 clause by clause, and what it refuses."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from aiortc import RTCSessionDescription
from tests.support.asgi import free_port
from tests.support.uplink import Stage, StockSpeaker, stage

from hustings.stage.sessions import HALF_OPEN_SEAT, HALF_OPEN_SPACE, OFFERS_PER_MINUTE
from hustings.stage.transport import MediaSettings

SDP = "application/sdp"


@pytest.fixture
async def speaker(door: Stage) -> AsyncIterator[StockSpeaker]:
    speaker = StockSpeaker(door, "ann")
    yield speaker
    await speaker.close()


async def post(door: Stage, body: str | bytes, token: str | None = "seat.ann", kind: str = SDP) -> httpx.Response:
    headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {token}"} if token else {})
    return await door.http.post(door.whip, content=body, headers=headers)


async def test_an_offer_is_answered_with_a_session(door: Stage, speaker: StockSpeaker) -> None:
    response = await speaker.post(await speaker.offer())
    assert response.status_code == 201
    assert response.headers["content-type"] == SDP
    assert response.headers["location"].startswith("/api/v1/spaces/town/whip/")
    assert len(response.headers["location"].rsplit("/", 1)[1]) >= 26
    assert response.headers["etag"]
    assert response.headers["link"] == '<stun:stun.example:3478>; rel="ice-server"'
    assert response.headers["access-control-allow-origin"] == "*"
    assert "useinbandfec=1;usedtx=0;stereo=0;maxaveragebitrate=64000" in response.text
    assert "a=end-of-candidates" in response.text


async def test_two_sessions_have_different_addresses(door: Stage, speaker: StockSpeaker) -> None:
    offer = await speaker.offer()
    locations = {(await speaker.post(offer)).headers["location"] for _ in range(2)}
    assert len(locations) == 2


@pytest.mark.parametrize("path", ["", "/some-session"])
async def test_a_page_elsewhere_may_ask_first(door: Stage, path: str) -> None:
    response = await door.http.options(door.whip + path)
    assert response.status_code == 204
    assert "Authorization" in response.headers["access-control-allow-headers"]
    assert response.headers["accept-post"] == SDP


async def test_who_may_speak_is_told_the_relays_before_an_offer_and_a_preflight_nothing(door: Stage) -> None:
    told = await door.http.options(door.whip, headers={"Authorization": "Bearer seat.ann"})
    assert (told.status_code, told.headers["link"]) == (204, '<stun:stun.example:3478>; rel="ice-server"')
    assert "link" not in (await door.http.options(door.whip)).headers


async def test_a_stranger_is_not_told_the_relays(door: Stage) -> None:
    told = await door.http.options(door.whip, headers={"Authorization": "Bearer somebody"})
    assert told.status_code == 403
    assert "link" not in told.headers


async def test_asking_with_an_accounts_token_takes_no_seat_and_its_offer_is_told_the_relays(door: Stage) -> None:
    asked = door.room.asked = []
    told = await door.http.options(door.whip, headers={"Authorization": "Bearer hst_ann"})
    assert (told.status_code, asked) == (204, [])
    assert "link" not in told.headers
    await door.http.options(door.whip, headers={"Authorization": "Bearer seat.ann"})
    assert asked == ["seat.ann"]


async def test_another_content_type_is_415(door: Stage) -> None:
    response = await post(door, "{}", kind="application/json")
    assert response.status_code == 415
    assert response.headers["accept-post"] == SDP


@pytest.mark.parametrize("body", ["", "hello", "v=0\r\n", "v=0\r\nm=audio\r\n", b"\xff\xfe"])
async def test_what_is_no_offer_is_400_with_a_sentence(door: Stage, body: str | bytes) -> None:
    response = await post(door, body)
    assert response.status_code == 400
    assert set(response.json()) == {"error", "code"}


async def test_an_endless_body_is_413(door: Stage) -> None:
    assert (await post(door, "v=0\r\n" + "a=x\r\n" * 20_000)).status_code == 413


async def test_the_seatings_refusals_pass_through(door: Stage, speaker: StockSpeaker) -> None:
    offer = await speaker.offer()
    assert (await post(door, offer, token=None)).status_code == 401
    assert (await post(door, offer, token="somebody")).status_code == 403
    elsewhere = door.whip.replace("town", "village")
    headers = {"Content-Type": SDP, "Authorization": "Bearer seat.ann"}
    assert (await door.http.post(elsewhere, content=offer, headers=headers)).status_code == 404


async def test_a_session_can_be_left(door: Stage, speaker: StockSpeaker) -> None:
    await speaker.connect()
    ear = await door.connected("ann")
    assert (await door.http.delete(speaker.session)).status_code == 200
    assert ear.peer.health().state == "closed"
    assert (await door.http.delete(speaker.session)).status_code == 404


async def test_candidates_may_come_later(door: Stage, speaker: StockSpeaker) -> None:
    offer = await speaker.offer()
    candidates = [line for line in offer.splitlines() if line.startswith("a=candidate")]
    without = "\r\n".join(line for line in offer.splitlines() if not line.startswith("a=candidate")) + "\r\n"
    response = await speaker.post(without)
    fragment = "\r\n".join([*candidates, "a=end-of-candidates", ""])
    patched = await door.http.patch(
        door.base + response.headers["location"],
        content=fragment,
        headers={"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": response.headers["etag"]},
    )
    assert patched.status_code == 204
    await speaker.pc.setRemoteDescription(RTCSessionDescription(response.text, "answer"))
    assert (await door.connected("ann")).peer.health().state == "connected"


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"If-Match": "*"}, "a=ice-ufrag:abcd\r\n", 422),
        ({}, "a=ice-ufrag:another\r\n", 422),
        ({"If-Match": '"stale"'}, "a=end-of-candidates\r\n", 412),
        ({"Content-Type": "text/plain"}, "a=end-of-candidates\r\n", 415),
        ({}, "nonsense", 400),
        ({}, "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n" * 65, 204),
    ],
)
async def test_a_patch_that_cannot_be_done_says_so(
    door: Stage, speaker: StockSpeaker, headers: dict[str, str], body: str, status: int
) -> None:
    response = await speaker.post(await speaker.offer())
    kind = {"Content-Type": "application/trickle-ice-sdpfrag"}
    patched = await door.http.patch(door.base + response.headers["location"], content=body, headers=kind | headers)
    assert patched.status_code == status


async def test_endless_candidates_are_429(door: Stage, speaker: StockSpeaker) -> None:
    response = await speaker.post(await speaker.offer())
    statuses = []
    for number in range(3):
        body = "".join(f"a=candidate:1 1 udp 1 192.0.2.{n} {9 + number} typ host\r\n" for n in range(40))
        patched = await door.http.patch(
            door.base + response.headers["location"],
            content=body,
            headers={"Content-Type": "application/trickle-ice-sdpfrag"},
        )
        statuses.append(patched.status_code)
    assert statuses == [204, 429, 429]


async def test_a_replayed_offer_keeps_few_sessions_half_open(door: Stage, speaker: StockSpeaker) -> None:
    offer = await speaker.offer()
    locations = [(await speaker.post(offer)).headers["location"].rsplit("/", 1)[1] for _ in range(6)]
    assert [door.sessions.find(name) is not None for name in locations] == [False] * 4 + [True] * HALF_OPEN_SEAT


async def test_a_token_replayed_in_a_loop_is_429(door: Stage, speaker: StockSpeaker) -> None:
    offer = await speaker.offer()
    answers = [await speaker.post(offer) for _ in range(OFFERS_PER_MINUTE + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {201}
    assert answers[-1].status_code == 429
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


async def test_too_many_half_open_sessions_of_a_space_are_503(door: Stage, speaker: StockSpeaker) -> None:
    offer = await speaker.offer()
    answers = [await post(door, offer, token=f"seat.{number}") for number in range(HALF_OPEN_SPACE + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {201}
    assert answers[-1].status_code == 503
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_the_answer_names_the_announced_address_and_ports_of_the_range() -> None:
    first = free_port()
    async with stage(MediaSettings("198.51.100.7", range(first, first + 100))) as door:
        speaker = StockSpeaker(door, "ann")
        answer = (await speaker.post(await speaker.offer())).text
        await speaker.close()
    candidates = [line.split() for line in answer.splitlines() if line.startswith("a=candidate")]
    assert {parts[4] for parts in candidates} == {"198.51.100.7"}
    assert all(first <= int(parts[5]) < first + 100 for parts in candidates)


async def test_a_full_port_range_is_503_and_frees_itself() -> None:
    port = free_port()
    async with stage(MediaSettings(ports=range(port, port + 1))) as door:
        first, second = StockSpeaker(door, "ann"), StockSpeaker(door, "bob")
        offer = await second.offer()
        response = await first.post(await first.offer())
        assert response.status_code == 201
        assert (await second.post(offer)).status_code == 503
        await door.http.delete(door.base + response.headers["location"])
        assert (await second.post(offer)).status_code == 201
        await asyncio.gather(first.close(), second.close())


async def test_a_session_that_never_connects_is_closed() -> None:
    async with stage(connect_within=0.2) as door:
        speaker = StockSpeaker(door, "ann")
        location = (await speaker.post(await speaker.offer())).headers["location"]
        name = location.rsplit("/", 1)[1]
        assert door.sessions.find(name) is not None
        await door.room.until(lambda: door.sessions.find(name) is None)
        await speaker.close()
    assert door.room.ears == {}


async def test_a_session_that_falls_silent_frees_the_seat() -> None:
    async with stage(silence_ends=0.3) as door:
        speaker = StockSpeaker(door, "ann")
        await speaker.connect()
        ear = await door.connected("ann")
        await door.room.until(lambda: ear.peer in door.room.detached)
        assert ear.peer.health().state == "closed"
        await speaker.close()

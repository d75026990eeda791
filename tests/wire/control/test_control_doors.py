"""Every route, reached by a stranger: what is open is open on purpose, and nothing answers without a sentence."""

from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from structlog.testing import capture_logs
from tests.support.control import World, new_space

from hustings.api.control import PARTS

API = "/api/v1"
SPACE = f"{API}/spaces/{{space_id}}"
SEAT, HAND = f"{SPACE}/seats/{{seat_id}}", f"{SPACE}/requests/{{request_id}}"
BODIES: dict[str, dict[str, Any]] = {
    f"POST {API}/setup/look": {"link": "x"},
    f"POST {API}/setup": {"link": "x", "name": "x", "password": "the ferry must stay here"},
    f"POST {API}/sessions": {"name": "x", "password": "x"},
    f"POST {API}/sessions/passkey": {"credential": {}},
    f"POST {API}/account/password": {"current": "x", "new": "x"},
    f"PATCH {API}/account": {"display_name": "x"},
    f"POST {API}/tokens": {"scopes": ["read"]},
    f"POST {API}/passkeys": {"credential": {}},
    f"POST {API}/spaces": {"title": "x"},
    f"PATCH {SPACE}/replay": {"trim_start": True},
    f"POST {SEAT}/role": {"role": "cohost"},
    f"POST {SPACE}/requests": {"name": "Chi"},
    "POST /internal/seats/exchange": {"space": "x", "token": "x"},
}
TO_A_STRANGER: dict[str, int] = {
    f"GET {API}/me": 200,
    f"POST {API}/setup/look": 404,
    f"POST {API}/setup": 404,
    f"POST {API}/account-links": 401,
    f"POST {API}/sessions": 401,
    f"GET {API}/sessions": 401,
    f"DELETE {API}/sessions/{{session_id}}": 401,
    f"POST {API}/account/password": 401,
    f"PATCH {API}/account": 401,
    f"GET {API}/accounts/{{name}}": 404,
    f"POST {API}/passkeys/options": 401,
    f"POST {API}/passkeys": 401,
    f"GET {API}/passkeys": 401,
    f"DELETE {API}/passkeys/{{passkey_id}}": 401,
    f"POST {API}/sessions/passkey/options": 200,
    f"POST {API}/sessions/passkey": 401,
    f"GET {API}/tokens": 401,
    f"POST {API}/tokens": 401,
    f"DELETE {API}/tokens/{{token_id}}": 401,
    f"POST {API}/spaces": 401,
    f"GET {API}/spaces": 200,
    f"GET {SPACE}": 200,
    f"PATCH {SPACE}": 401,
    f"DELETE {SPACE}": 401,
    f"POST {SPACE}/doors": 401,
    f"POST {SPACE}/live": 401,
    f"POST {SPACE}/end": 401,
    f"POST {SPACE}/cancel": 401,
    f"POST {SPACE}/hold": 401,
    f"POST {SPACE}/silence": 401,
    f"PATCH {SPACE}/replay": 401,
    f"POST {SPACE}/preshow": 401,
    f"DELETE {SPACE}/preshow": 401,
    f"POST {SPACE}/seat": 401,
    f"GET {SPACE}/seats": 401,
    f"POST {SEAT}/air": 404,
    f"POST {SEAT}/mute": 404,
    f"POST {SEAT}/remove": 404,
    f"POST {SEAT}/role": 401,
    f"POST {SPACE}/invitations": 401,
    f"GET {SPACE}/invitations": 401,
    f"DELETE {SPACE}/invitations/{{invitation_id}}": 401,
    f"GET {API}/invitations/{{secret}}": 404,
    f"POST {API}/invitations/{{secret}}/accept": 404,
    f"POST {SPACE}/requests": 201,
    f"GET {SPACE}/requests": 401,
    f"GET {HAND}": 404,
    f"POST {HAND}/approve": 401,
    f"POST {HAND}/decline": 401,
    f"POST {HAND}/withdraw": 404,
    f"POST {HAND}/accept": 404,
    "GET /spaces/{space_id}/calendar.ics": 200,
    "GET /internal/healthz": 401,
    "POST /internal/seats/exchange": 401,
    "POST /internal/spaces/{space_id}/replay": 401,
    "POST /internal/spaces/{space_id}/turnout": 401,
    "GET /internal/plans": 401,
    "GET /internal/plans/{space_id}": 401,
    "GET /internal/accounts/{name}": 401,
    "POST /internal/owner-link": 401,
    "POST /internal/sample": 401,
}


NAMES = ("session_id", "name", "passkey_id", "token_id", "seat_id", "invitation_id", "secret", "request_id")


async def asked(client: httpx.AsyncClient, route: str, space: str) -> httpx.Response:
    method, _, path = route.partition(" ")
    where = path.format(space_id=space, **dict.fromkeys(NAMES, "unknown"))
    body = BODIES.get(route, {}) if method in {"POST", "PATCH"} else None
    return await client.request(method, where, json=body)


async def test_a_stranger_gets_what_is_public_and_a_sentence_for_the_rest(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host, starts_at=world.clock.now() + 60)
    stranger = await world.person()

    answers = {route: await asked(stranger, route, space["id"]) for route in TO_A_STRANGER}

    assert {route: answer.status_code for route, answer in answers.items()} == TO_A_STRANGER
    for answer in answers.values():
        if answer.is_error:
            assert set(answer.json()) == {"error", "code"}
            assert answer.json()["error"].endswith(".")


def test_every_route_is_in_the_table() -> None:
    routes = {
        f"{method} {route.path}"
        for part in PARTS
        for route in part.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }

    assert routes == set(TO_A_STRANGER)


async def test_the_api_describes_itself_without_what_is_internal(world: World) -> None:
    described = (await (await world.person()).get("/api/v1/openapi.json")).json()

    paths = {route.partition(" ")[2] for route in TO_A_STRANGER}
    assert set(described["paths"]) == {path for path in paths if not path.startswith("/internal")}


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/api/v1/me", 405)])
async def test_an_address_that_is_not_there_answers_with_a_sentence(
    world: World, method: str, path: str, status: int
) -> None:
    answer = await (await world.person()).request(method, path)

    assert answer.status_code == status
    assert answer.json()["error"].endswith(".")


async def test_another_cluster_gets_in_nowhere(world: World) -> None:
    wrong = await world.bearer("another cluster's key")

    assert (await wrong.get("/internal/plans")).status_code == 401
    assert (await (await world.role()).get("/internal/plans")).status_code == 200


async def test_a_key_with_letters_that_no_key_has_is_refused_like_any_other(world: World) -> None:
    stranger = await world.person()

    answer = await stranger.get("/internal/plans", headers=[(b"authorization", "Bearer schlüssel".encode())])

    assert (answer.status_code, answer.json()["code"]) == (401, "not_this_cluster")


async def test_a_request_larger_than_any_of_ours_is_refused_before_it_is_read_whole(world: World) -> None:
    host = await world.program("ada")

    answer = await host.post("/api/v1/spaces", json={"title": "x", "description": "y" * 70_000})

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("path", "route"),
    [("/api/v1/me", "/api/v1/me"), ("/api/v1/invitations/the-secret", "/api/v1/invitations/{secret}")],
)
async def test_a_fault_of_ours_is_told_as_ours_and_logged_without_the_secret_in_its_address(
    world: World, path: str, route: str
) -> None:
    host = await world.program("ada")
    del world.control.app.state.services

    with capture_logs() as logged:
        answer = await host.get(path)

    assert (answer.status_code, answer.json()["code"]) == (500, "fault")
    assert [(line["event"], line["route"]) for line in logged] == [("request failed", route)]
    assert "the-secret" not in str(logged)

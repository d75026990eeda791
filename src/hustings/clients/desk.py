"""What a program with a seat token may do at the desk: learn its own seat, and put its switch on air."""

import httpx
import msgspec

from hustings.clients.addresses import SpaceAddress
from hustings.clients.errors import BadAnswer, away, refusal
from hustings.clients.whip import bearer

SEAT_TOKEN = "seat."  # noqa: S105 - what seat tokens begin with


class _DeskSeat(msgspec.Struct):
    id: str
    on_air: bool = False


class _DeskEvent(msgspec.Struct):
    you: str = ""
    seats: tuple[_DeskSeat, ...] = ()


async def switch_on(http: httpx.AsyncClient, address: SpaceAddress, token: str) -> None:
    """Put the seat's switch on air if it is off. An account's token needs none of it: the server does so when it
    exchanges the token for a seat. Raises what the server refuses with."""
    if not token.startswith(SEAT_TOKEN):
        return
    event = await _first_event(http, address, token)
    if any(seat.id == event.you and not seat.on_air for seat in event.seats):
        await _post(http, f"{address.api}/seats/{event.you}/air", token)


async def _first_event(http: httpx.AsyncClient, address: SpaceAddress, token: str) -> _DeskEvent:
    try:
        async with http.stream("GET", address.desk, headers=bearer(token), timeout=5.0) as response:
            if response.status_code != 200:
                await response.aread()
                raise refusal(response)
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    return msgspec.json.decode(line.removeprefix("data:"), type=_DeskEvent)
    except httpx.HTTPError as error:
        raise away(error, address.desk) from error
    except msgspec.DecodeError as error:
        raise BadAnswer("The desk sent an event that cannot be read.") from error
    raise BadAnswer("The desk closed without telling anything.")


async def _post(http: httpx.AsyncClient, url: str, token: str) -> None:
    try:
        response = await http.post(url, json={"on": True}, headers=bearer(token))
    except httpx.HTTPError as error:
        raise away(error, url) from error
    if not response.is_success:
        raise refusal(response)

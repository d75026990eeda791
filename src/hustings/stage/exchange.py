"""An account's token presented at the stage, changed for a seat token by control, which knows accounts.

Only this one way in needs control; seat tokens do not. It keeps nothing.

The attack it stops: made-up tokens by the thousand, each a question to control. Few are asked at once.
"""

from typing import Final

import httpx

from hustings.base.errors import Conflict, Forbidden, HustingsError, NotFound, Unauthorized, Unavailable

_FAMILIES: dict[int, type[HustingsError]] = {401: Unauthorized, 403: Forbidden, 404: NotFound, 409: Conflict}


ASKING: Final = 16  # questions under way at once


class ControlExchange:
    """Asks control at `url`; call it with a Space's id and the token."""

    def __init__(self, client: httpx.AsyncClient, url: str, cluster_key: str) -> None:
        self._client = client
        self._url = f"{url}/internal/seats/exchange"
        self._headers = {"Authorization": f"Bearer {cluster_key}"}
        self._asking = 0

    async def __call__(self, space: str, token: str) -> str:
        """A seat token; raises what control said, or Unavailable when it does not answer."""
        if self._asking >= ASKING:
            raise Unavailable("Too many accounts are being checked at once. Try again in a few seconds.")
        self._asking += 1
        try:
            answer = await self._client.post(
                self._url, json={"space": space, "token": token}, headers=self._headers, timeout=5.0
            )
            body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable("Accounts cannot be checked at the moment. Try again in a few seconds.") from error
        finally:
            self._asking -= 1
        if answer.status_code == httpx.codes.OK:
            return str(body["seat_token"])
        family = _FAMILIES.get(answer.status_code, Unavailable)
        raise family(str(body.get("error", "This account cannot take a seat here.")))

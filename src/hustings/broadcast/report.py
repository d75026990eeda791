"""Tells control what became of a Space: its replay, and who listened. It keeps nothing and tries once: those who
have something to tell repeat it.
"""

import httpx
import msgspec

from hustings.base.errors import Unavailable
from hustings.documents.space import Replay
from hustings.documents.turnout import Turnout


class ControlReport:
    """Posts to control at `url`. Raises Unavailable unless control took it, or no longer knows the Space."""

    def __init__(self, client: httpx.AsyncClient, url: str, cluster_key: str) -> None:
        self._client = client
        self._url = url
        self._headers = {"Authorization": f"Bearer {cluster_key}", "Content-Type": "application/json"}

    async def __call__(self, space: str, replay: Replay) -> None:
        await self._tell(space, "replay", replay)

    async def turnout(self, space: str, turnout: Turnout) -> None:
        await self._tell(space, "turnout", turnout)

    async def _tell(self, space: str, about: str, told: msgspec.Struct) -> None:
        try:
            answer = await self._client.post(
                f"{self._url}/internal/spaces/{space}/{about}",
                content=msgspec.json.encode(told),
                headers=self._headers,
                timeout=5.0,
            )
        except httpx.HTTPError as error:
            raise Unavailable("Control does not answer.") from error
        if not answer.is_success and answer.status_code != httpx.codes.NOT_FOUND:
            raise Unavailable("Control did not take the report.")

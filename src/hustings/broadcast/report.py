"""Tells control what became of a replay. It keeps nothing and tries once: ReplayMaker repeats it."""

import httpx
import msgspec

from hustings.base.errors import Unavailable
from hustings.documents.space import Replay


class ControlReport:
    """Posts to control at `url`; call it with a Space's id and its replay."""

    def __init__(self, client: httpx.AsyncClient, url: str, cluster_key: str) -> None:
        self._client = client
        self._url = url
        self._headers = {"Authorization": f"Bearer {cluster_key}", "Content-Type": "application/json"}

    async def __call__(self, space: str, replay: Replay) -> None:
        """Raises Unavailable unless control took it, or no longer knows the Space."""
        try:
            answer = await self._client.post(
                f"{self._url}/internal/spaces/{space}/replay",
                content=msgspec.json.encode(replay),
                headers=self._headers,
                timeout=5.0,
            )
        except httpx.HTTPError as error:
            raise Unavailable("Control does not answer.") from error
        if not answer.is_success and answer.status_code != httpx.codes.NOT_FOUND:
            raise Unavailable("Control did not take the replay's report.")

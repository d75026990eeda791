"""Tells the stage every ten seconds who listens at this edge, and is told how many listen at all of them.

A stage that does not answer is asked again in the next turn, and what it has not heard is kept for it. No listener
ever waits for this.
"""

import httpx
import msgspec
import structlog

from hustings.base.clock import Clock
from hustings.base.ids import new_id
from hustings.documents.turnout import TURN, EdgeCount, TownCount
from hustings.edge.audience import Audience, Audiences
from hustings.edge.live import Spaces

log = structlog.get_logger(__name__)

_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(TownCount).decode


class TownLink:
    """`run()` until cancelled."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        stage_url: str,
        cluster_key: str,
        clock: Clock,
        audiences: Audiences,
        spaces: Spaces,
    ) -> None:
        self._client = client
        self._url = f"{stage_url}/internal/spaces"
        self._headers = {"Authorization": f"Bearer {cluster_key}"}
        self._clock = clock
        self._audiences = audiences
        self._spaces = spaces
        self._edge = new_id(clock.now())

    async def run(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + TURN)
            await self.tell()

    async def tell(self) -> None:
        """One turn: every Space that has a programme. The first that is not answered ends it."""
        self._audiences.look(self._clock.monotonic())
        for space, audience in self._audiences:
            live = self._spaces.get(space)
            if live is None or not live.renditions:
                continue
            report = audience.report(self._edge, self._clock.monotonic())
            try:
                town = await self._exchange(space, report)
            except (httpx.HTTPError, msgspec.DecodeError) as error:
                audience.untold(report)
                log.info("the stage took no count", error=type(error).__name__)
                return
            self._take(audience, report, town)

    def _take(self, audience: Audience, report: EdgeCount, town: TownCount | None) -> None:
        if town is None:
            audience.untold(report)
        else:
            audience.told(town, self._clock.monotonic())

    async def _exchange(self, space: str, report: EdgeCount) -> TownCount | None:
        """None when the stage does not carry the Space."""
        answer = await self._client.post(f"{self._url}/{space}/count", content=_ENCODE(report), headers=self._headers)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        answer.raise_for_status()
        return _DECODE(answer.content)

"""What edges on other machines fetch through this one, so that a town needs one open port.

The attack it stops: anybody else who asks. Without the cluster's key, compared in constant time, there is nothing at
these addresses; with it, only what an edge needs is passed on, and nothing that changes
more than the count of listeners.
"""

import hmac
import re

from hustings.base.errors import NotFound
from hustings.edge import answers
from hustings.edge.answers import Request
from hustings.edge.proxy import Upstream

_NAME = r"[0-9A-Za-z_-]{1,64}"
_OF_STAGE = re.compile(rf"/internal/recordings/{_NAME}/[0-9A-Za-z_.-]{{1,80}}")
_COUNT = re.compile(rf"/internal/spaces/{_NAME}/count")
_OF_CONTROL = re.compile(rf"/internal/(?:plans|accounts)/{_NAME}")
FEED_PATH = "/internal/feed"


class ClusterDoor:
    """Passes on the feed, the recordings, control's answers about names, and counts of listeners."""

    def __init__(
        self, key: str, *, feed: Upstream, recordings: Upstream, questions: Upstream, counts: Upstream
    ) -> None:
        self._bearer = f"Bearer {key}".encode()
        self._feed, self._recordings, self._questions = feed, recordings, questions
        self._counts = counts

    async def pass_on(self, request: Request, trusted: frozenset[str]) -> None:
        """Raises NotFound for everybody else and everything else."""
        given = answers.header(request.scope, b"authorization").encode("latin-1")
        upstream = self._upstream(request.scope["path"])
        if upstream is None or not hmac.compare_digest(given, self._bearer):
            raise NotFound("There is nothing at this address.")
        answers.require(request.scope, *(("POST",) if upstream is self._counts else ("GET", "HEAD")))
        await upstream.forward(bytes(request.scope["raw_path"]), request, trusted)

    def _upstream(self, path: str) -> Upstream | None:
        if path == FEED_PATH:
            return self._feed
        if _OF_STAGE.fullmatch(path):
            return self._recordings
        if _COUNT.fullmatch(path):
            return self._counts
        return self._questions if _OF_CONTROL.fullmatch(path) else None

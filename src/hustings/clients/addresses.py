"""From the address a person copied to the addresses a client calls. Pure: no request is made here."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from hustings.clients.errors import BadAddress


@dataclass(frozen=True, slots=True)
class SpaceAddress:
    """One Space on one server: `base` such as https://town.example, `space` its id."""

    base: str
    space: str

    @property
    def api(self) -> str:
        return f"{self.base}/api/v1/spaces/{self.space}"

    @property
    def whip(self) -> str:
        return f"{self.api}/whip"

    @property
    def second_whip(self) -> str:
        """A seat's second way in, beside the session that sits there."""
        return f"{self.whip}?uplink=second"

    @property
    def desk(self) -> str:
        return f"{self.api}/desk"

    @property
    def page(self) -> str:
        return f"{self.base}/spaces/{self.space}"

    @property
    def live(self) -> str:
        return f"{self.page}/live.m3u8"

    def rendition(self, name: str, *, low_latency: bool) -> str:
        return f"{self.page}/live/{name}/{'ll' if low_latency else 'plain'}.m3u8"


def town_address(url: str) -> str:
    """A town's address without a path, from any of its pages. Raises BadAddress."""
    parts = urlsplit(url if "//" in url else f"http://{url}")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise BadAddress(f"{url!r} is not the address of a town. It looks like https://town.example.")
    return f"{parts.scheme}://{parts.netloc}"


def space_address(url: str) -> SpaceAddress:
    """Any address below a Space will do: its page, its playlist, its API. Raises BadAddress."""
    parts = urlsplit(url if "//" in url else f"http://{url}")
    steps = [step for step in parts.path.split("/") if step]
    if parts.scheme not in {"http", "https"} or not parts.netloc or "spaces" not in steps[:-1]:
        raise BadAddress(
            f"{url!r} is not the address of a Space. Copy it from its page: https://town.example/spaces/…"
        )
    return SpaceAddress(f"{parts.scheme}://{parts.netloc}", steps[steps.index("spaces") + 1])

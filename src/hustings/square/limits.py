"""Limits on guessing.

The attack: trying many passwords for one name, or one password for many names, or filling the hands of a Space.
The key is the address, alone and with the name, so that an attacker cannot lock a person out by failing as them
from elsewhere. An address of IPv6 counts by its network, in which one household has 2^64 to choose from.
The leak: many networks; argon2 and the length of passwords stand behind.
Counted in memory: a restart forgets, which gives an attacker one window more and costs no write per try.
"""

import ipaddress
import math
from collections import OrderedDict

from limits import RateLimitItem, parse_many
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter

from hustings.base.clock import Clock
from hustings.square.errors import TooManyTries

SIGN_IN_BY_NAME = "8/minute; 40/hour"  # per address and name
SIGN_IN_BY_ADDRESS = "30/minute; 300/hour"
LINKS = "20/minute"  # tries of one-time links, per address
HANDS = "6/minute; 60/hour"  # raised hands, per address
ACCEPTS = "60/minute"  # invitations accepted, per address: a whole stage may share one


IPV6_NETWORK = 64  # bits: what one customer gets at least (RFC 6177)
MOST = 100_000  # keys counted at once; the one tried longest ago is forgotten first


def origin(address: str) -> str:
    """What the limits count for an address as the edge saw it: the address, or its network if it is of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), IPV6_NETWORK), strict=False))


class _Counters(Storage):
    """Windows in memory, in monotonic seconds of the clock we are handed: nobody is let off or locked out for an hour
    because the machine's clock was set."""

    STORAGE_SCHEME = None
    base_exceptions = ()

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._windows: OrderedDict[str, tuple[int, float]] = OrderedDict()  # key → tries, end

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        tries, end = self._window(key) or (0, self._clock.monotonic() + expiry)
        self._windows[key] = (tries + amount, end)
        self._windows.move_to_end(key)
        if len(self._windows) > MOST:
            self._windows.popitem(last=False)
        return tries + amount

    async def get(self, key: str) -> int:
        return (self._window(key) or (0, 0.0))[0]

    async def get_expiry(self, key: str) -> float:
        return (self._window(key) or (0, self._clock.monotonic()))[1]

    async def check(self) -> bool:
        return True

    async def reset(self) -> int:
        count = len(self._windows)
        self._windows.clear()
        return count

    async def clear(self, key: str) -> None:
        self._windows.pop(key, None)

    def _window(self, key: str) -> tuple[int, float] | None:
        window = self._windows.get(key)
        return window if window is not None and window[1] > self._clock.monotonic() else None


class Limiter:
    """Counts tries in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limiter = FixedWindowRateLimiter(_Counters(clock))
        self._parsed: dict[str, list[RateLimitItem]] = {}

    async def hit(self, rates: str, sentence: str, *key: str) -> None:
        """Count one try; raises TooManyTries with `sentence` and when to come back."""
        for rate in self._parsed.setdefault(rates, parse_many(rates)):
            if not await self._limiter.hit(rate, *key):
                stats = await self._limiter.get_window_stats(rate, *key)
                raise TooManyTries(
                    sentence, retry_after=max(1, math.ceil(stats.reset_time - self._clock.monotonic()))
                )

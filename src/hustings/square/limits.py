"""Limits on guessing.

The attack: trying many passwords for one name, or one password for many names, or filling the hands of a Space.
The key is the address, alone and with the name, so that an attacker cannot lock a person out by failing as them
from elsewhere. The leak: many addresses; argon2 and the length of passwords stand behind.
Counted in memory: a restart forgets, which gives an attacker one window more and costs no write per try.
"""

import math
import time

from limits import RateLimitItem, parse_many
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from hustings.square.errors import TooManyTries

SIGN_IN_BY_NAME = "8/minute; 40/hour"  # per address and name
SIGN_IN_BY_ADDRESS = "30/minute; 300/hour"
LINKS = "20/minute"  # tries of one-time links, per address
HANDS = "6/minute; 60/hour"  # raised hands, per address
ACCEPTS = "60/minute"  # invitations accepted, per address: a whole stage may share one


class Limiter:
    """Counts tries in this process."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._parsed: dict[str, list[RateLimitItem]] = {}

    async def hit(self, rates: str, sentence: str, *key: str) -> None:
        """Count one try; raises TooManyTries with `sentence` and when to come back."""
        for rate in self._parsed.setdefault(rates, parse_many(rates)):
            if not await self._limiter.hit(rate, *key):
                stats = await self._limiter.get_window_stats(rate, *key)
                raise TooManyTries(sentence, retry_after=max(1, math.ceil(stats.reset_time - time.time())))

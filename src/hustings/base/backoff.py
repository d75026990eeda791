"""How long to wait before trying again. Pure: the caller waits."""

import random


class Backoff:
    """Doubles from `first` to `limit` seconds, each shortened by up to half at random, so that many clients that
    lost one server at once do not come back at once. A server's Retry-After is the least that is waited."""

    def __init__(self, first: float = 0.5, limit: float = 8.0) -> None:
        self._first = first
        self._limit = limit
        self._random = random.Random()  # noqa: S311 - spreads load, keeps no secret
        self._delay = first

    def next(self, at_least: float = 0.0) -> float:
        delay = self._delay * self._random.uniform(0.5, 1.0)
        self._delay = min(self._delay * 2, self._limit)
        return max(delay, at_least)

    def reset(self) -> None:
        self._delay = self._first

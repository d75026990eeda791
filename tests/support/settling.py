"""Waiting for a condition inside a test's own loop: the loop turns until it holds."""

import asyncio
from collections.abc import Callable


async def until(
    holds: Callable[[], object], *, within: float = 10.0, each_turn: Callable[[], None] | None = None
) -> None:
    """Return once `holds()` is true; TimeoutError `within` seconds. `each_turn` may move virtual time."""
    async with asyncio.timeout(within):
        while not holds():
            if each_turn is not None:
                each_turn()
            await asyncio.sleep(0)

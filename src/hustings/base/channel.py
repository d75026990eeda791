"""A queue with a size and a written answer to "what when full". It joins parts that must not wait for each other."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from enum import Enum
from typing import Generic, TypeVar

T = TypeVar("T")


class WhenFull(Enum):
    """What `put` does with a full channel."""

    DROP_OLDEST = "drop_oldest"  # live media: the newest matters most
    DROP_NEWEST = "drop_newest"  # counters and hints: any will do
    CLOSE = "close"  # a reader that must miss nothing starts anew instead


class ChannelClosed(Exception):
    """Nothing more will come: the writer closed it, or it overflowed under `WhenFull.CLOSE`."""


class Channel(Generic[T]):
    """One or more writers, one reader, in one event loop. `put` never blocks."""

    def __init__(self, size: int, when_full: WhenFull) -> None:
        self._items: deque[T] = deque()
        self._size = size
        self._when_full = when_full
        self._ready = asyncio.Event()
        self.closed = False
        self.dropped = 0

    def put(self, item: T) -> bool:
        """Add an item; False if it or another was lost for it, or the channel is closed."""
        if self.closed:
            return False
        lost = len(self._items) >= self._size
        if lost:
            self.dropped += 1
            if self._when_full is WhenFull.CLOSE:
                self.close()
                return False
            if self._when_full is WhenFull.DROP_NEWEST:
                return False
            self._items.popleft()
        self._items.append(item)
        self._ready.set()
        return not lost

    async def get(self) -> T:
        """The oldest item; raises ChannelClosed once the channel is closed and empty."""
        while not self._items:
            if self.closed:
                raise ChannelClosed
            self._ready.clear()
            await self._ready.wait()
        return self._items.popleft()

    def close(self) -> None:
        self.closed = True
        self._ready.set()

    def __len__(self) -> int:
        return len(self._items)

    async def __aiter__(self) -> AsyncIterator[T]:
        while True:
            try:
                item = await self.get()
            except ChannelClosed:
                return
            yield item

"""Work that would hold up the event loop, done in a thread of the pool the server made."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(executor: Executor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns or raises. A caller that is cancelled still waits for the thread: none is left behind."""
    done = asyncio.get_running_loop().run_in_executor(executor, partial(work, *args, **kwargs))
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait([done])
        if not done.cancelled():
            done.exception()  # looked at, so that the loop does not report it as forgotten
        raise

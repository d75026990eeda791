"""Passwords, kept with argon2id.

The attack: a storm of sign-ins before a big Space. Each hash takes 64 MiB and most of a core's tenth of a second
by design, so at most two run at once, in threads of their own; those who come above a bounded queue are told to
come again. A name that does not exist costs the same hash as one that does, so that time tells nothing.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hustings.base.errors import Unavailable
from hustings.square.errors import WeakPassword

MIN_LENGTH = 12  # characters
MAX_LENGTH = 256
AT_ONCE = 2  # hashes
MAX_WAITING = 40  # about two seconds of work on one small core; the next is told to come back


T = TypeVar("T")


class SignInBusy(Unavailable):
    code = "sign_in_busy"


def check_new_password(password: str, name: str) -> None:
    """NIST SP 800-63B-4: length and obvious choices; no rule of composition, no forced change."""
    if len(password) < MIN_LENGTH:
        raise WeakPassword(f"A password needs at least {MIN_LENGTH} characters; a sentence is a good one.")
    if len(password) > MAX_LENGTH:
        raise WeakPassword(f"A password may have up to {MAX_LENGTH} characters.")
    if len(set(password)) < 5 or (name in password.lower() and len(password) < MIN_LENGTH + len(name)):
        raise WeakPassword("This password is too easy to guess. A sentence that only you would write is a good one.")


class Passwords:
    """Hashes and checks passwords off the event loop; call `close` at the end."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()  # RFC 9106's second choice: t=3, 64 MiB, 4 lanes
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        return await self._off_loop(self._hasher.hash, password)

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether the password belongs to the hash; None takes as long and is never right."""
        decoy = stored is None
        if self._decoy is None:
            self._decoy = await self.hash("nobody's password")
        return await self._off_loop(self._verify, stored or self._decoy, password) and not decoy

    def needs_new_hash(self, stored: str) -> bool:
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _off_loop(self, work: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= MAX_WAITING:
            raise SignInBusy("Too many people are signing in at this moment. Try again in a few seconds.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

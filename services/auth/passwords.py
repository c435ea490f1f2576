"""Argon2id in threads of its own: it costs tens of milliseconds that the event loop does not have."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from services.auth.settings import Settings
from services.chassis.errors import Overloaded

T = TypeVar("T")


class Passwords:
    """Hashes and verifies passwords, so many at once and so many waiting. Raises Overloaded beyond that."""

    def __init__(self, settings: Settings, pool: ThreadPoolExecutor) -> None:
        self._hasher = PasswordHasher(settings.argon2_passes, settings.argon2_memory_kib, parallelism=1)
        self._pool = pool
        self._places = settings.argon2_queue
        self._nobodys = self._hasher.hash(secrets.token_hex())

    async def hash(self, password: str) -> str:
        """A salted hash in PHC format."""
        return await self._work(lambda: self._hasher.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is right. Without an account (None) it is not, and finding out takes as long."""
        matches = await self._work(lambda: self._matches(stored or self._nobodys, password))
        return matches and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made at another cost than the present one."""
        return self._hasher.check_needs_rehash(stored)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False

    async def _work(self, job: Callable[[], T]) -> T:
        if self._places == 0:
            raise Overloaded("too many sign-ins at once")
        self._places -= 1
        running = asyncio.get_running_loop().run_in_executor(self._pool, job)
        running.add_done_callback(self._leave)
        # A client that hangs up does not stop the thread, so its place is taken until that is done.
        return await asyncio.shield(running)

    def _leave(self, _: object) -> None:
        self._places += 1


PASSWORDS: Final = web.AppKey("PASSWORDS", Passwords)


def passwords(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """The threads, for as long as the application lives."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        with ThreadPoolExecutor(settings.argon2_threads, thread_name_prefix="argon2") as pool:
            app[PASSWORDS] = Passwords(settings, pool)
            yield

    return resource

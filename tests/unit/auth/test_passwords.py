import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from services.auth.passwords import Passwords
from services.auth.settings import Settings
from services.chassis.errors import Unavailable

CHEAP = Settings(
    signing_key_secret=SecretStr("a secret for tests"), argon2_passes=1, argon2_memory_kib=64, argon2_queue=2
)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
def passwords(pool: ThreadPoolExecutor) -> Passwords:
    return Passwords(CHEAP, pool)


async def test_only_the_password_itself_matches_its_hash(passwords: Passwords) -> None:
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$")
    assert await passwords.verify(stored, "correct horse")
    assert not await passwords.verify(stored, "Correct horse")


async def test_the_same_password_never_has_the_same_hash(passwords: Passwords) -> None:
    assert await passwords.hash("correct horse") != await passwords.hash("correct horse")


async def test_without_an_account_no_password_is_right(passwords: Passwords) -> None:
    assert not await passwords.verify(None, "correct horse")


async def test_a_hash_made_at_another_cost_is_outdated(
    passwords: Passwords, pool: ThreadPoolExecutor
) -> None:
    stored = await passwords.hash("correct horse")
    dearer = Passwords(CHEAP.model_copy(update={"argon2_passes": 2}), pool)
    assert not passwords.is_outdated(stored)
    assert dearer.is_outdated(stored)
    assert await dearer.verify(stored, "correct horse")


async def test_what_does_not_fit_into_the_queue_is_refused_and_later_taken(
    passwords: Passwords, pool: ThreadPoolExecutor
) -> None:
    free = threading.Event()
    pool.submit(free.wait)
    waiting = [asyncio.create_task(passwords.hash("correct horse")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await passwords.hash("one too many")
    free.set()
    await asyncio.gather(*waiting)
    assert await passwords.hash("now there is room")


async def test_who_hangs_up_keeps_the_place_until_the_thread_is_done(
    passwords: Passwords, pool: ThreadPoolExecutor
) -> None:
    free = threading.Event()
    pool.submit(free.wait)
    waiting = [asyncio.create_task(passwords.hash("correct horse")) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await passwords.hash("one too many")
    free.set()
    await waiting[1]

import asyncio
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from services.auth.domain import normalise_email
from services.auth.passwords import Passwords
from services.auth.tokens import TOKENS
from services.auth.use_cases import login
from services.chassis.clock import utcnow
from services.chassis.errors import TooMany
from tests.parts import Corner, eventually
from tests.services.auth.client import PASSWORD, Auth


async def guess(auth: Auth, email: str, times: int) -> list[int]:
    return [(await auth.login(email, f"guess number {number}")).status for number in range(times)]


async def let_pass(here: Corner, seconds: float) -> None:
    [stored] = await here.db("auth").guesses.find().to_list()
    then = stored["guesses"]["last_failed_at"] - timedelta(seconds=seconds)
    await here.db("auth").guesses.update_one({}, {"$set": {"guesses.last_failed_at": then}})


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
async def test_whoever_guesses_has_to_wait_whether_there_is_an_account_or_not(auth: Auth, email: str) -> None:
    await auth.register("ann@example.com")
    assert await guess(auth, email, 5) == [401] * 5
    refused = await auth.login(email, PASSWORD)
    assert (refused.status, refused.slug) == (429, "locked-out")
    assert refused.headers["Retry-After"] == "1"


async def test_each_further_failure_doubles_the_wait(auth: Auth, here: Corner) -> None:
    await auth.register()
    await guess(auth, "ann@example.com", 5)
    await let_pass(here, 2)
    assert await guess(auth, "ann@example.com", 1) == [401]
    refused = await auth.login()
    assert (refused.status, refused.headers["Retry-After"]) == (429, "2")


async def test_after_the_wait_the_right_password_is_taken_and_failures_are_forgotten(
    auth: Auth, here: Corner
) -> None:
    await auth.register()
    await guess(auth, "ann@example.com", 5)
    await let_pass(here, 2)
    assert (await auth.login()).status == 200
    assert await guess(auth, "ann@example.com", 4) == [401] * 4
    assert (await auth.login()).status == 200


async def test_guessing_at_one_account_locks_out_no_other(auth: Auth) -> None:
    await auth.register("ann@example.com")
    await auth.register("bob@example.com")
    await guess(auth, "ann@example.com", 6)
    assert (await auth.login("bob@example.com")).status == 200


async def test_many_sign_ins_of_one_account_at_once_are_no_guessing(auth: Auth) -> None:
    await auth.register()
    answers = await asyncio.gather(*(auth.login() for _ in range(30)))
    assert {answer.status for answer in answers} == {200}


async def test_a_right_guess_among_many_at_once_does_not_get_through(auth: Auth, here: Corner) -> None:
    """It was begun before the failures that it comes after were counted."""
    await auth.register()
    with ThreadPoolExecutor(1) as pool:
        free = threading.Event()
        passwords = Passwords(auth.settings, pool)
        pool.submit(free.wait)
        tokens = auth.instance.app[TOKENS]
        right = asyncio.create_task(login(passwords, tokens, "ann@example.com", PASSWORD, utcnow()))
        await eventually(lambda: pool._work_queue.qsize() == 1)
        await guess(auth, "ann@example.com", 5)
        free.set()
        with pytest.raises(TooMany):
            await right


async def test_failures_are_kept_under_a_digest_and_forgotten_after_an_hour(auth: Auth, here: Corner) -> None:
    await guess(auth, "Somebody@example.com", 1)
    [stored] = await here.db("auth").guesses.find().to_list()
    assert stored["_id"] == hashlib.sha256(normalise_email("somebody@example.com").encode()).hexdigest()
    indexes = await here.db("auth").guesses.index_information()
    assert indexes["expiry"]["expireAfterSeconds"] == 3600

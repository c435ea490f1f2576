"""The MongoDB driver stays usable whoever is cancelled while it waits for a server."""

import asyncio

import pymongo.lock

import services.chassis.mongo  # noqa: F401 (it is what mends the driver)


async def test_a_wait_that_is_cancelled_while_its_time_runs_out_leaves_no_lock_behind() -> None:
    lock = pymongo.lock._async_create_lock()
    condition = pymongo.lock._async_create_condition(lock)
    waiting = asyncio.Event()

    async def wait() -> None:
        async with lock:
            waiting.set()
            await pymongo.lock._async_cond_wait(condition, 0.01)

    waiter = asyncio.create_task(wait())
    await waiting.wait()
    async with lock:
        # Its time is up, and it waits for the lock that it gave up meanwhile.
        await asyncio.wait({waiter}, timeout=0.05)
        waiter.cancel()
    await asyncio.wait({waiter}, timeout=1)
    assert waiter.cancelled()
    async with asyncio.timeout(1), lock:
        pass

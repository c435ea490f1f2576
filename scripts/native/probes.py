"""Waiting until a part answers."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp

POLL_SECONDS = 0.05
ATTEMPT_SECONDS = 2.0


async def until(attempt: Callable[[], Awaitable[bool]], error: type[Exception]) -> None:
    """Repeat an attempt until it is true; `error` means not yet. The caller sets the bound."""
    while True:
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                if await attempt():
                    return
        except (error, TimeoutError):
            pass
        await asyncio.sleep(POLL_SECONDS)


async def port_open(host: str, port: int) -> None:
    """Return once a TCP port accepts connections."""

    async def attempt() -> bool:
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        return True

    await until(attempt, OSError)


async def http_answer(url: str, accept: Callable[[str], bool]) -> None:
    """Return once a URL answers 200 with a body that `accept` takes."""
    async with aiohttp.ClientSession() as session:

        async def attempt() -> bool:
            async with session.get(url) as response:
                return response.status == 200 and accept(await response.text())

        await until(attempt, aiohttp.ClientError)

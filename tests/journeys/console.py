"""The console's API, as its page and tools ask it."""

from typing import Any

from aiohttp import ClientSession

from scripts.layout import Layout


async def ask(layout: Layout, path: str, **query: str) -> Any:
    """What the console answers, which must be well."""
    async with ClientSession(layout.url("console")) as http, http.get(path, params=query) as response:
        assert response.status == 200, await response.text()
        return await response.json()

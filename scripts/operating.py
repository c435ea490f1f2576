"""The admin API as an operator's client uses it, with the administrator's account of this platform."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

import typer

from scripts.layout import Layout
from scripts.platform import load_credentials
from scripts.storefront import Storefront

T = TypeVar("T")
ADMIN = "/api/v2/admin"
PAGE = 100

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGE = re.compile(r"(\d{1,5})([smhd])")


@asynccontextmanager
async def operator() -> AsyncIterator[Storefront]:
    """A client that is logged in as the administrator."""
    layout = Layout.from_environment()
    async with Storefront(layout.url("edge")) as client:
        await client.log_in(load_credentials(layout).admin)
        yield client


async def listed(client: Storefront, path: str, wanted: Mapping[str, object], limit: int) -> list[Any]:
    """The first `limit` entries of a list that fit; None among the wanted stands for anything."""
    entries: list[Any] = []
    query = {**given(wanted), "limit": min(limit, PAGE)}
    next_page: str | None = f"{ADMIN}{path}?{urlencode(query)}"
    while next_page is not None and len(entries) < limit:
        page = await client.call("GET", next_page)
        entries += page["items"]
        next_page = page["next"]
    return entries[:limit]


def given(wanted: Mapping[str, T | None]) -> dict[str, T]:
    """What is wanted, without what was left open."""
    return {name: value for name, value in wanted.items() if value is not None}


def ago(age: str) -> str:
    """When it was so long ago (90s, 15m, 2h, 7d), in RFC 3339."""
    found = _AGE.fullmatch(age)
    if found is None:
        raise typer.BadParameter("such as 90s, 15m, 2h or 7d")
    return (datetime.now(UTC) - timedelta(seconds=int(found[1]) * _UNITS[found[2]])).isoformat()

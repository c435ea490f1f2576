"""What is loaded for several fields of one answer."""

import asyncio
import math
from typing import cast

from gateway.compositions.page import composing
from gateway.graphql.loaders import Loaders
from gateway.upstreams.client import Calls, Upstreams
from services.chassis.errors import Unavailable

NOBODY = Calls(cast(Upstreams, None), {}, math.inf, 1.0)
"""Nobody is asked here."""


async def test_what_several_wait_for_is_not_given_up_with_one_of_them() -> None:
    asked, told, times = asyncio.Event(), asyncio.Event(), 0

    async def fetch(_calls: Calls) -> str:
        nonlocal times
        times += 1
        asked.set()
        await told.wait()
        return "found"

    async with composing(NOBODY) as page:
        loaders = Loaders(page)
        first, second = (asyncio.create_task(loaders.section("thing", fetch)) for _ in range(2))
        await asked.wait()
        first.cancel()
        await asyncio.wait([first])
        told.set()
        assert (await second, first.cancelled(), times) == ("found", True, 1)


async def test_a_section_that_cannot_be_had_is_named_once() -> None:
    async def fetch(_calls: Calls) -> str:
        raise Unavailable

    async with composing(NOBODY) as page:
        loaders = Loaders(page)
        assert [await loaders.section("thing", fetch) for _ in range(2)] == [None, None]
    assert page.degraded == ("thing",)


async def test_what_a_page_has_brought_is_there_at_once() -> None:
    async with composing(NOBODY) as page:
        loaders = Loaders(page)
        loaders.know({"a": 2, "b": None, "c": 3}, ["a", "b", "c"])
        assert [loaders.available(skus) for skus in (["a", "c"], ["a", "b"], [])] == [5, None, 0]
        loaders.know(None, ["a"])
        assert loaders.available(["a"]) is None
    assert page.degraded == ()

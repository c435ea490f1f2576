"""Who is at the same place and has heard the same shares a look; nobody else does."""

import asyncio
from typing import Any

import pytest

from gateway.live.looks import Looks
from gateway.upstreams.client import Calls
from gateway.upstreams.order import Changes
from services.chassis.errors import Unavailable


class Source:
    """Reads that end when they are told to."""

    def __init__(self) -> None:
        self.reads: list[str | None] = []
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def read(self, _calls: Calls, cursor: str | None) -> Changes:
        self.reads.append(cursor)
        await self.go.wait()
        if self.error:
            raise self.error
        return Changes(items=(), cursor=f"behind {cursor}", more=False)


def calls(token: str = "t1") -> Calls:
    nobody: Any = None
    return Calls(nobody, {"Authorization": token}, 0.0, 0.0)


async def test_a_look_is_shared_by_those_to_whom_it_is_the_same() -> None:
    source = Source()
    looks = Looks(source.read)
    same = [(calls(), "c", 1)] * 3
    others = [(calls("t2"), "c", 1), (calls(), "d", 1), (calls(), None, 1), (calls(), "c", 2)]
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(looks.look(*one)) for one in (*same, *others)]
        for _ in range(3):
            # Let each of them begin.
            await asyncio.sleep(0)
        source.go.set()
    assert len(source.reads) == 1 + len(others)
    assert asked[0].result() is asked[1].result() is asked[2].result()
    await looks.look(calls(), "c", 1)
    assert len(source.reads) == 2 + len(others)


async def test_who_leaves_does_not_end_it_for_the_others() -> None:
    source = Source()
    looks = Looks(source.read)
    leaving, staying = (asyncio.create_task(looks.look(calls(), "c", 1)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait({leaving})
    source.go.set()
    assert (await staying).cursor == "behind c"
    assert source.reads == ["c"]


async def test_all_hear_of_a_failure_and_the_next_look_is_a_new_one() -> None:
    source = Source()
    looks = Looks(source.read)
    source.error = Unavailable("busy")
    source.go.set()
    failed = await asyncio.gather(*(looks.look(calls(), "c", 1) for _ in range(2)), return_exceptions=True)
    assert all(isinstance(error, Unavailable) for error in failed)
    source.error = None
    assert (await looks.look(calls(), "c", 1)).cursor == "behind c"


async def test_at_the_end_nothing_goes_on() -> None:
    source = Source()
    looks = Looks(source.read)
    asking = asyncio.create_task(looks.look(calls(), "c", 1))
    await asyncio.sleep(0)
    await looks.close()
    with pytest.raises(asyncio.CancelledError):
        await asking

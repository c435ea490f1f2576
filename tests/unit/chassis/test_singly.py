"""One bad thing does not hold up its neighbours."""

from collections.abc import Collection, Sequence

import pytest
from prometheus_client import REGISTRY
from pymongo.errors import AutoReconnect

from services.chassis.errors import Conflict, Unavailable
from services.chassis.singly import all_or_singly
from services.chassis.sweep import Sweep


class Shelf:
    """Takes things in batches, but not the bad ones."""

    def __init__(self, *bad: str) -> None:
        self.bad = set(bad)
        self.due: list[str] = []
        self.batches: list[list[str]] = []
        self.taken: list[str] = []

    async def find(self, resting: Collection[str]) -> list[str]:
        return [id for id in self.due if id not in resting][:3]

    async def take(self, ids: Sequence[str]) -> None:
        self.batches.append(list(ids))
        if self.bad & set(ids):
            raise Conflict("bad")
        self.taken += ids
        self.due = [id for id in self.due if id not in ids]


async def test_all_at_once_when_nothing_is_bad() -> None:
    shelf = Shelf()
    assert await all_or_singly(["a", "b", "c"], shelf.take) == []
    assert shelf.batches == [["a", "b", "c"]]


async def test_one_by_one_when_something_is() -> None:
    shelf = Shelf("b")
    failures = await all_or_singly(["a", "b", "c"], shelf.take)
    assert [thing for thing, _ in failures] == ["b"]
    assert isinstance(failures[0][1], Conflict)
    assert shelf.taken == ["a", "c"]


@pytest.mark.parametrize("error", [Unavailable("busy"), AutoReconnect("away")])
async def test_a_database_that_is_away_is_nobody_s_fault(error: Exception) -> None:
    async def fail(_: Sequence[str]) -> None:
        raise error

    with pytest.raises(type(error)):
        await all_or_singly(["a", "b"], fail)


async def test_a_sweep_goes_on_behind_what_cannot_be_taken_up() -> None:
    shelf = Shelf("1", "2", "3", "4")
    shelf.due = [str(number) for number in range(1, 9)]
    sweep = Sweep("test", shelf.find, shelf.take)
    await sweep.run()
    assert shelf.taken == ["5", "6", "7", "8"]
    assert REGISTRY.get_sample_value("portico_sweep_failures_total", {"sweep": "test"}) == 4
    before = len(shelf.batches)
    await sweep.run()
    assert len(shelf.batches) == before


async def test_a_sweep_ends_when_taking_up_changes_nothing() -> None:
    calls: list[Sequence[str]] = []

    async def find(_: Collection[str]) -> list[str]:
        return ["a", "b"]

    async def take(ids: Sequence[str]) -> None:
        calls.append(ids)

    await Sweep("idle", find, take).run()
    assert calls == [["a", "b"]]

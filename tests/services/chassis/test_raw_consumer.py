"""Consuming a queue as it is on the real broker: nothing is lost, and nothing is held up by what cannot be kept."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest
from pymongo.errors import ServerSelectionTimeoutError

from services.chassis.bus import connected
from services.chassis.raw_consumer import Delivery, RawConsumer
from services.chassis.settings import BusSettings
from tests.parts import Corner, eventually

QUEUE = "order.dead-letters"


class Shelf:
    """Where messages are kept. It may be away, and there may be some that it cannot take."""

    def __init__(self) -> None:
        self.away = False
        self.refused: set[bytes] = set()
        self.asked = 0
        self.kept: list[bytes] = []

    async def keep(self, deliveries: Sequence[Delivery]) -> None:
        self.asked += 1
        if self.away:
            raise ServerSelectionTimeoutError("nobody there")
        if self.refused & {delivery.body for delivery in deliveries}:
            raise ValueError("it does not fit")
        self.kept += [delivery.body for delivery in deliveries]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def consuming(here: Corner, shelf: Shelf) -> AsyncIterator[Corner]:
    """What is consumed comes onto the shelf."""
    settings = BusSettings(amqp_url=here.amqp_url, batch_size=10)
    async with (
        connected(settings, "operations") as bus,
        RawConsumer(bus, QUEUE, shelf.keep).running(),
    ):
        yield here


async def put(here: Corner, *bodies: bytes) -> None:
    for body in bodies:
        await here.put("", QUEUE, body, "any.kind")


async def test_what_cannot_be_kept_yet_is_kept_later(consuming: Corner, shelf: Shelf) -> None:
    shelf.away = True
    await put(consuming, b"1", b"2", b"3")
    await eventually(lambda: shelf.asked >= 2)
    shelf.away = False
    await eventually(lambda: sorted(shelf.kept) == [b"1", b"2", b"3"])


async def test_what_can_never_be_kept_holds_nobody_up(consuming: Corner, shelf: Shelf) -> None:
    shelf.refused = {b"odd"}
    await put(consuming, b"1", b"odd", b"2")
    await eventually(lambda: set(shelf.kept) == {b"1", b"2"})
    await put(consuming, b"3")
    await eventually(lambda: b"3" in shelf.kept)
    shelf.refused = set()
    await eventually(lambda: b"odd" in shelf.kept)


async def test_what_is_in_hand_at_the_end_stays_in_the_queue(here: Corner, shelf: Shelf) -> None:
    settings = BusSettings(amqp_url=here.amqp_url)
    shelf.away = True
    async with connected(settings, "operations") as bus:
        async with RawConsumer(bus, QUEUE, shelf.keep).running():
            await put(here, b"1", b"2")
            await eventually(lambda: shelf.asked)
        shelf.away = False
        async with AsyncExitStack() as stack:
            for _ in range(2):
                await stack.enter_async_context(RawConsumer(bus, QUEUE, shelf.keep).running())
            await eventually(lambda: sorted(shelf.kept) == [b"1", b"2"])

            async def empty() -> bool:
                return await here.depth(QUEUE) == 0

            await eventually(empty)

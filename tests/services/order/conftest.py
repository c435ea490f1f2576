"""The order service on real parts."""

import pytest

from services.contracts import topology
from services.order.app import make_app
from services.order.settings import Settings
from tests.conftest import Start
from tests.parts import Corner, eventually
from tests.services.order.world import World, press
from tests.tokens import Issuer


@pytest.fixture
def changes() -> dict[str, object]:
    """Settings of a test's own."""
    return {}


@pytest.fixture
async def world(here: Corner, start: Start, issuer: Issuer, changes: dict[str, object]) -> World:
    """The order service, which knows one product."""
    service = await start(make_app(here.settings(Settings, **{"saga_watch_seconds": 0.05, **changes})))
    await here.say(press(), times=2)
    await eventually(lambda: here.db("order").catalogue.find_one({"_id": "press"}))
    return World(
        here,
        service,
        issuer,
        await here.listen(topology.INVENTORY_COMMANDS),
        await here.listen(topology.PAYMENT_COMMANDS),
        await here.listen(topology.GATEWAY_LIVE),
    )

"""What is behind the gateways of these tests."""

import pytest

from gateway.live.resource import LIVE
from services.contracts.topology import INVENTORY_COMMANDS, PAYMENT_COMMANDS
from services.order import app as order_app
from services.order.settings import Settings as OrderSettings
from tests.conftest import Start
from tests.gateway.conftest import consuming
from tests.gateway.live.events import Order
from tests.gateway.live.sockets import Orders
from tests.gateway.services import Services
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.services.order.world import press
from tests.tokens import Issuer


@pytest.fixture
def order(behind: Services, here: Corner, issuer: Issuer) -> Order:
    """One order, of which the test says what becomes of it."""
    return Order(behind, here, issuer)


@pytest.fixture
async def orders(here: Corner, start: Start, behind: Services, issuer: Issuer) -> Orders:
    """The real order service, where nothing goes on by itself."""
    service = await start(order_app.make_app(here.settings(OrderSettings)))
    behind.real["order"] = service.http
    await here.say(press())
    await eventually(lambda: here.db("order").catalogue.find_one({"_id": "press"}))
    for queue in (INVENTORY_COMMANDS, PAYMENT_COMMANDS):
        await here.listen(queue)
    return Orders(here, service, issuer)


async def live(shop: Instance) -> Instance:
    """The same gateway when news can come."""
    await eventually(lambda: shop.app[LIVE].feed.up)
    await consuming(shop)
    return shop

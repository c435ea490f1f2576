"""What every process tells Prometheus of the parts that it stands on."""

from aiohttp import web

from services.chassis.app import make_service
from services.chassis.health import READINESS
from services.chassis.redis import REDIS, redis
from services.chassis.settings import ProcessSettings, RedisSettings
from services.contracts import topology
from services.contracts.inventory import ConfirmStock, StockConfirmed
from tests.conftest import Start
from tests.metrics import sample
from tests.parts import Corner, eventually
from tests.services.chassis.failing import Failing


class Settings(ProcessSettings, RedisSettings):
    service: str = "gateway"


def connections(state: str) -> float:
    return sample("portico_redis_pool_connections", state=state)


async def test_the_pool_of_redis_is_counted(here: Corner, start: Start) -> None:
    settings = here.settings(Settings, redis_max_connections=7)
    app = make_service(settings)
    app.cleanup_ctx.append(redis(settings))
    await start(app)
    await eventually(lambda: connections("open") >= 1 and connections("in_use") == 0)
    async with app[REDIS].client() as held:
        await held.ping()
        assert 1 <= connections("in_use") <= connections("open") <= 7
    await eventually(lambda: connections("in_use") == 0)
    assert sample("portico_pool_limit", pool="redis") == 7


async def test_a_dependency_that_does_not_answer_is_told(start: Start) -> None:
    async def away() -> None:
        raise ConnectionError

    async def well() -> None:
        pass

    app: web.Application = make_service(ProcessSettings(service="x"))
    app[READINESS].add("moon", away, matters=False)
    app[READINESS].add("sun", well)
    await app[READINESS].refresh()
    assert sample("portico_dependency_up", dependency="moon") == 0
    assert sample("portico_dependency_up", dependency="sun") == 1


async def test_the_age_of_a_message_is_measured_when_it_comes(here: Corner, start: Start) -> None:
    name = {"queue": topology.INVENTORY_COMMANDS.name}
    before = sample("portico_message_age_seconds_count", **name)
    await start(Failing(here).app())
    answers = await here.listen(topology.ORDER_SAGA)
    await here.say(ConfirmStock(order_id="o1"), times=2)
    await answers.next(StockConfirmed)
    assert sample("portico_message_age_seconds_count", **name) > before

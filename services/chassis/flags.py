"""Feature flags: asked through OpenFeature, kept in Consul."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aiohttp import web
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.provider.no_op_provider import NoOpProvider

from discovery.config.provider import ConsulProvider
from discovery.consul.client import consul_client
from discovery.consul.watch import WATCH_SECONDS, watch_keys
from services.chassis.background import background
from services.chassis.identity import known_caller
from services.chassis.settings import ProcessSettings

FLAGS = web.AppKey("FLAGS", OpenFeatureClient)


@dataclass(frozen=True, slots=True)
class Switch:
    """A flag that the code asks for: its name, and what holds while nobody has set it."""

    name: str
    default: bool


def is_on(request: web.Request, switch: Switch) -> bool:
    """Whether it is on for the caller of this request."""
    known = known_caller(request)
    context = EvaluationContext(known.user_id, {"roles": sorted(known.roles)}) if known else None
    return request.app[FLAGS].get_boolean_value(switch.name, switch.default, context)


def flags(settings: ProcessSettings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Follow the flags while the application lives. Until Consul has told them, the defaults hold."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        provider, domain = ConsulProvider(), settings.instance
        api.set_provider_and_wait(provider, domain)
        app[FLAGS] = api.get_client(domain)

        async def follow() -> None:
            async with consul_client(settings.consul_url, connections=1, seconds=WATCH_SECONDS) as client:
                async for documents in watch_keys(client, settings.flags_prefix):
                    provider.learn(documents)

        async with background("feature flags", follow):
            yield
        api.set_provider(NoOpProvider(), domain)

    return resource

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
from services.chassis.identity import Caller, known_caller
from services.chassis.settings import ProcessSettings


@dataclass(frozen=True, slots=True)
class Switch:
    """A flag that the code asks for: its name, and what holds while nobody has set it."""

    name: str
    default: bool


class Flags:
    """What is set, asked through OpenFeature."""

    def __init__(self, client: OpenFeatureClient, provider: ConsulProvider) -> None:
        self._client = client
        self._provider = provider

    def on(self, switch: Switch, caller: Caller | None) -> bool:
        """Whether it is on for a caller."""
        # Most flags are not set most of the time, and OpenFeature has a long way to a default.
        if not self._provider.has(switch.name):
            return switch.default
        context = EvaluationContext(caller.user_id, {"roles": sorted(caller.roles)}) if caller else None
        return self._client.get_boolean_value(switch.name, switch.default, context)


FLAGS = web.AppKey("FLAGS", Flags)


def is_on(request: web.Request, switch: Switch) -> bool:
    """Whether it is on for the caller of this request."""
    return request.app[FLAGS].on(switch, known_caller(request))


def flags(settings: ProcessSettings) -> Callable[[web.Application], AsyncIterator[None]]:
    """Follow the flags while the application lives. Until Consul has told them, the defaults hold."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        provider, domain = ConsulProvider(), settings.instance
        api.set_provider_and_wait(provider, domain)
        app[FLAGS] = Flags(api.get_client(domain), provider)

        async def follow() -> None:
            async with consul_client(settings.consul_url, connections=1, seconds=WATCH_SECONDS) as client:
                async for documents in watch_keys(client, settings.flags_prefix):
                    provider.learn(documents)

        async with background("feature flags", follow):
            yield
        api.set_provider(NoOpProvider(), domain)

    return resource

"""Portico's gateway with what it uses, and a stub in place of the services behind it."""

import sys
from collections.abc import Mapping
from dataclasses import replace

from aiohttp import ClientSession

from discovery.consul.client import consul_client
from scripts.layout import CHECKOUT, Layout
from scripts.platform import platform_specs
from scripts.supervisor import ProcessSpec
from tests.benchmarks.platform import ENVIRONMENT
from tests.parts import eventually
from tests.tokens import Issuer

STUB_PORT = 29_200
# Limits and cache are in Redis, keys and configuration in Consul, news come by RabbitMQ.
PARTS = ("consul", "redis", "epmd", "rabbitmq")
JWKS_KEY = "portico/auth/jwks"


def specs(layout: Layout) -> Mapping[str, ProcessSpec]:
    """The platform's processes by what they provide, of which the gateway asks the stub and waits for no service."""
    known = {spec.provides: spec for spec in platform_specs(layout)}
    told = {**ENVIRONMENT, "PORTICO_EGRESS_URL": stub_url(layout)}
    gateway = replace(known["gateway"], after=(*PARTS, "stub")).with_environment(told)
    return {**known, "gateway": gateway}


def stub(milliseconds: float) -> ProcessSpec:
    """All services, each answer so late."""
    module = ("-m", "tests.benchmarks.composers.stub", str(STUB_PORT), f"{milliseconds:g}")
    return ProcessSpec(
        name="stub", command=(sys.executable, *module), directory=CHECKOUT, ports={"stub": STUB_PORT}
    )


def stub_url(layout: Layout) -> str:
    """Where the stub listens."""
    return f"http://{layout.host}:{STUB_PORT}"


async def publish_keys(layout: Layout, issuer: Issuer, gateway_url: str) -> None:
    """Publish the keys of tokens as auth does, and wait until the gateway knows them."""
    async with consul_client(layout.url("consul")) as client:
        await client.kv.put(JWKS_KEY, issuer.jwks)

    async def known() -> bool:
        headers = issuer.bearer("ada")
        async with (
            ClientSession(gateway_url) as http,
            http.get("/api/v1/nothing", headers=headers) as response,
        ):
            return response.status == 404

    await eventually(known)

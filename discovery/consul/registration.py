"""A process's entry in Consul, held for as long as it serves and given up before it stops."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from consul.aio import Consul
from consul.check import Check
from consul.exceptions import NotFound

from discovery.consul.backoff import delays
from discovery.consul.client import ERRORS, consul_client

HEARTBEAT_SECONDS = 1.0
CALL_SECONDS = 2.0
FORGET_DEAD_AFTER = "10m"
"""An instance that was killed disappears from the catalogue after this long."""

_OURS = "portico"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Registration:
    """One instance as Consul shall know it; `check_path` answers 200 while it is ready, and the `instance` asked for.

    `tags` come beside the one that all processes of the platform have.
    """

    name: str
    id: str
    host: str
    port: int
    version: str
    tags: tuple[str, ...] = ()
    check_path: str = "/readyz"


def _ignore(_: str) -> None:
    """Nobody wants to know."""


@asynccontextmanager
async def registered(
    consul_url: str,
    registration: Registration,
    drain_seconds: float,
    *,
    on_drain: Callable[[], None],
    on_wait: Callable[[str], None] = _ignore,
) -> AsyncIterator[None]:
    """Holds `registration` in Consul while the block runs.

    Enter it once the instance serves: it is registered as passing and takes traffic at once. While Consul
    is missing, entering waits and tells `on_wait` for what. On exit `on_drain` is called, the entry is
    removed, and the block ends `drain_seconds` later: until then stragglers still have to be served.
    """
    async with consul_client(consul_url, connections=2, seconds=CALL_SECONDS) as client:
        await _register_when_possible(client, registration, consul_url, on_wait)
        heartbeat = asyncio.create_task(_keep_registered(client, registration), name="consul-heartbeat")
        try:
            yield
        finally:
            on_drain()
            heartbeat.cancel()
            await asyncio.wait({heartbeat})
            if not heartbeat.cancelled() and heartbeat.exception():
                logger.error("the heartbeat had ended", exc_info=heartbeat.exception())
            await _deregister(client, registration)
            await asyncio.sleep(drain_seconds)


async def _register_when_possible(
    client: Consul, registration: Registration, consul_url: str, on_wait: Callable[[str], None]
) -> None:
    for delay in delays():
        try:
            await _register(client, registration, status="passing")
        except ERRORS as error:
            logger.warning("waiting for consul at %s: %r", consul_url, error)
            on_wait(f"waiting for consul at {consul_url}")
            await asyncio.sleep(delay)
        else:
            return


async def _keep_registered(client: Consul, registration: Registration) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        try:
            if not await _is_known(client, registration):
                logger.warning("consul has forgotten %s, registering again", registration.id)
                # Consul also forgets who was critical for too long, so its check has to pass first.
                await _register(client, registration, status="critical")
        except ERRORS as error:
            logger.debug("consul does not answer the heartbeat: %r", error)


async def _is_known(client: Consul, registration: Registration) -> bool:
    try:
        entry = await client.agent.service_definition(registration.id)  # type: ignore[no-untyped-call]
    except NotFound:
        return False
    return bool(entry)


async def _register(client: Consul, registration: Registration, *, status: str) -> None:
    await client.agent.service.register(
        registration.name,
        service_id=registration.id,
        address=registration.host,
        port=registration.port,
        tags=[_OURS, *registration.tags],
        meta={"version": registration.version},
        check=_check(registration, status),
        replace_existing_checks=True,
    )


def _check(registration: Registration, status: str) -> dict[str, Any]:
    # Who has this address now may be somebody else: addresses of containers are given out again.
    asked = quote(registration.id, safe="")
    url = f"http://{registration.host}:{registration.port}{registration.check_path}?instance={asked}"
    check: dict[str, Any] = Check.http(url, interval="1s", timeout="1s", deregister=FORGET_DEAD_AFTER)
    # Consul goes on with the last status of a check it knows: an instance that was killed would come back critical.
    check_id = f"{registration.id}:{registration.port}"
    name = f"{registration.id} {registration.check_path}"
    return {**check, "CheckID": check_id, "name": name, "status": status}


async def _deregister(client: Consul, registration: Registration) -> None:
    try:
        await client.agent.service.deregister(registration.id)
    except ERRORS as error:
        logger.warning("could not deregister %s: %r", registration.id, error)

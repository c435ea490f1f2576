"""Applications of ours as running instances inside the test process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientSession, ClientTimeout, web

from services.chassis.identity import VERIFIER
from tests.serving import serving
from tests.tokens import Issuer


@dataclass(frozen=True)
class Instance:
    """One running application."""

    app: web.Application
    http: ClientSession
    port: int


@asynccontextmanager
async def started(app: web.Application, issuer: Issuer) -> AsyncIterator[Instance]:
    """The application on a free port, knowing the issuer's keys, with a client that talks to it."""
    app[VERIFIER].learn(issuer.jwks)
    async with (
        serving(app) as port,
        ClientSession(f"http://127.0.0.1:{port}", timeout=ClientTimeout(total=10)) as http,
    ):
        yield Instance(app, http, port)

"""Signing keys are rotated while customers come and go, and no token that is good is ever refused."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from aiohttp import ClientSession

from discovery.consul.client import consul_client
from discovery.control_plane.bootstrap import bootstrap
from scripts.layout import Layout
from scripts.platform import platform_specs
from scripts.supervisor import Supervisor
from tests.command import portico
from tests.discovery.platform import envoy_process
from tests.journeys.shop import Answer, Shop, User
from tests.parts import eventually
from tests.tokens import Issuer

KEYS = "/api/v1/admin/keys"
ROTATION = f"{KEYS}/rotation"
SERVICES = ("auth", "gateway", "order", "product")


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


@dataclass
class Crowd:
    """Customers who log in, refresh and read, with every token they ever got, at any of the doors."""

    doors: list[ClientSession]
    logins: list[dict[str, str]] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    read: Counter[tuple[int, str]] = field(default_factory=Counter)
    failed: list[Answer] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    async def join(self, store: Shop) -> None:
        """One more customer."""
        login = {"email": f"{uuid4().hex}@example.test", "password": uuid4().hex}
        answer = await store.anyone.call("POST", "/api/v1/auth/register", login)
        assert answer.status == 201, answer
        self.logins.append(login)
        await self.log_in()

    async def log_in(self) -> None:
        """Somebody logs in."""
        await self._sign_in("login", random.choice(self.logins))

    async def refresh(self) -> None:
        """Some session goes on."""
        await self._sign_in("refresh", {"refresh_token": self.sessions.pop(0)})

    async def look(self) -> None:
        """Somebody looks at their orders, with a token of any age."""
        door, token = next(self.numbers) % len(self.doors), random.choice(self.tokens)
        answer = await User(self.doors[door], token).call("GET", "/api/v1/orders?limit=1")
        if answer.status == 200:
            self.read[door, kid(token)] += 1
        else:
            self.failed.append(answer)

    async def _sign_in(self, how: str, body: dict[str, str]) -> None:
        door = self.doors[next(self.numbers) % len(self.doors)]
        answer = await User(door).call("POST", f"/api/v1/auth/{how}", body)
        if answer.status == 200:
            self.sessions.append(answer.body["refresh_token"])
            self.tokens.append(answer.body["access_token"])
        else:
            self.failed.append(answer)

    def have_read_with(self, *kids: str) -> bool:
        """Whether tokens of each of these keys were taken at every door, many times."""
        return all(self.read[door, one] >= 50 for door in range(len(self.doors)) for one in kids)


@asynccontextmanager
async def second_door(layout: Layout, home: Path) -> AsyncIterator[str]:
    """Another control plane with an edge of its own; the URL of that edge."""
    aside = Layout(home, layout.port_offset + 100)
    ours = {
        "PORTICO_XDS_PORT": str(aside.port("xds")),
        "PORTICO_EDGE_ADDRESS": aside.address("edge"),
        "PORTICO_EGRESS_ADDRESS": str(aside.egress_socket),
        "PORTICO_RATE_LIMIT_SCALE": "1000",
    }
    (first,) = (spec for spec in platform_specs(layout) if spec.provides == "control-plane")
    control_plane = replace(first, after=(), ports={}).numbered(2).with_environment(ours)
    document = bootstrap("edge", "edge-2", aside.port("edge_admin"), [(aside.host, aside.port("xds"))])
    edge = envoy_process(aside, "edge", document, after=("control-plane",))
    async with Supervisor((control_plane, edge), logs=aside.logs, record=aside.process_record) as supervisor:
        await supervisor.start()
        yield aside.url("edge")


@asynccontextmanager
async def crowd(store: Shop, url: str) -> AsyncIterator[Crowd]:
    """A few customers, at both doors."""
    async with ClientSession(url) as door:
        found = Crowd([store.http, door])
        for _ in range(5):
            await found.join(store)
        yield found


@asynccontextmanager
async def going_on(people: Crowd) -> AsyncIterator[None]:
    """All that they do, without a pause, while the block runs."""

    async def again_and_again(deed: Callable[[], Awaitable[None]]) -> None:
        while True:
            await deed()

    deeds = (*[people.look] * 6, people.refresh, people.log_in)
    tasks = [asyncio.create_task(again_and_again(deed)) for deed in deeds]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def newest(store: Shop) -> dict[str, Any]:
    """The key that began last."""
    found: dict[str, Any] = (await store.admin.get(KEYS))["items"][0]
    return found


async def test_two_rotations_under_load_refuse_no_good_token(
    store: Shop, platform: Supervisor, layout: Layout, tmp_path: Path
) -> None:
    await asyncio.gather(*(platform.scale(service, 2) for service in SERVICES))
    try:
        async with second_door(layout, tmp_path) as url, crowd(store, url) as people:
            first = kid(people.tokens[0])
            async with going_on(people):
                code, said = await portico(layout, "keys", "rotate", "--reason", "a drill")
                assert code == 0, said
                second = (await newest(store))["kid"]
                answer = await store.admin.call("POST", ROTATION, {}, uuid4().hex)
                assert answer.status == 202, answer
                third = answer.body["kid"]
                await eventually(lambda: people.have_read_with(first, second, third), seconds=60)
        assert people.failed == []
        await told(layout, said, first, second, third)
    finally:
        await asyncio.gather(*(platform.scale(service, 1) for service in SERVICES))


async def told(layout: Layout, said: str, first: str, second: str, third: str) -> None:
    """What the commands say of it."""
    story = (f"published   {second}", "acknowledged by", "active", f"{first} is accepted until")
    positions = [said.index(part) for part in story]
    assert positions == sorted(positions), said
    code, listed = await portico(layout, "keys", "list")
    assert code == 0, listed
    lines = {line.split()[0]: line for line in listed.splitlines()}
    assert "active" in lines[third]
    assert "retired" in lines[second] and "a drill" in lines[second]
    assert "retired" in lines[first]


async def test_the_name_of_a_key_that_is_published_is_no_signature(store: Shop, layout: Layout) -> None:
    known = (await store.anyone.get("/.well-known/jwks.json"))["keys"]
    forged = [Issuer.make(key["kid"]).token("u1", "admin") for key in known]
    assert forged
    async with consul_client(layout.url("consul")) as consul, ClientSession() as http:
        for token in forged:
            assert (await User(store.http, token).call("GET", "/api/v1/orders")).status == 401
            for service in ("gateway", *SERVICES):
                _, nodes = await consul.health.service(service, passing=True)
                where = nodes[0]["Service"]
                url = f"http://{where['Address']}:{where['Port']}/keys"
                async with http.get(url, headers={"Authorization": f"Bearer {token}"}) as response:
                    assert response.status == 401, service


async def test_customers_do_not_see_or_rotate_keys(store: Shop) -> None:
    customer = await store.customer()
    for user, status in ((store.anyone, 401), (customer, 403), (store.support, 403)):
        assert (await user.call("GET", KEYS)).status == status
        assert (await user.call("POST", ROTATION, {}, uuid4().hex)).status == status
    assert (await store.admin.call("POST", ROTATION, {})).status == 400

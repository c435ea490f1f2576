"""The platform is changed while it runs, with the `portico` command, and everybody heeds it."""

from collections.abc import AsyncIterator

import pytest

from scripts.layout import Layout
from tests.command import portico
from tests.journeys.shop import Shop
from tests.parts import eventually

AUDIT = "/api/v1/admin/audit"
ADDRESSES = ("x-forwarded-for", "x-envoy-external-address", "forwarded", "x-real-ip", "true-client-ip")


@pytest.fixture(autouse=True)
async def as_it_was(layout: Layout, store: Shop) -> AsyncIterator[None]:
    """Whatever a test changes is undone."""
    yield
    await portico(layout, "config", "reset", "caching")
    await portico(layout, "config", "reset", "limits")
    await portico(layout, "flags", "remove", "endpoint-list-categories")


async def test_a_section_is_shown_changed_and_heeded(layout: Layout, store: Shop) -> None:
    code, shown = await portico(layout, "config", "show", "caching")
    assert code == 0
    assert "answers.product.fresh" in shown
    code, shown = await portico(layout, "config", "set", "caching", "enabled=false")
    assert code == 0, shown

    async def bypassed() -> bool:
        answer = await store.anyone.call("GET", "/api/v1/categories")
        return answer.headers["cache-status"] == "portico; fwd=bypass"

    await eventually(bypassed, seconds=2)
    code, listed = await portico(layout, "config", "list")
    assert "enabled" in listed
    assert (await portico(layout, "config", "unset", "caching", "enabled"))[0] == 0

    async def back() -> bool:
        return not await bypassed()

    await eventually(back, seconds=2)


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("enabled=perhaps", "overrides.enabled"),
        ("enable=true", "overrides.enable"),
        ("answers.product.fresh=-1", "overrides.answers.product.fresh"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_its_path(
    layout: Layout, store: Shop, assignment: str, said: str
) -> None:
    code, output = await portico(layout, "config", "set", "caching", assignment)
    assert code == 1
    assert said in output
    assert (await store.admin.get("/api/v1/admin/config/caching"))["overrides"] == {}


async def test_a_limit_is_set_and_nothing_that_a_client_says_gets_round_it(
    layout: Layout, store: Shop
) -> None:
    limit = 'routes.GET /products/{id}={"requests": 1, "seconds": 86400}'
    code, output = await portico(layout, "config", "set", "limits", limit)
    assert code == 0, output

    async def left(**headers: str) -> int | None:
        told = (await store.anyone.call("GET", "/api/v1/products/none", **headers)).headers
        return int(told["ratelimit-remaining"]) if told["ratelimit-policy"].endswith(";w=86400") else None

    before = await eventually(left, seconds=2)
    for number, name in enumerate(ADDRESSES, start=1):
        assert await left(**{name: f"203.0.113.{number}"}) == before - number, name


async def test_a_feature_is_off_for_all_but_some(layout: Layout, store: Shop) -> None:
    customer = await store.customer()
    assert (await customer.call("GET", "/api/v1/categories")).status == 200
    code, output = await portico(layout, "flags", "set", "endpoint-list-categories", "--role", "support")
    assert code == 0, output

    async def is_off() -> bool:
        return (await customer.call("GET", "/api/v1/categories")).status == 404

    await eventually(is_off, seconds=2)
    assert (await store.support.call("GET", "/api/v1/categories")).status == 200
    code, listed = await portico(layout, "flags", "list")
    assert "endpoint-list-categories" in listed


async def test_who_did_it_is_written_down(layout: Layout, store: Shop) -> None:
    await portico(layout, "config", "set", "caching", "enabled=true")
    entries = (await store.admin.get(f"{AUDIT}?subject=config/caching"))["items"]
    assert (entries[0]["action"], entries[0]["details"], entries[0]["outcome"]) == (
        "configure",
        {"overrides": '{"enabled": true}'},
        "done",
    )

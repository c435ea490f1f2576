"""Versions: one is made of the one before, and what it changes is what becomes old."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import web

from gateway.cache.http import key_of
from gateway.contract import Contract, Tag
from gateway.endpoint import Endpoint, Who
from gateway.upstreams.client import Calls
from gateway.v2.paging import link
from gateway.version import Change, Published, Retirement, Version, published
from gateway.versions import PUBLISHED, V1, V2, VERSIONS
from scripts.layout import CHECKOUT
from scripts.platform import SANDBOX_WEBHOOKS

SOON = Retirement(datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))
LATER = Retirement(datetime(2032, 1, 1, tzinfo=UTC), datetime(2033, 1, 1, tzinfo=UTC))


async def handler(_request: web.Request, _calls: Calls) -> web.Response:
    """Whatever."""
    return web.Response()


def contract(id: str) -> Contract:
    return Contract(Tag("", ""), id, "", gives={204: "Nothing."})


def change(id: str) -> Change:
    """Of another form."""
    return Change(handler, replace(contract(id), gives={204: "Nothing, in another form."}))


ONE = Version(
    1,
    (
        Endpoint("GET", "/things", Who.ANYONE, handler, contract("list_things")),
        Endpoint("GET", "/things/{id}", Who.OWNER, handler, contract("get_thing")),
        Endpoint("POST", "/things", Who.ADMIN, handler, contract("make_thing")),
    ),
    "",
)
TWO = ONE.succeeded([change("get_thing")], "", SOON)
THREE = TWO.succeeded([change("list_things"), change("get_thing")], "", LATER)


def told(*versions: Version) -> dict[str, Published]:
    """What is published, by method and path."""
    return {f"{one.endpoint.method} {one.path}": one for one in published(versions)}


def test_what_is_not_changed_is_the_same_endpoint() -> None:
    assert [version.prefix for version in (ONE, TWO, THREE)] == ["/api/v1", "/api/v2", "/api/v3"]
    same = [ours is theirs for ours, theirs in zip(ONE.endpoints, TWO.endpoints, strict=True)]
    assert same == [True, False, True]


def test_a_change_leaves_who_may_call_as_it_was() -> None:
    old, new = ONE.operation("get_thing"), TWO.operation("get_thing")
    assert new == replace(old, handler=new.handler, contract=new.contract)


def test_nothing_can_be_changed_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="v1 has no operation to change called lose_thing"):
        ONE.succeeded([change("lose_thing")], "", SOON)


def test_only_what_has_another_successor_is_old() -> None:
    old = {name for name, one in told(ONE, TWO).items() if one.succession}
    assert old == {"GET /api/v1/things/{id}"}


def test_a_successor_is_in_the_newest_version_and_the_dates_are_those_of_the_first_that_differs() -> None:
    everything = told(ONE, TWO, THREE)
    once, twice = everything["GET /api/v1/things"], everything["GET /api/v1/things/{id}"]
    assert once.succession and once.succession.retirement is LATER
    assert twice.succession and twice.succession.retirement is SOON
    assert twice.succession.path == "/api/v3/things/{id}"
    between = everything["GET /api/v2/things/{id}"].succession
    assert between and between.retirement is LATER
    assert not [one for one in everything.values() if one.version is THREE and one.succession]


def test_what_was_replaced_can_go_and_leave_the_rest() -> None:
    left = replace(ONE, endpoints=tuple(one for one in ONE.endpoints if one in TWO.endpoints))
    everything = told(left, TWO)
    assert "GET /api/v1/things/{id}" not in everything
    assert "GET /api/v1/things" in everything
    assert not [one for one in everything.values() if one.succession]


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("o1", "/api/v2/things/o1"),
        ("a/b", "/api/v2/things/a%2Fb"),
        (
            'x>; rel="next"\r\nSet-Cookie: a',
            "/api/v2/things/x%3E%3B%20rel%3D%22next%22%0D%0ASet-Cookie%3A%20a",
        ),
        ("{id}", "/api/v2/things/%7Bid%7D"),
        ("\udcff", "/api/v2/things/%3F"),
    ],
)
def test_a_link_cannot_be_broken_out_of(place: str, path: str) -> None:
    succession = told(ONE, TWO)["GET /api/v1/things/{id}"].succession
    assert succession and succession.successor({"id": place}) == path


def test_dates_are_told_as_the_standards_have_it() -> None:
    assert SOON.headers == {"Deprecation": "@1893456000", "Sunset": "Wed, 01 Jan 2031 00:00:00 GMT"}


def test_what_is_old_stays_for_a_year_at_least() -> None:
    for version in VERSIONS:
        if version.retires:
            assert (version.retires.sunset - version.retires.deprecated).days >= 365


def test_version_2_differs_in_orders_and_in_the_pages_of_lists() -> None:
    assert {one.endpoint.contract.id for one in PUBLISHED if one.version is V1 and one.succession} == {
        *("get_home", "get_account", "preview_checkout", "list_products", "list_orders", "get_order"),
        *("list_dead_letters", "list_audit", "list_sagas"),
    }


def test_every_list_of_version_2_links_its_pages() -> None:
    for endpoint in V2.endpoints:
        for model in endpoint.contract.models:
            assert "next_cursor" not in model.model_fields, endpoint.contract.id


def test_what_the_gateway_stands_on_knows_no_version() -> None:
    below = [*CHECKOUT.glob("services/**/*.py"), *CHECKOUT.glob("discovery/config/**/*.py")]
    assert len(below) > 100
    assert [str(file) for file in below if re.search(r"/api\b|/v\d+/", file.read_text())] == []


def test_the_sandbox_is_told_of_an_endpoint_that_is_there() -> None:
    paths = {version.prefix + endpoint.path for version in VERSIONS for endpoint in version.endpoints}
    assert SANDBOX_WEBHOOKS.removesuffix("sandbox") + "{provider}" in paths


def test_an_answer_of_one_version_is_not_in_the_cache_of_the_other() -> None:
    assert key_of("products", "/api/v1/products", ()) != key_of("products", "/api/v2/products", ())


@pytest.mark.parametrize(
    ("query", "cursor", "next_page"),
    [
        ([], None, None),
        ([("limit", "2")], None, None),
        ([], "abc", "/p?cursor=abc"),
        ([("q", "a b&c"), ("limit", "2")], "a+b=", "/p?q=a+b%26c&limit=2&cursor=a%2Bb%3D"),
        ([("cursor", "old"), ("tag", "é")], "new", "/p?tag=%C3%A9&cursor=new"),
        ([("q", "\udcff")], "new", "/p?q=%3F&cursor=new"),
    ],
)
def test_a_page_links_to_the_next_with_all_that_it_was_asked_for(
    query: list[tuple[str, str]], cursor: str | None, next_page: str | None
) -> None:
    assert link("/p", query, cursor) == next_page

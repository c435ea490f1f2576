"""What may be configured of Envoy, and what is refused."""

from typing import Any

import orjson
import pytest

from discovery.config.edge import Edge
from discovery.config.section import Unusable, resolved
from discovery.config.traffic import Traffic


def wrong(section: type[Traffic] | type[Edge], patch: dict[str, Any]) -> list[str]:
    """The fields for which a patch is refused."""
    with pytest.raises(Unusable) as refused:
        resolved(section, orjson.dumps(patch))
    return [path for path, _ in refused.value.errors]


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://shop.example.com",
        "http://localhost:3000",
        "https://*.example.com",
        "https://*.shop.example.com:8443",
        "http://127.0.0.1:8080",
    ],
)
def test_an_origin_as_browsers_send_it_is_taken(origin: str) -> None:
    assert resolved(Edge, orjson.dumps({"cors_origins": [origin]})).cors_origins == (origin,)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "shop.example.com",
        "ftp://shop.example.com",
        "https://shop.example.com/",
        "https://shop.example.com/path",
        "https://SHOP.example.com",
        "https://*.com",
        "https://*",
        "https://shop.*.com",
        "https://*shop.example.com",
        "https://user@shop.example.com",
        "https://shop.example.com:0",
        "https://shop.example.com:443",
        "http://shop.example.com:80",
        "https://shop.example.com\n",
        "https://.*",
        ".*",
    ],
)
def test_any_other_origin_is_refused(origin: str) -> None:
    assert wrong(Edge, {"cors_origins": [origin]}) == ["cors_origins.0"]


def test_a_burst_is_at_least_the_rate() -> None:
    assert wrong(Edge, {"rate_per_second": 100, "rate_burst": 99}) == ["body"]
    assert resolved(Edge, b'{"rate_per_second": 100, "rate_burst": 100}').rate_burst == 100


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ({"timeout": 0.00001}, "timeout"),
        ({"timeout": 1.0}, ""),
        ({"timeout": 4000.0}, "timeout"),
        ({"retries": -1}, "retries"),
        ({"retries": 1.5}, "retries"),
        ({"max_requests": 0}, "max_requests"),
        ({"max_requests": 2**32}, "max_requests"),
        ({"max_connections": "many"}, "max_connections"),
        ({"retry_budget_percent": 101.0}, "retry_budget_percent"),
        ({"outlier": {"max_ejection_percent": 101}}, "outlier.max_ejection_percent"),
        ({"outlier": {"base_ejection": 6.0}}, "outlier"),
        ({"canary": {"canary": 101.0}}, "canary.canary"),
        ({"canary": {"a": 60.0, "b": 50.0}}, ""),
        ({"canary": {"no tag": 1.0}}, "canary.no tag.[key]"),
        ({"tiemout": 1.0}, "tiemout"),
    ],
)
def test_what_envoy_could_not_take_is_refused(policy: dict[str, Any], field: str) -> None:
    where = f"services.order.{field}".rstrip(".")
    assert wrong(Traffic, {"services": {"order": policy}}) == [where]


def test_shares_that_are_the_whole_in_decimals_are_not_above_it() -> None:
    shares = {"a": 33.4, "b": 33.3, "c": 33.3}
    assert resolved(Traffic, orjson.dumps({"services": {"order": {"canary": shares}}}))


def test_shares_stay_in_the_order_in_which_they_are_declared() -> None:
    shares = {"z": 1.0, "a": 2.0, "m": 3.0}
    found = resolved(Traffic, orjson.dumps({"services": {"order": {"canary": shares}}}))
    assert list(found.services["order"].canary) == ["z", "a", "m"]


def test_there_are_no_other_services() -> None:
    assert wrong(Traffic, {"services": {"billing": {"timeout": 1.0, "per_try_timeout": 1.0}}}) == ["body"]
    assert wrong(Traffic, {"services": {"order": None}}) == ["body"]

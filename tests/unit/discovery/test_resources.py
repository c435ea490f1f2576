"""Resources built from a catalogue, and their consistency."""

from dataclasses import replace
from typing import Any

import pytest

from discovery.config.edge import Edge
from discovery.config.traffic import SERVICES
from discovery.control_plane.catalog import Catalog
from discovery.control_plane.policy import Role
from discovery.control_plane.publisher import ROLES
from discovery.control_plane.resources import CLUSTER, ENDPOINT, EXTENSION, LISTENER, ROUTE, Resources
from discovery.control_plane.resources.build import build
from discovery.control_plane.settings import Settings
from discovery.control_plane.snapshot import inconsistencies, version
from tests.unit.discovery.catalogs import catalog, endpoint, traffic


def built(role: Role, **settings: Any) -> Resources:
    """A role's resources with one order instance."""
    return build(role, catalog(order=(endpoint("order-1"),)), Settings(**settings))


def without(resources: Resources, type_url: str, name: str) -> Resources:
    """The resources but one."""
    kept = {key: value for key, value in resources[type_url].items() if key != name}
    return {**resources, type_url: kept}


@pytest.mark.parametrize("role", ROLES)
def test_what_is_built_is_consistent(role: Role) -> None:
    assert inconsistencies(built(role)) == []


@pytest.mark.parametrize(
    ("role", "type_url", "name", "problem"),
    [
        ("edge", CLUSTER, "gateway", "cluster gateway is routed to and missing"),
        ("egress", ENDPOINT, "order", "cluster order has no endpoint assignment"),
        ("egress", CLUSTER, "order", "endpoint assignment order has no cluster"),
        ("edge", ROUTE, "edge", "route edge is missing"),
        ("edge", EXTENSION, "access-tokens", "filter access-tokens is missing"),
        (
            "edge",
            CLUSTER,
            "opentelemetry-collector",
            "cluster opentelemetry-collector is routed to and missing",
        ),
    ],
)
def test_a_reference_to_nothing_is_found(role: Role, type_url: str, name: str, problem: str) -> None:
    assert problem in inconsistencies(without(built(role), type_url, name))


def test_every_service_is_behind_one_role_and_has_endpoints_there() -> None:
    assert {name for role in ROLES for name in built(role)[ENDPOINT]} == set(SERVICES)


def test_a_service_without_instances_has_an_assignment_all_the_same() -> None:
    assert built("egress")[ENDPOINT]["auth"]["endpoints"] == []


def test_the_same_content_has_the_same_version_in_any_order() -> None:
    assert version({"a": 1, "b": [1, 2]}) == version({"b": [1, 2], "a": 1}) != version({"a": 1, "b": [2, 1]})


def test_only_endpoints_change_when_an_instance_joins() -> None:
    before = build("egress", catalog(), Settings())
    after = build("egress", catalog(order=(endpoint("order-1"),)), Settings())
    assert [url for url in before if before[url] != after[url]] == [ENDPOINT]


def changed(role: Role, catalog_: Catalog) -> dict[str, list[str]]:
    """What is other than in the default resources of a role: type → names."""
    before, after = build(role, catalog(), Settings()), build(role, catalog_, Settings())
    return {
        url: names
        for url in before
        if (names := [name for name in after[url] if before[url].get(name) != after[url][name]])
    }


def test_only_the_filter_changes_when_the_keys_do() -> None:
    assert changed("edge", catalog("{}")) == {EXTENSION: ["access-tokens"]}


def test_only_the_filter_changes_when_the_coarse_limit_does() -> None:
    assert changed("edge", catalog(edge=Edge(rate_per_second=10))) == {EXTENSION: ["rate-limit"]}


def test_only_the_routes_change_when_other_sites_may_ask() -> None:
    assert changed("edge", catalog(edge=Edge(cors_origins=("https://a.example",)))) == {ROUTE: ["edge"]}


@pytest.mark.parametrize("policy", [{"timeout": 3.0}, {"per_try_timeout": 0.1}, {"retries": 0}])
def test_time_outs_and_retries_are_a_matter_of_routes(policy: dict[str, Any]) -> None:
    assert changed("egress", catalog(traffic=traffic("order", **{"per_try_timeout": 1.0} | policy))) == {
        ROUTE: ["egress"]
    }


@pytest.mark.parametrize(
    "policy",
    [
        {"connect_timeout": 0.1},
        {"max_connections": 1},
        {"max_pending_requests": 1},
        {"max_requests": 1},
        {"retry_budget_percent": 1.0},
        {"min_retry_concurrency": 0},
        {"outlier": {"failures": 9}},
        {"outlier": {"interval": 9.0}},
        {"outlier": {"base_ejection": 2.0}},
        {"outlier": {"max_ejection": 9.0}},
        {"outlier": {"max_ejection_percent": 10}},
    ],
)
def test_thresholds_and_ejection_are_a_matter_of_one_cluster(policy: dict[str, Any]) -> None:
    assert changed("egress", catalog(traffic=traffic("order", **policy))) == {CLUSTER: ["order"]}


def test_canaries_are_a_matter_of_one_assignment() -> None:
    plain, tagged = endpoint("a"), replace(endpoint("b"), tags=("canary",))
    found = build(
        "egress",
        catalog(traffic=traffic("order", canary={"canary": 10.0}), order=(plain, tagged)),
        Settings(),
    )
    (group,) = found[ENDPOINT]["order"]["endpoints"]
    assert [host["load_balancing_weight"] for host in group["lb_endpoints"]] == [900_000, 100_000]
    assert changed("egress", catalog(traffic=traffic("order", canary={"canary": 10.0}))) == {}


def egress_retries(headers: set[str]) -> list[str]:
    """The retry conditions of the order service's routes that match on exactly these headers."""
    hosts = built("egress")[ROUTE]["egress"]["virtual_hosts"]
    (order,) = (host for host in hosts if host["name"] == "order")
    return [
        route["route"]["retry_policy"]["retry_on"]
        for route in order["routes"]
        if {header["name"] for header in route["match"].get("headers", [])} == headers
    ]


@pytest.mark.parametrize("headers", [{":method"}, {"idempotency-key"}])
def test_what_is_idempotent_is_retried_after_any_failure(headers: set[str]) -> None:
    (conditions,) = egress_retries(headers)
    assert {"reset", "gateway-error"} <= set(conditions.split(","))


def test_anything_else_is_retried_only_if_it_was_not_accepted() -> None:
    (conditions,) = egress_retries(set())
    assert set(conditions.split(",")) == {"connect-failure", "reset-before-request", "refused-stream"}


def test_the_edge_retries_only_what_was_not_accepted() -> None:
    (host,) = built("edge")[ROUTE]["edge"]["virtual_hosts"]
    conditions = {route["route"]["retry_policy"]["retry_on"] for route in host["routes"] if "route" in route}
    assert conditions == {"connect-failure,reset-before-request"}


def test_a_stream_has_no_deadline_but_must_not_be_idle_and_only_streams_are_upgraded() -> None:
    (host,) = built("edge")[ROUTE]["edge"]["virtual_hosts"]
    upgraded = [route for route in host["routes"] if "upgrade_configs" in route.get("route", {})]
    assert [route["name"] for route in upgraded] == ["/orders/{id}/events", "/live"]
    for route in upgraded:
        action = route["route"]
        assert (action["timeout"], action["idle_timeout"]) == ("0s", "300.000s")
        assert action["retry_policy"]["per_try_timeout"] == "0s"


def test_the_edge_waits_longer_than_the_egress() -> None:
    inside = [policy.timeout for name, policy in SERVICES.items() if name != "gateway"]
    assert max(inside) < SERVICES["gateway"].timeout


def test_so_many_are_sampled_as_is_set_and_none_without_a_collector() -> None:
    collector = "http://collector:4318"
    for endpoint_, ratio, percent in ((None, 1, 0), ("", 1, 0), (collector, 1, 100), (collector, 0.05, 5)):
        (chain,) = built("edge", otlp_endpoint=endpoint_, trace_ratio=ratio)[LISTENER]["edge"][
            "filter_chains"
        ]
        manager = chain["filters"][-1]["typed_config"]
        assert manager["tracing"]["random_sampling"] == {"value": percent}


@pytest.mark.parametrize(
    ("scale", "burst", "rate"), [(0.5, 2000, 1000), (0.0001, 1, 1), (1e9, 2**32 - 1, 2**32 - 1)]
)
def test_the_rate_limit_is_scaled(scale: float, burst: int, rate: int) -> None:
    filter_ = built("edge", rate_limit_scale=scale)[EXTENSION]["rate-limit"]["typed_config"]
    assert filter_["token_bucket"] == {"max_tokens": burst, "tokens_per_fill": rate, "fill_interval": "1s"}

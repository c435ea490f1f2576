"""Resources built from a catalogue, and their consistency."""

from typing import Any

import pytest

from discovery.control_plane.policy import POLICIES, Role
from discovery.control_plane.publisher import ROLES
from discovery.control_plane.resources import CLUSTER, ENDPOINT, EXTENSION, LISTENER, ROUTE, Resources
from discovery.control_plane.resources.build import build
from discovery.control_plane.settings import Settings
from discovery.control_plane.snapshot import inconsistencies, version
from tests.unit.discovery.catalogs import catalog, endpoint


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
    assert {name for role in ROLES for name in built(role)[ENDPOINT]} == set(POLICIES)


def test_a_service_without_instances_has_an_assignment_all_the_same() -> None:
    assert built("egress")[ENDPOINT]["auth"]["endpoints"] == []


def test_the_same_content_has_the_same_version_in_any_order() -> None:
    assert version({"a": 1, "b": [1, 2]}) == version({"b": [1, 2], "a": 1}) != version({"a": 1, "b": [2, 1]})


def test_only_endpoints_change_when_an_instance_joins() -> None:
    before = build("egress", catalog(), Settings())
    after = build("egress", catalog(order=(endpoint("order-1"),)), Settings())
    assert [url for url in before if before[url] != after[url]] == [ENDPOINT]


def test_only_the_filter_changes_when_the_keys_do() -> None:
    before, after = build("edge", catalog(), Settings()), build("edge", catalog("{}"), Settings())
    assert [url for url in before if before[url] != after[url]] == [EXTENSION]


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
    conditions = {route["route"]["retry_policy"]["retry_on"] for route in host["routes"]}
    assert conditions == {"connect-failure,reset-before-request"}


def test_every_try_of_a_service_fits_into_its_time_out() -> None:
    assert all(policy.per_try_timeout <= policy.timeout for policy in POLICIES.values())
    assert all(
        policy.timeout < POLICIES["gateway"].timeout for n, policy in POLICIES.items() if n != "gateway"
    )


def test_nothing_is_sampled_without_a_collector() -> None:
    for endpoint_, percent in ((None, 0), ("http://collector:4318", 100)):
        (chain,) = built("edge", otlp_endpoint=endpoint_)[LISTENER]["edge"]["filter_chains"]
        manager = chain["filters"][-1]["typed_config"]
        assert manager["tracing"]["random_sampling"] == {"value": percent}


def test_the_rate_limit_is_scaled() -> None:
    (chain,) = built("edge", rate_limit_scale=0.5)[LISTENER]["edge"]["filter_chains"]
    filters = {f["name"]: f for f in chain["filters"][-1]["typed_config"]["http_filters"]}
    bucket = filters["rate-limit"]["typed_config"]["token_bucket"]
    assert bucket == {"max_tokens": 2000, "tokens_per_fill": 1000, "fill_interval": "1s"}

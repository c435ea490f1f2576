"""Who is left out, and who is told of it."""

import logging
from dataclasses import replace
from typing import Any

import pytest

from discovery.consul.watch import Entry
from discovery.control_plane.left_out import LeftOut, obstacle
from tests.metrics import sample
from tests.unit.discovery.catalogs import endpoint


def entry(id: str, address: str, port: int = 8000) -> Entry:
    """One of Consul's health entries, registered by hand."""
    service = {"ID": id, "Address": address, "Port": port, "Tags": None, "Meta": None}
    return {"Node": {"Address": "10.0.0.1"}, "Service": service, "Checks": []}


GOOD, BY_NAME = entry("good", "10.0.0.5"), entry("by-name", "payment.test")
SOMETHING = endpoint("any")


@pytest.mark.parametrize(
    "fields",
    [
        {"host": "10.0.0.5"},
        {"host": "::1"},
        {"host": "2001:db8::5"},
        {"port": 1},
        {"port": 65_535},
        # No traffic goes there, but that is for Envoy's health check to find.
        {"host": "0.0.0.0"},
    ],
)
def test_what_envoy_takes_it_is_told_of(fields: dict[str, Any]) -> None:
    assert obstacle(replace(SOMETHING, **fields)) is None


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"host": "payment.test"}, "its address 'payment.test' is no IP address"),
        ({"host": ""}, "its address '' is no IP address"),
        ({"host": "10.0.0.256"}, "its address '10.0.0.256' is no IP address"),
        ({"host": "10.0.0.5:80"}, "its address '10.0.0.5:80' is no IP address"),
        ({"host": "[::1]"}, "its address '[::1]' is no IP address"),
        ({"host": "fe80::1%eth0"}, "its address 'fe80::1%eth0' is no IP address"),
        ({"port": -1}, "its port -1 is not between 1 and 65535"),
        ({"port": 0}, "its port 0 is not between 1 and 65535"),
        ({"port": 65_536}, "its port 65536 is not between 1 and 65535"),
    ],
)
def test_what_envoy_refuses_it_is_not_told_of(fields: dict[str, Any], problem: str) -> None:
    assert obstacle(replace(SOMETHING, **fields)) == problem


def test_one_without_an_address_is_judged_by_its_nodes() -> None:
    assert LeftOut("payment").without([entry("nodes", "")]) == [entry("nodes", "")]


def test_the_log_tells_each_one_once(caplog: pytest.LogCaptureFixture) -> None:
    left_out = LeftOut("payment")
    both = [GOOD, BY_NAME]
    for entries in (both, both, [GOOD], both, [GOOD, entry("by-name", "10.0.0.6", -1)]):
        left_out.without(entries)
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    by_name, port = "its address 'payment.test' is no IP address", "its port -1 is not between 1 and 65535"
    assert told == [
        f"by-name is left out of payment, Envoy can't be told of it: {why}"
        for why in (by_name, by_name, port)
    ]


def test_they_are_counted_as_long_as_they_are_registered() -> None:
    left_out = LeftOut("payment")
    assert left_out.without([GOOD, BY_NAME]) == [GOOD]
    assert sample("portico_xds_instances_left_out", upstream="payment") == 1
    assert left_out.without([GOOD]) == [GOOD]
    assert sample("portico_xds_instances_left_out", upstream="payment") == 0

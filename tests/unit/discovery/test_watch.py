"""What Consul's answers mean."""

from typing import Any

import pytest

from discovery.consul.watch import Endpoint, endpoints, merged, next_index
from tests.unit.discovery.catalogs import endpoint


def entry(**service: Any) -> dict[str, Any]:
    """One of Consul's health entries."""
    complete = {
        "ID": "order-1",
        "Address": "10.0.0.5",
        "Port": 8000,
        "Tags": ["portico"],
        "Meta": {},
        **service,
    }
    return {"Node": {"Address": "10.0.0.1"}, "Service": complete}


def test_an_entry_becomes_an_endpoint() -> None:
    meta = {"version": "1.2", "zone": "a"}
    (found,) = endpoints([entry(Meta=meta, Weights={"Passing": 3, "Warning": 1})])
    assert found == Endpoint("order-1", "10.0.0.5", 8000, 3, ("portico",), "1.2", meta)


def test_an_entry_registered_by_hand_needs_no_more_than_an_id_and_a_port() -> None:
    (found,) = endpoints([entry(Address="", Tags=None, Meta=None)])
    assert (found.host, found.weight, found.tags, found.version) == ("10.0.0.1", 1, (), "")


def test_endpoints_are_in_one_order() -> None:
    assert [e.id for e in endpoints([entry(ID="b"), entry(ID="a")])] == ["a", "b"]


def test_merging_takes_nobody_away_and_lets_an_instance_move() -> None:
    held = (endpoint("a", 1), endpoint("b", 2))
    assert merged(held, ()) == held
    assert merged(held, [endpoint("b", 3), endpoint("c", 4)]) == (
        endpoint("a", 1),
        endpoint("b", 3),
        endpoint("c", 4),
    )


@pytest.mark.parametrize(
    ("asked", "found", "following"),
    [
        (None, "7", "7"),
        ("7", "7", "7"),
        ("7", "9", "9"),
        ("9", "7", None),
        (None, "0", None),
        ("9", "10", "10"),
    ],
)
def test_an_index_that_goes_backwards_starts_afresh(
    asked: str | None, found: str, following: str | None
) -> None:
    assert next_index(asked, found) == following

"""What Consul's answers mean."""

from typing import Any

import pytest

from discovery.consul.watch import GRACE_SECONDS, Attendance, Endpoint, endpoints, merged, next_index
from tests.unit.discovery.catalogs import endpoint


def entry(status: str = "passing", **service: Any) -> dict[str, Any]:
    """One of Consul's health entries."""
    complete = {
        "ID": "order-1",
        "Address": "10.0.0.5",
        "Port": 8000,
        "Tags": ["portico"],
        **service,
    }
    checks = [{"Status": "passing"}, {"Status": status}]
    return {"Node": {"Address": "10.0.0.1"}, "Service": complete, "Checks": checks}


def called(attendance: Attendance, now: float, **statuses: str) -> list[str]:
    """The ids that are to be asked when instances have these statuses."""
    entries = [entry(status, ID=id) for id, status in statuses.items()]
    return [endpoint.id for endpoint in attendance.call(entries, now)]


def test_one_that_fails_alone_is_not_asked() -> None:
    attendance = Attendance()
    assert called(attendance, 0, a="passing", b="passing") == ["a", "b"]
    assert called(attendance, 1, a="passing", b="critical") == ["a"]
    assert called(attendance, 2, a="passing", b="warning") == ["a"]


def test_those_that_fail_together_are_all_asked_until_one_passes() -> None:
    attendance = Attendance()
    called(attendance, 0, a="passing", b="passing")
    called(attendance, 100, a="passing", b="critical")
    assert called(attendance, 103, a="critical", b="critical") == ["a", "b"]
    assert called(attendance, 900, a="critical", b="critical") == ["a", "b"]
    assert called(attendance, 901, a="critical", b="passing") == ["b"]


def test_one_that_was_dead_before_the_others_failed_or_is_gone_is_not_asked() -> None:
    attendance = Attendance()
    called(attendance, 0, a="passing", b="passing", dead="passing")
    called(attendance, 100, a="passing", b="passing", dead="critical")
    assert called(attendance, 101 + GRACE_SECONDS, a="critical", b="critical", dead="critical") == ["a", "b"]
    assert called(attendance, 102 + GRACE_SECONDS, a="critical", dead="critical") == ["a"]


def test_one_that_never_passed_is_not_asked() -> None:
    assert called(Attendance(), 0, a="critical") == []


def test_an_entry_becomes_an_endpoint() -> None:
    (found,) = endpoints([entry(Weights={"Passing": 3, "Warning": 1})])
    assert found == Endpoint("order-1", "10.0.0.5", 8000, 3, ("portico",))


def test_an_entry_registered_by_hand_needs_no_more_than_an_id_and_a_port() -> None:
    (found,) = endpoints([entry(Address="", Tags=None)])
    assert (found.host, found.weight, found.tags) == ("10.0.0.1", 1, ())


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

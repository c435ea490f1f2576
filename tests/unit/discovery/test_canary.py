"""Who gets which share of the calls."""

from dataclasses import replace

import pytest

from discovery.consul.watch import Endpoint
from discovery.control_plane.resources.canary import shared_out
from tests.unit.discovery.catalogs import endpoint


def instance(id: str, *tags: str, weight: int = 1) -> Endpoint:
    """An instance with these tags."""
    return replace(endpoint(id), tags=("portico", *tags), weight=weight)


def shares(canary: dict[str, float], *instances: Endpoint) -> dict[str, float]:
    """The percentage of the calls that each instance gets; who gets none is not there."""
    shared = shared_out(instances, canary)
    assert [found.id for found in shared] == [instance.id for instance in instances]
    weights = {found.id: found.weight for found in shared if found.weight}
    return {id: round(100 * weight / sum(weights.values()), 3) for id, weight in weights.items()}


PLAIN = (instance("a"), instance("b"))


def test_without_shares_everybody_is_as_registered() -> None:
    instances = (instance("a", "canary", weight=3), instance("b", weight=5))
    assert shared_out(instances, {}) == instances


def test_a_canary_gets_its_share_and_the_others_the_rest() -> None:
    assert shares({"canary": 10.0}, *PLAIN, instance("c", "canary")) == {"a": 45.0, "b": 45.0, "c": 10.0}


def test_several_canaries_share_one_share() -> None:
    canaries = (instance("c", "canary"), instance("d", "canary"))
    assert shares({"canary": 10.0}, *PLAIN, *canaries) == {"a": 45.0, "b": 45.0, "c": 5.0, "d": 5.0}


def test_within_a_share_it_goes_by_the_registered_weights() -> None:
    instances = (
        instance("a", weight=3),
        instance("b", weight=1),
        instance("c", "canary", weight=1),
        instance("d", "canary", weight=4),
    )
    assert shares({"canary": 20.0}, *instances) == {"a": 60.0, "b": 20.0, "c": 4.0, "d": 16.0}


def test_every_tag_has_a_share_of_its_own() -> None:
    instances = (*PLAIN, instance("c", "next"), instance("d", "beta"))
    assert shares({"next": 1.5, "beta": 0.5}, *instances) == {"a": 49.0, "b": 49.0, "c": 1.5, "d": 0.5}


def test_of_two_tags_the_one_declared_first_counts() -> None:
    both = instance("c", "beta", "next")
    assert shares({"next": 5.0, "beta": 20.0}, *PLAIN, both)["c"] == 5.0
    assert shares({"beta": 20.0, "next": 5.0}, *PLAIN, both)["c"] == 20.0


def test_the_share_of_nobody_goes_to_the_rest() -> None:
    assert shared_out(PLAIN, {"canary": 10.0}) == PLAIN
    assert shares({"next": 30.0, "beta": 20.0}, *PLAIN, instance("c", "beta")) == {
        "a": 40.0,
        "b": 40.0,
        "c": 20.0,
    }


def test_where_there_is_no_rest_the_shares_keep_their_proportions() -> None:
    instances = (instance("c", "next"), instance("d", "beta"))
    assert shares({"next": 10.0, "beta": 30.0}, *instances) == {"c": 25.0, "d": 75.0}
    assert shares({"next": 10.0}, instance("c", "next")) == {"c": 100.0}


def test_a_share_of_nothing_is_nothing_whoever_else_is_there() -> None:
    assert shares({"canary": 0.0}, *PLAIN, instance("c", "canary")) == {"a": 50.0, "b": 50.0}
    assert shares({"canary": 0.0}, instance("c", "canary")) == {}


def test_a_share_of_everything_leaves_nothing() -> None:
    assert shares({"canary": 100.0}, *PLAIN, instance("c", "canary")) == {"c": 100.0}
    thirds = {"x": 33.4, "y": 33.3, "z": 33.3}
    assert set(shares(thirds, *PLAIN, *(instance(tag, tag) for tag in thirds))) == set(thirds)


@pytest.mark.parametrize("percent", [0.0001, 0.01, 99.99, 50.0])
def test_weights_are_whole_numbers_that_envoy_takes(percent: float) -> None:
    many = (*(instance(f"plain-{n}", weight=60_000) for n in range(50)), instance("c", "canary"))
    found = shared_out(many, {"canary": percent})
    assert all(endpoint.weight >= 1 for endpoint in found)
    assert sum(endpoint.weight for endpoint in found) < 2**32


def test_those_with_equal_weights_keep_equal_weights() -> None:
    many = (*(instance(f"plain-{n}") for n in range(7)), instance("c", "canary"))
    assert len({found.weight for found in shared_out(many, {"canary": 3.0}) if found.id != "c"}) == 1

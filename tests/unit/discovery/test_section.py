"""Sections: defaults, patches over them, and what is refused."""

from typing import Any

import orjson
import pytest

from discovery.config.caching import Caching
from discovery.config.following import latest
from discovery.config.limits import Limits
from discovery.config.resilience import Resilience
from discovery.config.section import Section, Unusable, merged, resolved
from discovery.config.sections import SECTIONS
from discovery.config.traffic import Traffic
from observability.metrics import CONFIG_VALID


@pytest.mark.parametrize("section", SECTIONS.values())
def test_a_section_is_whole_without_consul(section: type[Section]) -> None:
    assert resolved(section, None) == resolved(section, b"{}") == section()
    assert section.__doc__


def test_a_patch_changes_what_it_names_and_nothing_else() -> None:
    patch = {"services": {"product": {"timeout": 2, "outlier": {"failures": 5}, "canary": {"v2": 10}}}}
    found = resolved(Traffic, orjson.dumps(patch))
    product = found.services["product"]
    assert (product.timeout, product.outlier.failures, product.canary) == (2.0, 5, {"v2": 10.0})
    assert product.per_try_timeout == Traffic().services["product"].per_try_timeout
    assert found.services["order"] == Traffic().services["order"]


def test_a_limit_is_added_and_a_default_taken_away() -> None:
    patch = {"routes": {"POST /orders": None, "GET /products": {"requests": 5, "seconds": 1}}}
    routes = resolved(Limits, orjson.dumps(patch)).routes
    assert "POST /orders" not in routes
    assert (routes["GET /products"].requests, len(routes)) == (5, len(Limits().routes))


@pytest.mark.parametrize(
    ("section", "document", "path"),
    [
        (Resilience, b"{", "body"),
        (Resilience, b"[]", "body"),
        (Resilience, b'{"read_second": 1}', "read_second"),
        (Resilience, b'{"read_seconds": "1"}', "read_seconds"),
        (Resilience, b'{"read_seconds": 0}', "read_seconds"),
        (Resilience, b'{"read_seconds": 60}', "read_seconds"),
        (Resilience, b'{"in_flight": 1.5}', "in_flight"),
        (Resilience, b'{"in_flight": true}', "in_flight"),
        (Limits, b'{"user": {"requests": 0}}', "user.requests"),
        (Limits, b'{"routes": {"orders": {"requests": 1, "seconds": 1}}}', "routes.orders.[key]"),
        (Limits, b'{"routes": {"POST /x": {"requests": 1}}}', "routes.POST /x.seconds"),
        (Caching, b'{"answers": {"home": null}}', "body"),
        (Caching, b'{"answers": {"orders": {"fresh": 1}}}', "answers.orders.[key]"),
        (Traffic, b'{"services": {"shop": {"timeout": 1, "per_try_timeout": 1}}}', "body"),
        (Traffic, b'{"services": {"order": null}}', "body"),
        (Traffic, b'{"services": {"order": {"timeout": 1}}}', "services.order"),
        (Traffic, b'{"services": {"order": {"canary": {"a": 60, "b": 50}}}}', "services.order"),
        (Traffic, b'{"services": {"order": {"canary": {"a b": 1}}}}', "services.order.canary.a b.[key]"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_path(
    section: type[Section], document: bytes, path: str
) -> None:
    with pytest.raises(Unusable) as refused:
        resolved(section, document)
    assert path in [where for where, _ in refused.value.errors]


def test_the_last_good_one_stays_and_the_metric_says_so() -> None:
    good = latest(Resilience, b'{"in_flight": 7}', Resilience())
    assert good.in_flight == 7
    assert latest(Resilience, b'{"in_flight": "many"}', good) is good
    assert CONFIG_VALID.labels("resilience")._value.get() == 0
    assert latest(Resilience, None, good) == Resilience()
    assert CONFIG_VALID.labels("resilience")._value.get() == 1


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], {"a": "b"}, {"a": "b"}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_as_rfc_7396_has_it(target: Any, patch: Any, expected: Any) -> None:
    assert merged(target, patch) == expected

"""An upstream's refusals, told on."""

import orjson
import pytest

from gateway.upstreams.refusals import refusal
from services.chassis import errors


def problem(slug: str, **members: object) -> bytes:
    return orjson.dumps({"type": f"urn:portico:problem:{slug}", "detail": "because", **members})


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Malformed),
        (401, errors.Unauthenticated),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.TooLarge),
        (415, errors.UnsupportedMedia),
        (422, errors.Invalid),
        (429, errors.TooMany),
        (503, errors.Unavailable),
        (504, errors.Unavailable),
    ],
)
def test_a_problem_keeps_its_kind_slug_and_detail(status: int, kind: type[errors.Refusal]) -> None:
    told = refusal("order", status, problem("some-slug"), None)
    assert type(told) is kind
    assert (told.slug, told.detail) == ("some-slug", "because")


def test_fields_and_the_time_to_wait_are_kept() -> None:
    body = problem("invalid", errors=[{"field": "items.0.sku", "message": "unknown sku"}])
    invalid = refusal("order", 422, body, None)
    assert isinstance(invalid, errors.Invalid)
    assert invalid.errors == (errors.FieldError("items.0.sku", "unknown sku"),)
    for told in (refusal("auth", 429, problem("slow-down"), "7"), refusal("auth", 503, problem("busy"), "7")):
        assert isinstance(told, errors.RetryLater)
        assert told.retry_after == 7


@pytest.mark.parametrize("status", [405, 408, 418, 500, 502])
def test_what_is_no_refusal_of_a_service_is_unavailable_and_says_nothing_of_inside(status: int) -> None:
    told = refusal("order", status, problem("internal", detail="Traceback …"), None)
    assert type(told) is errors.Unavailable
    assert told.slug == "unavailable"
    assert "Traceback" not in told.detail


def test_what_is_no_problem_document_is_refused_all_the_same() -> None:
    told = refusal("order", 404, b"<html>", None)
    assert (type(told), told.slug) == (errors.NotFound, "not-found")

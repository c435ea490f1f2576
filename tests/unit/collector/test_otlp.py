"""Spans out of OTLP requests."""

from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from observability.collector.otlp import MAX_TAGS, MAX_TEXT, span_count, span_rows
from observability.collector.rows import SpanRow
from tests.unit.collector.spans import export, text

ORDER = "01a2145331c574849c6e55af9ae0aad0"


def row(**fields: Any) -> SpanRow:
    [found] = span_rows(export(**fields))
    return found


def test_a_span_is_read_whole() -> None:
    found = row(
        parent_span_id=b"p" * 8,
        start_time_unix_nano=5_000,
        end_time_unix_nano=9_999,
        attributes=[text("http.target", f"/orders/{ORDER}"), KeyValue(key="n", value=AnyValue(int_value=3))],
        links=[Span.Link(trace_id=b"l" * 16, span_id=b"m" * 8)],
        events=[Span.Event(name="retry", time_unix_nano=6_000)],
    )
    assert (found.service, found.operation, found.start, found.duration) == ("order", "POST /orders", 5, 4)
    assert (found.trace_id, found.parent_id) == ((b"t" * 16).hex(), (b"p" * 8).hex())
    assert found.details["kind"] == "server"
    assert found.details["instance"] == "order-1"
    assert found.details["tags"] == {"http.target": f"/orders/{ORDER}", "n": 3}
    assert found.details["links"] == [[(b"l" * 16).hex(), (b"m" * 8).hex()]]
    assert found.details["events"][0]["at"] == 6
    assert found.subjects == {ORDER}


@pytest.mark.parametrize(("status", "error"), [(404, False), (499, False), (500, True), (None, True)])
def test_an_answer_of_4xx_is_no_error_of_ours(status: int | None, error: bool) -> None:
    tags = [text("http.status_code", str(status))] if status else []
    failed = Status(code=Status.STATUS_CODE_ERROR, message="no")
    assert row(status=failed, attributes=tags).error is error


def test_an_aggregate_is_what_a_message_is_about() -> None:
    assert row(attributes=[text("portico.aggregate", f"order/{ORDER}")]).subjects == {ORDER}
    assert row(attributes=[text("http.target", f"/orders/{ORDER}0")]).subjects == frozenset()


def test_everything_has_a_bound() -> None:
    found = row(
        name="n" * 5_000,
        attributes=[text(str(number), "v" * 5_000) for number in range(200)],
        links=[Span.Link(trace_id=b"l" * 16, span_id=b"m" * 8)] * 500,
        events=[Span.Event(name="e")] * 500,
    )
    assert len(found.operation) == MAX_TEXT
    assert len(found.details["tags"]) == MAX_TAGS
    assert all(len(value) == MAX_TEXT for value in found.details["tags"].values())
    assert len(found.details["links"]) <= 128
    assert len(found.details["events"]) <= 32


@pytest.mark.parametrize("kind", [99, -1])
def test_a_kind_that_is_not_known_is_unspecified(kind: int) -> None:
    sent = export()
    sent.resource_spans[0].scope_spans[0].spans[0].kind = kind  # type: ignore[assignment]
    received = ExportTraceServiceRequest.FromString(sent.SerializeToString())
    assert [found.details["kind"] for found in span_rows(received)] == ["unspecified"]


def test_a_span_without_ids_is_left_out_and_time_never_runs_backwards() -> None:
    assert list(span_rows(export(trace_id=b"short"))) == []
    assert span_count(export(trace_id=b"short")) == 1
    assert row(start_time_unix_nano=9_000, end_time_unix_nano=5_000).duration == 0

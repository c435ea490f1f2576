"""What Jaeger's parameters ask for, and what words become for FTS5."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observability.collector import jaeger
from observability.collector.searching import Call, TraceQuery
from observability.collector.words import match_expression, words_understood
from services.chassis.errors import Invalid
from tests.unit.collector.spans import span


def test_every_parameter_has_its_place() -> None:
    asked = {
        "service": "order",
        "operation": "POST /orders",
        "tags": '{"http.status_code": 500, "a": "b"}',
        "minDuration": "100ms",
        "maxDuration": "1s",
        "start": "5",
        "end": "9",
        "limit": "7",
        "subject": "o-1",
        "error": "true",
        "lookback": "1h",
    }
    assert jaeger.trace_query(asked) == TraceQuery(
        service="order",
        operation="POST /orders",
        tags={"http.status_code": "500", "a": "b"},
        subject="o-1",
        start=5,
        end=9,
        min_duration=100_000,
        max_duration=1_000_000,
        errors=True,
        limit=7,
    )
    assert jaeger.trace_query({}) == TraceQuery()
    assert jaeger.trace_query({"limit": "100000"}).limit == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("limit", bad) for bad in ("-1", "x", "1.5", "٣", "9" * 40)),
        *(
            ("tags", bad)
            for bad in ("x", "[]", '{"a": 1', str({str(n): n for n in range(9)}).replace("'", '"'))
        ),
        ("minDuration", "soon"),
        ("start", "yesterday"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        jaeger.trace_query({name: value})
    assert refusal.value.errors[0].field == name


def test_a_trace_id_may_be_short_and_must_be_hex() -> None:
    assert jaeger.trace_id("ABC") == "abc".zfill(32)
    for bad in ("", "xyz", "0" * 33, "../x"):
        with pytest.raises(Invalid):
            jaeger.trace_id(bad)


@given(st.text())
def test_no_text_breaks_out_of_a_search(text: str) -> None:
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE VIRTUAL TABLE texts USING fts5 (message, fields)")
        db.execute("INSERT INTO texts VALUES ('hello world', 'x')")
        if expression := match_expression(text):
            db.execute("SELECT * FROM texts WHERE texts MATCH ?", (expression,)).fetchall()


def test_what_full_text_does_not_understand_is_a_refusal_of_the_words() -> None:
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE VIRTUAL TABLE texts USING fts5 (message, fields)")
        for expression in ('"open', "* AND", "colour:red", "(" * 300):
            with pytest.raises(Invalid) as refusal, words_understood():
                db.execute("SELECT * FROM texts WHERE texts MATCH ?", (expression,)).fetchall()
            assert refusal.value.errors[0].field == "text"
        db.execute("PRAGMA query_only = 1")
        with pytest.raises(sqlite3.OperationalError, match="readonly"), words_understood():
            db.execute("DELETE FROM texts")


def test_words_are_all_wanted_and_may_be_beginnings() -> None:
    assert match_expression('  reserve "stock OR -- ') == '"reserve"* """stock"* "OR"*'
    assert match_expression(" -- ") == ""
    assert match_expression("a\0b \0 c") == '"ab"* "c"*'


def test_a_trace_is_rendered_as_jaeger_reads_it() -> None:
    parent = span(7, details={"kind": "server", "tags": {"http.status_code": 500}, "instance": "order-1"})
    details = {
        "kind": "consumer",
        "tags": {"ok": True, "share": 0.5},
        "links": [["9" * 32, "8" * 16]],
        "status": "broke",
    }
    child = span(7, parent=parent.span_id, error=True, service="payment", details=details)
    document = jaeger.trace([parent, child])
    assert document["processes"]["p1"] == {
        "serviceName": "order",
        "tags": [{"key": "service.instance.id", "type": "string", "value": "order-1"}],
    }
    one, other = document["spans"]
    assert {"key": "http.status_code", "type": "int64", "value": 500} in one["tags"]
    assert [reference["refType"] for reference in other["references"]] == ["CHILD_OF", "FOLLOWS_FROM"]
    kinds = {tag["key"]: (tag["type"], tag["value"]) for tag in other["tags"]}
    assert (kinds["ok"], kinds["share"], kinds["error"]) == (("bool", True), ("float64", 0.5), ("bool", True))


def test_two_services_are_one_line_however_they_talk() -> None:
    calls = [
        Call("order", "payment", False, 2, 0),
        Call("gateway", "order", False, 5, 0),
        Call("order", "payment", True, 40, 1),
    ]
    assert jaeger.dependencies(calls) == [
        {"parent": "order", "child": "payment", "callCount": 42},
        {"parent": "gateway", "child": "order", "callCount": 5},
    ]

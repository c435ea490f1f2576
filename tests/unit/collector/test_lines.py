"""Lines of the platform's processes as log rows."""

import logging

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observability.collector.lines import is_urgent, log_row
from observability.collector.rows import LEVELS
from observability.context import bind, new_context
from observability.ecs import EcsFormatter

NOW = 1_700_000_000_000_000


def test_a_line_of_our_own_is_read_as_it_was_written() -> None:
    record = logging.makeLogRecord(
        {
            "name": "shop",
            "levelno": 30,
            "levelname": "WARNING",
            "msg": "late",
            "created": 1.5,
            "order_id": "o-1",
        }
    )
    context = new_context("c-1", None)
    with bind(context):
        line = EcsFormatter("order", "order-1", "0.1.0").render(record)
    row = log_row(line, "order-1", NOW)
    assert row is not None
    assert (row.at, row.level, row.service, row.instance, row.message) == (
        *(1_500_000, "warning", "order", "order-1", "late"),
    )
    assert (row.trace_id, row.correlation_id) == (context.traceparent[3:35], "c-1")
    assert row.fields["labels.order_id"] == "o-1"
    assert is_urgent(line)


@pytest.mark.parametrize(
    ("line", "at", "level", "message"),
    [
        ("-- 1970-01-01T00:00:02.000+00:00 started pid 7", 2_000_000, "info", "started pid 7"),
        ("1970-01-01T00:00:02.5Z [WARN]  agent: slow", 2_500_000, "warning", "[WARN]  agent: slow"),
        (
            "\x1b[38;5;160m1970-01-01 00:00:02.000001+00:00 [error] <0.7.0> gone\x1b[0m",
            *(2_000_001, "error", "[error] <0.7.0> gone"),
        ),
        ("no stamp and no level", NOW, "info", "no stamp and no level"),
        ("{broken json", NOW, "info", "{broken json"),
        ("[1, 2]", NOW, "info", "[1, 2]"),
    ],
)
def test_a_line_of_a_part_tells_what_it_can(line: str, at: int, level: str, message: str) -> None:
    row = log_row(line.encode(), "consul", NOW)
    assert row is not None
    assert (row.at, row.level, row.service, row.message) == (at, level, "consul", message)


def test_of_mongodb_the_attributes_are_left_out() -> None:
    line = {
        "t": {"$date": "1970-01-01T00:00:03.000+00:00"},
        "s": "W",
        "c": "COMMAND",
        "msg": "Slow query",
        "attr": {"command": {"filter": {"email": "ada@example.test"}}},
    }
    row = log_row(orjson.dumps(line), "mongodb", NOW)
    assert row is not None
    assert (row.at, row.level, row.message, row.fields) == (3_000_000, "warning", "COMMAND: Slow query", {})


def test_what_looks_like_a_secret_in_a_part_s_line_is_redacted() -> None:
    row = log_row(
        b"login of ada@example.test at amqp://u:hunter2@h/ with 4111 1111 1111 1111", "rabbitmq", NOW
    )
    assert row is not None
    assert not any(secret in row.message for secret in ("ada@", "hunter2", "4111"))


def test_an_instance_s_own_words_belong_to_its_service() -> None:
    row = log_row(b"Traceback (most recent call last):", "order-12", NOW)
    assert row is not None
    assert (row.service, row.instance) == ("order", "order-12")


def test_lines_of_mere_information_are_not_urgent() -> None:
    assert not is_urgent(b'{"@timestamp":"x","log.level":"info","message":"y"}')
    assert is_urgent(b'{"@timestamp":"x","log.level":"error","message":"y"}')
    assert is_urgent(b"Traceback (most recent call last):")


def test_what_is_nested_too_deeply_is_refused_by_every_way_of_reading() -> None:
    for line in (b'{"@timestamp":"","message":"","x":%s}', b'{"s":"I","msg":%s}', b'{"any":%s}'):
        assert log_row(line % (b"[" * 31 + b"]" * 31), "x", NOW)
        with pytest.raises(ValueError, match="deep"):
            log_row(line % (b"[" * 32 + b"]" * 32), "x", NOW)


_TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
_DOCUMENTS = st.dictionaries(
    _TEXTS | st.sampled_from(["log.level", "trace.id", "service.name"]), st.none() | _TEXTS
)


@given(
    st.binary(max_size=300)
    | _DOCUMENTS.map(lambda more: orjson.dumps({"@timestamp": "", "message": "", **more}))
)
def test_no_line_is_too_strange(line: bytes) -> None:
    row = log_row(line, "x", NOW)
    assert row is None or (row.level in LEVELS and len(row.message) <= 8_192)

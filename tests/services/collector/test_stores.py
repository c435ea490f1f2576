"""The stores on real SQLite: what is found again, and what goes when there is too much."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from observability.collector.database import Readers
from observability.collector.logs import LogLimits, LogStore, Position
from observability.collector.rows import LogRow
from observability.collector.searching import (
    Call,
    LogQuery,
    TraceQuery,
    calls,
    find_lines,
    find_traces,
    operations,
    overviews,
    read_trace,
    services,
)
from observability.collector.traces import TraceLimits, TraceStore
from services.chassis.errors import Unavailable
from tests.unit.collector.spans import span

MIB = 1024 * 1024
LARGE = 10**9
NOW = 10**15
ORDER = "01a2145331c574849c6e55af9ae0aad0"


def trace_store(path: Path, **limits: int) -> TraceStore:
    wanted = {"size": LARGE, "ordinary_age": 10**15, "worth_age": 10**15, "slow": 10**6, **limits}
    return TraceStore(path / "traces.db", TraceLimits(**wanted))


def log_store(path: Path, **limits: int) -> LogStore:
    return LogStore(path / "logs.db", LogLimits(**{"size": LARGE, "age": 10**15, **limits}))


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[TraceStore]:
    store = trace_store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[LogStore]:
    store = log_store(tmp_path)
    yield store
    store.close()


def line(message: str, **more: Any) -> LogRow:
    fields: dict[str, Any] = {
        "at": NOW,
        "level": "info",
        "service": "order",
        "instance": "order-1",
        "trace_id": None,
        "correlation_id": None,
        "message": message,
        "fields": {},
    }
    return LogRow(**{**fields, **more})


async def found(store: TraceStore, **query: Any) -> list[int]:
    """The numbers of the traces that fit."""
    ids = await Readers(store.path).ask(lambda db: find_traces(db, TraceQuery(**query)))
    return [int(trace_id, 16) for trace_id in ids]


async def texts(store: LogStore, **query: Any) -> list[str]:
    lines = await Readers(store.path).ask(lambda db: find_lines(db, LogQuery(**query)))
    return [one.row.message for one in lines]


async def test_a_trace_is_read_back_as_it_was_written(traces: TraceStore) -> None:
    parent = span(1)
    child = span(1, parent=parent.span_id, start=1_000_500, details={"kind": "client", "tags": {"a": [1]}})
    traces.write([child])
    traces.write([parent, child])
    read = await Readers(traces.path).ask(lambda db: read_trace(db, f"{1:032x}"))
    assert read == [parent, child]


async def test_a_span_that_is_sent_again_counts_once(traces: TraceStore) -> None:
    first, second = span(1, error=True), span(1)
    traces.write([first, first])
    used = traces.used
    traces.write([second, first])
    assert traces.used == 2 * used
    counted = "SELECT spans, errors, bytes FROM traces"
    [row] = await Readers(traces.path).ask(lambda db: db.execute(counted).fetchall())
    assert tuple(row) == (2, 1, traces.used)


async def test_what_is_sent_again_drives_nothing_out(tmp_path: Path) -> None:
    store = trace_store(tmp_path, size=10_000)
    sent = [span(number) for number in range(1, 11)]
    store.write(sent)
    for _ in range(100):
        store.write(sent[-1:])
        store.trim(NOW)
    assert len(await found(store)) == len(sent)
    store.close()


async def test_who_calls_whom_is_told_once_for_each_means(traces: TraceStore) -> None:
    caller = span(1, service="order")
    message, request, odd = (
        span(1, service="payment", parent=caller.span_id, details=details)
        for details in ({"kind": "consumer"}, {"kind": "server"}, {})
    )
    traces.write([caller, message, request, odd])
    assert await Readers(traces.path).ask(lambda db: calls(db, 0)) == [
        Call("order", "payment", False, 2, 0),
        Call("order", "payment", True, 1, 0),
    ]


async def test_traces_are_found_by_everything_that_can_be_asked(traces: TraceStore) -> None:
    tags = {"kind": "server", "tags": {"http.status_code": 500, "retried": True}}
    traces.write(
        [
            span(1),
            span(2, service="payment", operation="process payment.authorize_payment.v1"),
            span(3, error=True, details=tags),
            span(4, duration=5_000_000, subjects=frozenset({ORDER})),
            span(4, start=4_000_100, duration=10),
        ]
    )
    assert await found(traces) == [4, 3, 2, 1]
    assert await found(traces, limit=2) == [4, 3]
    assert await found(traces, service="payment") == [2]
    assert await found(traces, service="order", operation="POST /orders") == [4, 3, 1]
    assert await found(traces, tags={"http.status_code": "500", "retried": "true"}) == [3]
    assert await found(traces, tags={"error": "true"}) == [3]
    assert await found(traces, tags={'x"; --': "1"}) == []
    assert await found(traces, errors=True) == [3]
    assert await found(traces, subject=ORDER) == [4]
    assert await found(traces, subject=ORDER, service="payment") == []
    assert await found(traces, min_duration=1_000_000) == [4]
    assert await found(traces, service="order", max_duration=999) == [4]
    assert await found(traces, start=2_000_000, end=3_000_000) == [3, 2]


async def test_a_list_tells_where_a_trace_came_in(traces: TraceStore) -> None:
    edge = span(1, service="envoy-edge", operation="POST /api")
    gateway = span(
        1, parent=edge.span_id, service="gateway", operation="POST /api/v1/orders", start=1_000_001
    )
    order = span(1, parent=gateway.span_id, start=1_000_002, error=True)
    traces.write([order, edge, gateway])
    reader = Readers(traces.path)
    [overview] = await reader.ask(lambda db: overviews(db, [f"{1:032x}", "gone"]))
    assert overview.entry == ("gateway", "POST /api/v1/orders")
    assert (overview.spans, overview.errors, overview.duration) == (3, 1, 1_002)
    assert await reader.ask(services) == ["envoy-edge", "gateway", "order"]
    assert await reader.ask(lambda db: operations(db, "order")) == [("POST /orders", "server")]
    assert await reader.ask(lambda db: calls(db, 0)) == [
        Call("envoy-edge", "gateway", False, 1, 0),
        Call("gateway", "order", False, 1, 1),
    ]


async def test_ordinary_traces_go_first_and_the_file_stays_small(tmp_path: Path) -> None:
    store = trace_store(tmp_path, size=MIB)
    details = {"kind": "server", "tags": {"text": "x" * 500}}
    for number in range(1, 3_001):
        store.write([span(number, error=number % 50 == 0, details=details) for _ in range(3)])
        if number % 100 == 0:
            store.trim(NOW)
    left = await found(store, limit=10_000)
    assert set(range(50, 3_001, 50)) <= set(left)
    ordinary = sorted(number for number in left if number % 50)
    assert ordinary == [number for number in range(ordinary[0], 3_001) if number % 50]
    assert store.used <= MIB
    assert store.path.stat().st_size < 2 * MIB
    assert await found(store, subject=ORDER) == []
    store.close()
    again = trace_store(tmp_path, size=MIB)
    assert again.used == store.used
    again.close()


async def test_errors_alone_have_a_bound_too(tmp_path: Path) -> None:
    store = trace_store(tmp_path, size=MIB)
    details = {"kind": "server", "tags": {"text": "x" * 500}}
    store.write([span(number, error=True, details=details) for number in range(1, 3_001)])
    store.trim(NOW)
    left = await found(store, limit=10_000)
    assert left == list(range(3_000, left[-1] - 1, -1))
    assert 0.7 * MIB < store.used <= MIB
    store.close()


async def test_traces_grow_old_and_those_worth_keeping_later(tmp_path: Path) -> None:
    store = trace_store(tmp_path, ordinary_age=50, worth_age=500)
    store.write([span(1, start=NOW - 100), span(2, start=NOW - 100, error=True), span(3, start=NOW - 10)])
    store.write([span(4, start=NOW - 1_000, error=True)])
    store.trim(NOW)
    assert sorted(await found(store)) == [2, 3]
    store.close()


async def test_lines_are_found_by_everything_that_can_be_asked(logs: LogStore) -> None:
    logs.write(
        [
            line("reserved 3 of mug", trace_id="a" * 32, correlation_id="c-1"),
            line("payment declined", level="warning", service="payment", fields={"labels.order_id": ORDER}),
            line("out of stock", level="error", at=NOW + 5),
        ],
        {"order-1.log": Position(7, 100)},
    )
    assert await texts(logs) == ["out of stock", "payment declined", "reserved 3 of mug"]
    assert await texts(logs, text="MUG reserv") == ["reserved 3 of mug"]
    assert await texts(logs, text="mug declined") == []
    assert await texts(logs, text=ORDER) == ["payment declined"]
    assert await texts(logs, trace_id="a" * 32) == ["reserved 3 of mug"]
    assert await texts(logs, correlation_id="c-1") == ["reserved 3 of mug"]
    assert await texts(logs, service="payment") == ["payment declined"]
    assert await texts(logs, level="warning") == ["out of stock", "payment declined"]
    assert await texts(logs, level="error") == ["out of stock"]
    assert await texts(logs, start=NOW + 1) == ["out of stock"]
    assert await texts(logs, before=3, limit=1) == ["payment declined"]
    assert logs.positions() == {"order-1.log": Position(7, 100)}


async def test_the_oldest_lines_go_and_the_file_stays_small(tmp_path: Path) -> None:
    store = log_store(tmp_path, size=MIB)
    for number in range(30):
        store.write([line(f"line {number * 200 + one} " + "word " * 60) for one in range(200)], {})
        store.trim(NOW)
    left = await texts(store, limit=10_000)
    numbers = [int(text.split()[1]) for text in left]
    assert numbers == list(range(5_999, numbers[-1] - 1, -1))
    assert 0.7 * MIB < store.used <= MIB
    assert store.path.stat().st_size < 2 * MIB
    assert await texts(store, text="5999") == [left[0]]
    assert await texts(store, text="100") == []
    store.close()


async def test_lines_grow_old(tmp_path: Path) -> None:
    store = log_store(tmp_path, age=50)
    store.write([line("old", at=NOW - 100), line("new", at=NOW)], {})
    store.trim(NOW)
    assert await texts(store) == ["new"]
    store.close()


async def test_a_question_that_takes_too_long_is_given_up(traces: TraceStore) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
    with pytest.raises(Unavailable, match="too long"):
        await Readers(traces.path, seconds=0.03).ask(lambda db: db.execute(endless).fetchone())


async def test_readers_cannot_write(traces: TraceStore) -> None:
    with pytest.raises(Exception, match="readonly"):
        await Readers(traces.path).ask(lambda db: db.execute("DELETE FROM traces"))

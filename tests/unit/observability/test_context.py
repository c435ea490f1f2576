import asyncio

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from observability.context import bind, current, new_context, trace_id, traceparent

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_well_formed_headers_are_kept() -> None:
    context = new_context("checkout-7.a_b", PARENT)
    assert (context.correlation_id, context.traceparent) == ("checkout-7.a_b", PARENT)


@pytest.mark.parametrize("bad", [None, "", "a" * 129, "two words", "line\nbreak", "ends\n", "é"])
def test_a_correlation_id_that_is_not_sane_is_replaced(bad: str | None) -> None:
    made = new_context(bad, PARENT).correlation_id
    assert made != bad
    assert new_context(made, PARENT).correlation_id == made


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "",
        PARENT.upper(),
        PARENT + "-00",
        PARENT + "\n",
        "ff" + PARENT[2:],
        "00-" + "0" * 32 + PARENT[35:],
        PARENT[:36] + "0" * 16 + "-01",
    ],
)
def test_a_traceparent_that_is_not_w3c_is_replaced(bad: str | None) -> None:
    made = new_context("c", bad).traceparent
    assert made != bad
    assert new_context("c", made).traceparent == made


def test_outside_of_any_request_a_trace_id_exists() -> None:
    assert len(trace_id()) == 32
    assert trace_id() == trace_id()


def test_bind_holds_while_inside_and_nests() -> None:
    outer, inner = new_context("outer", None), new_context("inner", None)
    with bind(outer):
        with bind(inner):
            assert current() is inner
        assert current() is outer
        assert trace_id() == outer.traceparent[3:35]


async def test_a_task_inherits_and_does_not_leak() -> None:
    async def bound(name: str) -> str:
        with bind(new_context(name, None)):
            await asyncio.sleep(0)
            return current().correlation_id

    with bind(new_context("parent", None)):
        assert tuple(await asyncio.gather(bound("a"), bound("b"))) == ("a", "b")
        assert current().correlation_id == "parent"


def test_a_valid_span_goes_before_the_bound_context() -> None:
    span = NonRecordingSpan(SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(0)))
    with bind(new_context("c", PARENT)), trace.use_span(span):
        assert traceparent() == f"00-{0xABC:032x}-{0xDEF:016x}-00"
        assert trace_id() == f"{0xABC:032x}"

"""Which traces are recorded."""

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

from observability.sampling import Budget, Chosen


class Clock:
    """A time that is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def caller(*, sampled: bool) -> Context:
    """Of a request whose caller has decided."""
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else 0)
    return trace.set_span_in_context(NonRecordingSpan(SpanContext(1, 2, is_remote=True, trace_flags=flags)))


def recorded(context: Context, kind: SpanKind = SpanKind.SERVER) -> bool:
    return TracerProvider(sampler=Chosen()).get_tracer("test").start_span("x", context, kind).is_recording()


def test_the_caller_decides() -> None:
    assert recorded(caller(sampled=True))
    assert not recorded(caller(sampled=False))


def test_without_a_caller_upkeep_says_nothing() -> None:
    assert recorded(Context(), SpanKind.CONSUMER)
    assert not recorded(Context(), SpanKind.CLIENT)


def test_so_many_a_second_and_a_burst_after_a_quiet_time() -> None:
    clock = Clock()
    budget = Budget(5, 20, clock)
    assert [budget.take() for _ in range(22)] == [1] * 20 + [0] * 2
    clock.now += 0.5
    assert budget.take(10) == 2
    assert budget.take(10) == 0
    clock.now += 1_000
    assert budget.take(100) == 20

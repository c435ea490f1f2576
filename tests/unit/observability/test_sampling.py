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


def recorded(provider: TracerProvider, context: Context, kind: SpanKind = SpanKind.SERVER) -> bool:
    return provider.get_tracer("test").start_span("x", context, kind).is_recording()


def test_the_caller_decides() -> None:
    provider = TracerProvider(sampler=Chosen(None))
    assert recorded(provider, caller(sampled=True))
    assert not recorded(provider, caller(sampled=False))


def test_without_a_caller_upkeep_says_nothing() -> None:
    provider = TracerProvider(sampler=Chosen(None))
    assert recorded(provider, Context(), SpanKind.CONSUMER)
    assert not recorded(provider, Context(), SpanKind.CLIENT)


def test_so_many_a_second_and_no_more() -> None:
    clock = Clock()
    provider = TracerProvider(sampler=Chosen(Budget(5, clock)))
    assert [recorded(provider, caller(sampled=True)) for _ in range(7)] == [True] * 5 + [False] * 2
    clock.now += 0.4
    assert [recorded(provider, caller(sampled=True)) for _ in range(3)] == [True, True, False]
    clock.now += 1_000
    assert sum(recorded(provider, caller(sampled=True)) for _ in range(20)) == 5


def test_what_belongs_to_a_recorded_trace_costs_no_more_of_the_budget() -> None:
    provider = TracerProvider(sampler=Chosen(Budget(1, Clock())))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("request", caller(sampled=True), SpanKind.SERVER):
        assert all(tracer.start_span("call", kind=SpanKind.CLIENT).is_recording() for _ in range(10))
    assert not recorded(provider, caller(sampled=True))


def test_a_trace_that_is_not_gone_on_with_is_not_taken_up_again_further_down() -> None:
    provider = TracerProvider(sampler=Chosen(Budget(1, Clock())))
    assert recorded(provider, caller(sampled=True))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("request", caller(sampled=True), SpanKind.SERVER) as span:
        assert not span.get_span_context().trace_flags.sampled
        assert span.get_span_context().trace_id == 1
        assert not tracer.start_span("call", kind=SpanKind.CLIENT).is_recording()

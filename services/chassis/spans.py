"""The spans of handled messages: each goes on in the trace of whoever sent the message."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)

from observability import context, tracing
from services.chassis.envelope import Envelope


@contextmanager
def handling(queue: str, envelopes: Sequence[Envelope[Any]]) -> Iterator[Sequence[Envelope[Any]]]:
    """A span for each sampled message while inside; gives the messages with that span as what their effects belong to.

    What is done for several at once (a transaction, a query) belongs to a span of the batch, linked to each.
    """
    with ExitStack() as stack:
        traced = [_in_span(stack, queue, envelope) for envelope in envelopes]
        if len(traced) == 1:
            one = context.RequestContext(traced[0].correlation_id, traced[0].traceparent)
            stack.enter_context(context.bind(one))
            if not _is_sampled(one.traceparent):
                stack.enter_context(tracing.untraced())
        else:
            stack.enter_context(
                together(
                    f"process {queue} batch",
                    [envelope.traceparent for envelope in traced],
                    SpanKind.CONSUMER,
                )
            )
        yield traced


@contextmanager
def together(name: str, traceparents: Sequence[str], kind: SpanKind = SpanKind.INTERNAL) -> Iterator[None]:
    """A span of what is done at once for several that each have a trace of their own, linked to those sampled."""
    links = [Link(_span_context(parent)) for parent in traceparents if _is_sampled(parent)]
    if not links:
        with tracing.untraced():
            yield
        return
    tracer = trace.get_tracer("portico")
    with _ended(tracer.start_span(name, Context(), kind, links=links)):
        yield


def _is_sampled(traceparent: str) -> bool:
    return tracing.enabled() and bool(int(traceparent[-1], 16) & TraceFlags.SAMPLED)


def _span_context(traceparent: str) -> SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
    )


@contextmanager
def _ended(span: trace.Span) -> Iterator[trace.Span]:
    """The current span while inside, whatever was so before: who takes up a batch may have been started for another.

    Of an error it tells the type alone: its words may be somebody's data.
    """
    token = attach(trace.set_span_in_context(span, Context()))
    try:
        yield span
    except Exception as error:
        span.set_status(Status(StatusCode.ERROR, type(error).__qualname__))
        raise
    finally:
        detach(token)
        span.end()


def _in_span(stack: ExitStack, queue: str, envelope: Envelope[Any]) -> Envelope[Any]:
    if not _is_sampled(envelope.traceparent):
        return envelope
    span = trace.get_tracer("portico").start_span(
        f"process {envelope.message.kind}",
        trace.set_span_in_context(NonRecordingSpan(_span_context(envelope.traceparent)), Context()),
        SpanKind.CONSUMER,
        attributes={
            "messaging.system": "rabbitmq",
            "messaging.destination.name": queue,
            "messaging.operation.type": "process",
            "messaging.message.id": envelope.id,
            "messaging.message.conversation_id": envelope.correlation_id,
            "portico.aggregate": envelope.aggregate,
        },
    )
    here = stack.enter_context(_ended(span)).get_span_context()
    return replace(
        envelope, traceparent=f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"
    )

"""The spans of handled messages: each goes on in the trace of whoever sent the message."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from observability import context
from services.chassis.envelope import Envelope

_PROPAGATOR = TraceContextTextMapPropagator()


@contextmanager
def handling(queue: str, envelopes: Sequence[Envelope[Any]]) -> Iterator[list[Envelope[Any]]]:
    """A span for each message while inside; gives the messages with that span as what their effects belong to.

    What is done for several at once (a transaction, a query) belongs to a span of the batch, linked to each.
    """
    tracer = trace.get_tracer("portico.bus")
    with ExitStack() as stack:
        spans = [stack.enter_context(_message_span(tracer, queue, envelope)) for envelope in envelopes]
        traced = [_moved(envelope, span) for envelope, span in zip(envelopes, spans, strict=True)]
        if len(traced) == 1:
            stack.enter_context(
                context.bind(context.RequestContext(traced[0].correlation_id, traced[0].traceparent))
            )
        else:
            links = [Link(span.get_span_context()) for span in spans]
            stack.enter_context(
                tracer.start_as_current_span(
                    f"process {queue} batch", Context(), SpanKind.CONSUMER, links=links
                )
            )
        yield traced


@contextmanager
def _message_span(tracer: trace.Tracer, queue: str, envelope: Envelope[Any]) -> Iterator[Span]:
    span = tracer.start_span(
        f"process {envelope.message.kind}",
        _PROPAGATOR.extract({"traceparent": envelope.traceparent}, Context()),
        SpanKind.CONSUMER,
        attributes={
            "messaging.system": "rabbitmq",
            "messaging.destination.name": queue,
            "messaging.operation.type": "process",
            "messaging.message.id": envelope.id,
            "messaging.message.conversation_id": envelope.correlation_id,
        },
    )
    with trace.use_span(span, end_on_exit=True):
        yield span


def _moved(envelope: Envelope[Any], span: Span) -> Envelope[Any]:
    here = span.get_span_context()
    if not here.is_valid:
        return envelope
    return replace(
        envelope, traceparent=f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"
    )

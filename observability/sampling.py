"""Which traces are recorded: those that the edge has chosen, as many in a second as may be. For one thread."""

from collections.abc import Callable, Sequence
from time import monotonic

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes


class Budget:
    """So many a second, and `burst` at once after a quiet time."""

    def __init__(self, per_second: float, burst: float, now: Callable[[], float] = monotonic) -> None:
        self._per_second, self._burst = per_second, burst
        self._now = now
        self._left = burst
        self._seen = now()

    def take(self, wanted: int = 1) -> int:
        """How many of those wanted there are."""
        now = self._now()
        self._left = min(self._burst, self._left + (now - self._seen) * self._per_second)
        self._seen = now
        granted = min(wanted, int(self._left))
        self._left -= granted
        return granted


class Chosen(Sampler):
    """Goes on with what was chosen upstream.

    Without a caller it records what is done for others, and no calls of the process's own: its upkeep says nothing.
    """

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        parent = trace.get_current_span(parent_context).get_span_context()
        wanted = parent.trace_flags.sampled if parent.is_valid else kind is not SpanKind.CLIENT
        decision = Decision.RECORD_AND_SAMPLE if wanted else Decision.DROP
        return SamplingResult(decision, attributes if wanted else None, parent.trace_state)

    def get_description(self) -> str:
        """For the SDK's own words."""
        return "Chosen"

"""Which traces are recorded: those that the edge has chosen, as many in a second as may be."""

from collections.abc import Callable, Sequence
from threading import Lock
from time import monotonic

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes


class Budget:
    """So many a second, and as many at once after a quiet second."""

    def __init__(self, per_second: float, now: Callable[[], float] = monotonic) -> None:
        self._per_second = per_second
        self._now = now
        self._left = per_second
        self._seen = now()
        self._lock = Lock()

    def take(self) -> bool:
        """Whether there is one more."""
        with self._lock:
            now = self._now()
            self._left = min(self._per_second, self._left + (now - self._seen) * self._per_second)
            self._seen = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Chosen(Sampler):
    """Goes on with what was chosen upstream while the budget lasts; what is above it ends here, whole.

    Without a caller it records what is done for others, and no calls of the process's own: its upkeep says nothing.
    """

    def __init__(self, budget: Budget | None) -> None:
        self._budget = budget

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
        if not parent.is_valid:
            wanted = kind is not SpanKind.CLIENT
        elif parent.is_remote:
            wanted = parent.trace_flags.sampled and (self._budget is None or self._budget.take())
        else:
            wanted = parent.trace_flags.sampled
        decision = Decision.RECORD_AND_SAMPLE if wanted else Decision.DROP
        return SamplingResult(decision, attributes if wanted else None, parent.trace_state)

    def get_description(self) -> str:
        """For the SDK's own words."""
        return "Chosen"

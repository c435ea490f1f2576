"""What comes is stored, whoever sent something impossible beside it."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from observability.collector.database import Readers
from observability.collector.intake import Intake
from observability.collector.metrics import DROPPED
from observability.collector.rows import SpanRow
from observability.collector.searching import TraceQuery, find_traces
from observability.collector.traces import TraceLimits, TraceStore
from services.chassis.background import background
from tests.parts import eventually
from tests.unit.collector.spans import export


class Particular(TraceStore):
    """A store that cannot keep one operation."""

    def write(self, spans: Sequence[SpanRow]) -> None:
        """Raises TypeError as the encoder does."""
        if any(span.operation == "impossible" for span in spans):
            raise TypeError("Recursion limit reached")
        super().write(spans)


async def test_a_request_that_cannot_be_stored_takes_no_neighbour_along(tmp_path: Path) -> None:
    store = Particular(tmp_path / "traces.db", TraceLimits(10**9, 10**15, 10**15, 10**6))
    intake = Intake(capacity=10)
    before = DROPPED.labels("spans")._value.get()
    for number, name in enumerate(("GET /a", "impossible", "GET /b"), 1):
        assert intake.offer(export(trace_id=number.to_bytes(16), name=name)) == 0

    async def all_stored() -> bool:
        found = await Readers(store.path).ask(lambda db: find_traces(db, TraceQuery()))
        return sorted(found) == [f"{1:032x}", f"{3:032x}"]

    with closing(store):
        async with background("spans", lambda: intake.store_all(store)):
            await eventually(all_stored)
    assert DROPPED.labels("spans")._value.get() - before == 1

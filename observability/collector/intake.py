"""From OTLP requests to the store: a bounded backlog, written in batches by a thread."""

import asyncio
import logging
from collections import deque

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from observability.collector.database import UNSTORABLE
from observability.collector.metrics import DROPPED, RECEIVED
from observability.collector.otlp import span_count, span_rows
from observability.collector.traces import TraceStore

_log = logging.getLogger(__name__)
_GATHER_SECONDS = 0.25
_MOST_SPANS = 5_000


class Intake:
    """What has come and is not stored yet, `capacity` spans at most."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: deque[tuple[ExportTraceServiceRequest, int]] = deque()
        self._spans = 0
        self._filled = asyncio.Event()

    def offer(self, request: ExportTraceServiceRequest) -> int:
        """Take a request unless there is no room for it; returns how many spans were left out. Never waits."""
        spans = span_count(request)
        RECEIVED.labels("spans").inc(spans)
        if self._spans + spans > self._capacity:
            DROPPED.labels("spans").inc(spans)
            return spans
        self._waiting.append((request, spans))
        self._spans += spans
        self._filled.set()
        return 0

    async def store_all(self, store: TraceStore) -> None:
        """Store what comes, until cancelled; what cannot be stored is counted as left out."""
        while True:
            await self._filled.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            requests, spans = self._take()
            try:
                await asyncio.to_thread(_store, store, requests)
            except Exception:
                DROPPED.labels("spans").inc(spans)
                raise

    def _take(self) -> tuple[list[ExportTraceServiceRequest], int]:
        taken: list[ExportTraceServiceRequest] = []
        total = 0
        while self._waiting and total < _MOST_SPANS:
            request, spans = self._waiting.popleft()
            taken.append(request)
            total += spans
        self._spans -= total
        if not self._waiting:
            self._filled.clear()
        return taken, total


def _store(store: TraceStore, requests: list[ExportTraceServiceRequest]) -> None:
    """Write all of them at once; when one of them is in the way, each by itself, so that its neighbours are kept."""
    try:
        store.write([row for request in requests for row in span_rows(request)])
    except UNSTORABLE:
        for request in requests:
            _store_alone(store, request)


def _store_alone(store: TraceStore, request: ExportTraceServiceRequest) -> None:
    try:
        store.write(list(span_rows(request)))
    except UNSTORABLE:
        DROPPED.labels("spans").inc(span_count(request))
        _log.warning("an export of spans cannot be stored", exc_info=True)

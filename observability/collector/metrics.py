"""What the collector tells of itself."""

from prometheus_client import Counter, Gauge

RECEIVED = Counter(
    "portico_collector_received_total", "Spans and log lines that came: spans, lines", ("what",)
)
DROPPED = Counter(
    "portico_collector_dropped_total",
    "Spans and log lines that were left out: too many at once, or they could not be stored",
    ("what",),
)
STORED_BYTES = Gauge("portico_collector_stored_bytes", "How much is held: traces, logs", ("what",))

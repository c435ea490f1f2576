"""Every metric of a process of ours, by its final name. Labels take only values from bounded sets."""

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SAGA_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)
_AGES = (1, 2, 5, 10, 30, 60, 300, 1800)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LAG_INTERVAL = 0.25

HTTP_REQUEST_SECONDS = Histogram(
    "portico_http_request_seconds",
    "Time to answer an HTTP request",
    ("method", "route", "status"),
    buckets=_SECONDS,
)
EVENT_LOOP_LAG_SECONDS = Histogram(
    "portico_event_loop_lag_seconds", "How late the event loop wakes a sleeping task", buckets=_SECONDS
)
GROUP_COMMIT_REQUESTS = Histogram(
    "portico_group_commit_requests", "Requests that share a transaction", ("group",), buckets=_SIZES
)
LOG_LINES_DROPPED = Counter(
    "portico_log_lines_dropped_total", "Log lines dropped: stdout or the collector was too slow", ("to",)
)

DEPENDENCY_UP = Gauge(
    "portico_dependency_up",
    "1 when a part that this process stands on was well when last asked",
    ("dependency",),
)
CONFIG_VALID = Gauge(
    "portico_config_valid",
    "1 when what Consul has of a section or flag is in force, 0 when it is refused",
    ("what",),
)

MESSAGES_PUBLISHED = Counter(
    "portico_messages_published_total", "Messages that the broker has confirmed", ("kind",)
)
MESSAGES_HANDLED = Counter(
    "portico_messages_handled_total",
    "Deliveries by outcome: ok, duplicate, retried, dead_lettered, refused",
    ("queue", "kind", "outcome"),
)
MESSAGE_HANDLING_SECONDS = Histogram(
    "portico_message_handling_seconds", "Time to handle a batch of deliveries", ("queue",), buckets=_SECONDS
)
MESSAGE_AGE_SECONDS = Histogram(
    "portico_message_age_seconds",
    "Whole seconds from storing a message to its delivery, retries and their delays included",
    ("queue",),
    buckets=_AGES,
)
MESSAGE_BATCH_SIZE = Histogram(
    "portico_message_batch_size", "Deliveries that are handled together", ("queue",), buckets=_SIZES
)
SWEEP_FAILURES = Counter(
    "portico_sweep_failures_total", "Things that fell due and could not be taken up", ("sweep",)
)
OUTBOX_PENDING = Gauge("portico_outbox_pending", "Messages stored and not yet published")
OUTBOX_OLDEST_SECONDS = Gauge("portico_outbox_oldest_seconds", "Age of the oldest message not yet published")

SAGA_ENDED = Counter("portico_saga_ended_total", "Sagas that ended", ("outcome", "reason"))
SAGA_SECONDS = Histogram(
    "portico_saga_seconds", "Time from accepting an order to the end of its saga", buckets=_SAGA_SECONDS
)

MONGODB_COMMAND_SECONDS = Histogram(
    "portico_mongodb_command_seconds", "Time of a MongoDB command", ("command",), buckets=_SECONDS
)
MONGODB_POOL_CONNECTIONS = Gauge(
    "portico_mongodb_pool_connections", "Connections to MongoDB by state: open, in_use", ("state",)
)
REDIS_POOL_CONNECTIONS = Gauge(
    "portico_redis_pool_connections", "Connections to Redis by state: open, in_use", ("state",)
)
POOL_LIMIT = Gauge("portico_pool_limit", "How many connections a pool may open: mongodb, redis", ("pool",))


def observe_request(method: str, route: str | None, status: int, seconds: float) -> None:
    """Count an answered request under its route template; None stands for a path without a route."""
    known = method if method in _METHODS else "OTHER"
    HTTP_REQUEST_SECONDS.labels(known, route or "unmatched", str(status)).observe(seconds)


async def watch_event_loop() -> None:
    """Measure, until cancelled, how much later than asked the loop gets round to a task."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LAG_INTERVAL
        await asyncio.sleep(_LAG_INTERVAL)
        EVENT_LOOP_LAG_SECONDS.observe(max(0.0, loop.time() - due))


def render() -> tuple[bytes, str]:
    """Body and content type of the answer to a Prometheus scrape."""
    return generate_latest(), CONTENT_TYPE_LATEST

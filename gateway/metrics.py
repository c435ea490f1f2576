"""What only the gateway measures. Labels take only values from bounded sets."""

from prometheus_client import Counter, Gauge, Histogram

BREAKER_STATE = Gauge("portico_breaker_state", "0 closed, 1 half-open, 2 open", ("upstream",))
UPSTREAM_SECONDS = Histogram(
    "portico_upstream_seconds",
    "Time of a call to a service, by outcome: ok, refused, failed",
    ("upstream", "outcome"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
SECTIONS_DEGRADED = Counter(
    "portico_sections_degraded_total", "Optional sections that a page had to do without", ("section",)
)
API_REQUESTS = Counter(
    "portico_api_requests_total",
    "Answered requests by version of the API, operation, and who asked: anyone, customer, staff",
    ("version", "operation", "caller"),
)
CACHE_ANSWERS = Counter(
    "portico_cache_answers_total",
    "Answers to what is cached, by verdict: hit, stale, spare, miss, bypass",
    ("answer", "verdict"),
)
CACHE_INVALIDATIONS = Counter(
    "portico_cache_invalidations_total", "Products whose answers were told to be out of date"
)
CACHE_LOCAL_BYTES = Gauge("portico_cache_local_bytes", "What the cache takes of this gateway's memory")
IN_FLIGHT = Gauge(
    "portico_in_flight", "Requests, and calls to each service, that are being worked on", ("what",)
)
SHED = Counter(
    "portico_shed_total",
    "What was turned away because there was enough to do: requests, reads, calls to a service. The reason is full, "
    "late, or upstream, where the service said so itself",
    ("what", "reason"),
)
RATE_LIMITED = Counter(
    "portico_rate_limit_total",
    "Requests by outcome: admitted, denied; and by the limit that denied them, or left the fewest more",
    ("limit", "outcome"),
)
RATE_LIMIT_UNAVAILABLE = Counter(
    "portico_rate_limit_unavailable_total", "Requests admitted uncounted, because Redis was away"
)
LIVE_STREAMS = Gauge("portico_live_streams", "Live streams held open")
LIVE_CLOSED = Counter(
    "portico_live_closed_total", "WebSockets that were closed from this side, by close code", ("code",)
)
GRAPHQL_OPERATIONS = Counter(
    "portico_graphql_operations_total",
    "Operations by type: query, mutation, unread; and by outcome: whole, partial, refused",
    ("type", "outcome"),
)
GRAPHQL_COST = Histogram(
    "portico_graphql_cost",
    "How many values an operation's answer could have",
    buckets=(10, 30, 100, 300, 1000, 3000),
)

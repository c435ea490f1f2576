"""The order service's own figures."""

from prometheus_client import Counter

UNEXPECTED_ANSWERS = Counter(
    "portico_saga_unexpected_total",
    "Answers that found their saga past the point where they mattered",
    ("kind",),
)

"""The operations service's own figures."""

from prometheus_client import Gauge

DEAD_LETTERS = Gauge(
    "portico_dead_letters",
    "Dead letters that nobody has dealt with; every instance tells the same",
    ("service", "queue", "kind", "reason"),
)

"""The inventory service's own figures."""

from prometheus_client import Gauge

SHORT_SKUS = Gauge(
    "portico_short_skus",
    "Tracked skus of which little is left, by shortage: low, none; every instance tells the same",
    ("shortage",),
)

"""The order service's own figures."""

from prometheus_client import Counter, Gauge

UNEXPECTED_ANSWERS = Counter(
    "portico_saga_unexpected_total",
    "Answers that found their saga past the point where they mattered",
    ("kind",),
)
ORDERS_PLACED = Counter("portico_orders_placed_total", "Orders that were accepted")
REVENUE = Counter(
    "portico_revenue_minor_units_total",
    "What confirmed orders come to, in minor units of their currency",
    ("currency",),
)
SAGAS = Gauge(
    "portico_sagas",
    "Sagas that are not over, by state: going, stuck; every instance tells the same",
    ("state",),
)

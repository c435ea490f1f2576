"""The payment service's own figures."""

from prometheus_client import Histogram

PROVIDER_CALL_SECONDS = Histogram(
    "portico_payment_provider_call_seconds",
    "Attempts to ask a payment provider something, with what came of them",
    ("provider", "operation", "outcome"),
)

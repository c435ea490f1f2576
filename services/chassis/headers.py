"""The headers of our own that travel with a message, beside those of AMQP and of W3C's trace context."""

from typing import Final

AGGREGATE: Final = "x-aggregate"
VERSION: Final = "x-version"
CAUSATION_ID: Final = "x-causation-id"

ATTEMPTS: Final = "x-attempts"
"""How often handling it has failed in this life."""
HISTORY: Final = "x-history"
"""Its last failures, oldest first, each as `<time> <what>`."""
REASON: Final = "x-reason"
"""Why it was laid aside: incomprehensible, attempts_exhausted."""
QUEUE: Final = "x-queue"
"""The queue in which it was laid aside."""
DEAD_AT: Final = "x-dead-at"
"""When that was, RFC 3339."""
REPLAYS: Final = "x-replays"
"""How often an operator has brought it back."""

"""PyMongo listeners that feed the MongoDB metrics: pass them as `event_listeners` to the client."""

from pymongo import monitoring

from observability.metrics import MONGODB_COMMAND_SECONDS, MONGODB_POOL_CONNECTIONS

_COMMANDS = frozenset(
    {"abortTransaction", "aggregate", "commitTransaction", "count", "createIndexes", "delete", "distinct"}
    | {"explain", "find", "findAndModify", "getMore", "hello", "insert", "ping", "update"}
)


class MongoCommandListener(monitoring.CommandListener):
    """Times every command, failed ones too; a command that services don't send by themselves is `other`."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        pass

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self._observe(event)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._observe(event)

    def _observe(self, event: monitoring.CommandSucceededEvent | monitoring.CommandFailedEvent) -> None:
        command = event.command_name if event.command_name in _COMMANDS else "other"
        MONGODB_COMMAND_SECONDS.labels(command).observe(event.duration_micros / 1_000_000)


class MongoPoolListener(monitoring.ConnectionPoolListener):
    """Counts the connections of every pool of the process: how many are open, how many of those in use."""

    def __init__(self) -> None:
        self._open = MONGODB_POOL_CONNECTIONS.labels("open")
        self._in_use = MONGODB_POOL_CONNECTIONS.labels("in_use")

    def connection_created(self, event: monitoring.ConnectionCreatedEvent) -> None:
        self._open.inc()

    def connection_closed(self, event: monitoring.ConnectionClosedEvent) -> None:
        self._open.dec()

    def connection_checked_out(self, event: monitoring.ConnectionCheckedOutEvent) -> None:
        self._in_use.inc()

    def connection_checked_in(self, event: monitoring.ConnectionCheckedInEvent) -> None:
        self._in_use.dec()

    def pool_created(self, event: monitoring.PoolCreatedEvent) -> None:
        pass

    def pool_ready(self, event: monitoring.PoolReadyEvent) -> None:
        pass

    def pool_cleared(self, event: monitoring.PoolClearedEvent) -> None:
        pass

    def pool_closed(self, event: monitoring.PoolClosedEvent) -> None:
        pass

    def connection_ready(self, event: monitoring.ConnectionReadyEvent) -> None:
        pass

    def connection_check_out_started(self, event: monitoring.ConnectionCheckOutStartedEvent) -> None:
        pass

    def connection_check_out_failed(self, event: monitoring.ConnectionCheckOutFailedEvent) -> None:
        pass

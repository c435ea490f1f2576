"""MongoDB and Redis as their clients see them."""

from observability.grafana.boards.questions import p99
from observability.grafana.panels import Json, Query, Row, dashboard, lines


def stores() -> Json:
    """The dashboard."""
    mongodb = Row(
        "MongoDB",
        (
            lines(
                "Commands",
                Query(
                    "sum by (service, command) (rate(portico_mongodb_command_seconds_count[1m]))",
                    "{{service}} {{command}}",
                ),
                unit="ops",
            ),
            lines(
                "99 in 100 take",
                Query(
                    p99("portico_mongodb_command_seconds", "service, command", 'command!~"getMore|hello"'),
                    "{{service}} {{command}}",
                ),
                unit="s",
            ),
            lines(
                "Connections in use",
                Query('sum by (service) (portico_mongodb_pool_connections{state="in_use"})', "{{service}}"),
                Query('sum by (service) (portico_pool_limit{pool="mongodb"})', "{{service}} at most"),
            ),
        ),
    )
    redis = Row(
        "Redis",
        (
            lines(
                "Connections",
                Query("sum by (service, state) (portico_redis_pool_connections)", "{{service}} {{state}}"),
                Query('sum by (service) (portico_pool_limit{pool="redis"})', "{{service}} at most"),
                width=12,
            ),
            lines(
                "Is it there?",
                Query('min by (service) (portico_dependency_up{dependency="redis"})', "{{service}}"),
                width=12,
            ),
        ),
    )
    return dashboard(
        "stores", "Data stores", "MongoDB and Redis, as their clients see them.", (mongodb, redis)
    )

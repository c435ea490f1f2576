"""The console's dashboards: what is drawn, and the Prometheus queries behind it. Pure data."""

from dataclasses import dataclass
from typing import Final, Literal

Unit = Literal["per second", "seconds", "share", "count", "per hour", "bytes"]


@dataclass(frozen=True)
class Query:
    """One PromQL expression; `legend` names its series, with `{label}` for what a label says."""

    legend: str
    expression: str


@dataclass(frozen=True)
class Panel:
    """One chart. `help` says what a reader should make of it."""

    title: str
    unit: Unit
    queries: tuple[Query, ...]
    help: str = ""


@dataclass(frozen=True)
class Dashboard:
    """Charts that belong together."""

    name: str
    title: str
    panels: tuple[Panel, ...]


def _quantile(share: float, metric: str, by: str, where: str = "") -> str:
    return f"histogram_quantile({share}, sum by (le{', ' * bool(by)}{by}) (rate({metric}_bucket{{{where}}}[1m])))"


_HTTP: Final = "portico_http_request_seconds"
_REAL: Final = 'route!~"/livez|/readyz|/servingz|/health|/metrics|unmatched|.*/events"'

REQUESTS: Final = Dashboard(
    "requests",
    "Requests",
    (
        Panel(
            "Requests",
            "per second",
            (Query("{service}", f"sum by (service) (rate({_HTTP}_count{{{_REAL}}}[1m]))"),),
            "What each service answers.",
        ),
        Panel(
            "Errors",
            "share",
            (
                Query(
                    "{service}",
                    f'sum by (service) (rate({_HTTP}_count{{{_REAL},status=~"5.."}}[1m]))'
                    f" / sum by (service) (rate({_HTTP}_count{{{_REAL}}}[1m]))",
                ),
            ),
            "Answers with a status of 500 and more.",
        ),
        Panel(
            "Duration, 99th percentile",
            "seconds",
            (Query("{service}", _quantile(0.99, _HTTP, "service", _REAL)),),
            "One request in a hundred takes longer.",
        ),
        Panel(
            "Busiest routes of the gateway",
            "per second",
            (
                Query(
                    "{method} {route}",
                    f'topk(6, sum by (method, route) (rate({_HTTP}_count{{service="gateway",{_REAL}}}[1m])))',
                ),
            ),
        ),
        Panel(
            "Calls of the gateway, 95th percentile",
            "seconds",
            (Query("{upstream}", _quantile(0.95, "portico_upstream_seconds", "upstream")),),
        ),
        Panel(
            "Turned away",
            "per second",
            (
                Query("{what}: {reason}", "sum by (what, reason) (rate(portico_shed_total[1m]))"),
                Query(
                    "limit {limit}",
                    'sum by (limit) (rate(portico_rate_limit_total{outcome="denied"}[1m]))',
                ),
            ),
            "Above limits, or with too much to do.",
        ),
    ),
)

MESSAGING: Final = Dashboard(
    "messaging",
    "Messages",
    (
        Panel(
            "Handled",
            "per second",
            (Query("{queue}", "sum by (queue) (rate(portico_messages_handled_total[1m]))"),),
        ),
        Panel(
            "Retried and dead",
            "per second",
            (
                Query(
                    "{queue}: {outcome}",
                    'sum by (queue, outcome) (rate(portico_messages_handled_total{outcome=~"retried|dead_lettered"}'
                    "[1m]))",
                ),
            ),
            "What failed, and will come back or will not.",
        ),
        Panel(
            "Handling a batch, 95th percentile",
            "seconds",
            (Query("{queue}", _quantile(0.95, "portico_message_handling_seconds", "queue")),),
        ),
        Panel(
            "Waiting in RabbitMQ",
            "count",
            (
                Query("ready", "sum(rabbitmq_queue_messages_ready)"),
                Query("taken", "sum(rabbitmq_queue_messages_unacked)"),
            ),
        ),
        Panel(
            "Age of the outbox",
            "seconds",
            (Query("{service}", "max by (service) (portico_outbox_oldest_seconds)"),),
            "The oldest message that was stored and not published yet.",
        ),
        Panel(
            "Dead letters",
            "count",
            (Query("{queue}: {reason}", "max by (queue, reason) (portico_dead_letters)"),),
            "Those that nobody has dealt with.",
        ),
    ),
)

SAGAS: Final = Dashboard(
    "sagas",
    "Sagas",
    (
        Panel(
            "Ended",
            "per second",
            (Query("{outcome} {reason}", "sum by (outcome, reason) (rate(portico_saga_ended_total[1m]))"),),
        ),
        Panel(
            "From accepted to the end",
            "seconds",
            (
                Query("median", _quantile(0.5, "portico_saga_seconds", "")),
                Query("99th percentile", _quantile(0.99, "portico_saga_seconds", "")),
            ),
        ),
        Panel(
            "Payment provider, 95th percentile",
            "seconds",
            (Query("{operation}", _quantile(0.95, "portico_payment_provider_call_seconds", "operation")),),
        ),
        Panel(
            "Payment provider, by outcome",
            "per second",
            (
                Query(
                    "{operation}: {outcome}",
                    "sum by (operation, outcome) (rate(portico_payment_provider_call_seconds_count[1m]))",
                ),
            ),
        ),
        Panel(
            "Orders that share a transaction",
            "count",
            (
                Query(
                    "{group}",
                    "sum by (group) (rate(portico_group_commit_requests_sum[1m]))"
                    " / sum by (group) (rate(portico_group_commit_requests_count[1m]))",
                ),
            ),
        ),
        Panel(
            "Answers that came too late",
            "per second",
            (Query("{kind}", "sum by (kind) (rate(portico_saga_unexpected_total[1m]))"),),
        ),
    ),
)

BUSINESS: Final = Dashboard(
    "business",
    "Business",
    (
        Panel(
            "Orders confirmed",
            "per hour",
            (Query("orders", 'sum(increase(portico_saga_ended_total{outcome="CONFIRMED"}[5m])) * 12'),),
        ),
        Panel(
            "Orders that did not come about",
            "per hour",
            (
                Query(
                    "{reason}",
                    'sum by (reason) (increase(portico_saga_ended_total{outcome!="CONFIRMED"}[5m])) * 12',
                ),
            ),
        ),
        Panel(
            "Conversion",
            "share",
            (
                Query(
                    "confirmed of those placed",
                    'sum(increase(portico_saga_ended_total{outcome="CONFIRMED"}[5m]))'
                    " / sum(increase(portico_saga_ended_total[5m]))",
                ),
            ),
        ),
        Panel(
            "Cache of products and lists",
            "per second",
            (Query("{verdict}", "sum by (verdict) (rate(portico_cache_answers_total[1m]))"),),
        ),
        Panel("Live streams", "count", (Query("{instance}", "portico_live_streams"),)),
        Panel(
            "Sections that pages did without",
            "per second",
            (Query("{section}", "sum by (section) (rate(portico_sections_degraded_total[1m]))"),),
        ),
    ),
)

MACHINE: Final = Dashboard(
    "machine",
    "Processes",
    (
        Panel("CPU", "count", (Query("{instance}", "rate(process_cpu_seconds_total[1m])"),), "Cores in use."),
        Panel("Memory", "bytes", (Query("{instance}", "process_resident_memory_bytes"),), "Resident."),
        Panel(
            "Lag of the event loop, 99th percentile",
            "seconds",
            (Query("{instance}", _quantile(0.99, "portico_event_loop_lag_seconds", "instance")),),
            "How late a process gets round to what is due.",
        ),
        Panel(
            "MongoDB commands, 95th percentile",
            "seconds",
            (Query("{command}", _quantile(0.95, "portico_mongodb_command_seconds", "command")),),
        ),
        Panel("What the collector holds", "bytes", (Query("{what}", "portico_collector_stored_bytes"),)),
        Panel(
            "What the collector left out",
            "per second",
            (Query("{what}", "sum by (what) (rate(portico_collector_dropped_total[1m]))"),),
        ),
    ),
)

DASHBOARDS: Final = {one.name: one for one in (REQUESTS, MESSAGING, SAGAS, BUSINESS, MACHINE)}

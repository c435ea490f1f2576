"""What clients ask, and what the gateway makes of it."""

from observability.grafana.boards.questions import p99
from observability.grafana.panels import Json, Query, Row, dashboard, lines


def gateway() -> Json:
    """The dashboard."""
    routes = 'service="gateway", route!~".*/events"'
    clients = Row(
        "Clients",
        (
            lines(
                "By route",
                Query(
                    f"topk(12, sum by (method, route) (rate(portico_http_request_seconds_count{{{routes}}}[1m])))",
                    "{{method}} {{route}}",
                ),
                unit="reqps",
                width=12,
            ),
            lines(
                "By status",
                Query(
                    'sum by (status) (rate(portico_http_request_seconds_count{service="gateway"}[1m]))',
                    "{{status}}",
                ),
                unit="reqps",
                width=12,
            ),
            lines(
                "Slowest routes",
                Query(
                    f"topk(8, {p99('portico_http_request_seconds', 'method, route', routes)})",
                    "{{method}} {{route}}",
                ),
                unit="s",
                width=12,
            ),
            lines(
                "Live streams", Query("sum by (instance) (portico_live_streams)", "{{instance}}"), width=12
            ),
        ),
    )
    upstreams = Row(
        "Upstreams",
        (
            lines(
                "Calls",
                Query(
                    "sum by (upstream, outcome) (rate(portico_upstream_seconds_count[1m]))",
                    "{{upstream}} {{outcome}}",
                ),
                unit="reqps",
            ),
            lines(
                "99 in 100 answer within",
                Query(p99("portico_upstream_seconds", "upstream"), "{{upstream}}"),
                unit="s",
            ),
            lines(
                "Breakers",
                Query("max by (upstream) (portico_breaker_state)", "{{upstream}}"),
                description="0 closed, 1 half-open, 2 open",
            ),
            lines("In flight", Query("sum by (what) (portico_in_flight)", "{{what}}")),
            lines(
                "Turned away",
                Query("sum by (what, reason) (rate(portico_shed_total[1m]))", "{{what}} {{reason}}"),
                unit="reqps",
            ),
            lines(
                "Sections that pages went without",
                Query("sum by (section) (rate(portico_sections_degraded_total[5m]))", "{{section}}"),
                unit="reqps",
            ),
        ),
    )
    limits = Row(
        "Cache and limits",
        (
            lines(
                "Answers from the cache",
                Query("sum by (verdict) (rate(portico_cache_answers_total[1m]))", "{{verdict}}"),
                unit="reqps",
            ),
            lines(
                "Invalidations",
                Query("sum(rate(portico_cache_invalidations_total[1m]))", "products"),
                unit="reqps",
            ),
            lines(
                "Memory of the cache",
                Query("sum by (instance) (portico_cache_local_bytes)", "{{instance}}"),
                unit="bytes",
            ),
            lines(
                "Rate limits",
                Query(
                    "sum by (limit, outcome) (rate(portico_rate_limit_total[1m]))", "{{limit}} {{outcome}}"
                ),
                unit="reqps",
            ),
            lines(
                "Admitted uncounted",
                Query("sum(rate(portico_rate_limit_unavailable_total[1m]))", "without Redis"),
                unit="reqps",
            ),
        ),
    )
    return dashboard(
        "gateway",
        "Gateway",
        "What clients ask, and what stands behind the answers.",
        (clients, upstreams, limits),
    )

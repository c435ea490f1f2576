"""Rate, errors, duration of every service, and how its processes are."""

from observability.grafana.boards.questions import EDGE, p99
from observability.grafana.panels import Json, Query, Row, dashboard, figure, lines


def platform() -> Json:
    """The dashboard."""
    now = Row(
        "Now",
        (
            figure(
                "Requests a second", f"sum(rate(envoy_http_downstream_rq_xx{{{EDGE}}}[1m]))", unit="reqps"
            ),
            figure("Errors", "edge:errors:ratio_rate5m", unit="percentunit", bad_from=0.001),
            figure("Slower than 0.25 s", "gateway:slow:ratio_rate5m", unit="percentunit", bad_from=0.01),
            figure("Alerts", 'count(ALERTS{alertstate="firing"}) or vector(0)', bad_from=1),
            figure("Instances that are away", "sum(up == bool 0)", bad_from=1),
            figure("Dependencies that are away", "sum(portico_dependency_up == bool 0)", bad_from=1),
        ),
    )
    red = Row(
        "Rate, errors, duration",
        (
            lines("Requests", Query("service:portico_requests:rate1m", "{{service}}"), unit="reqps"),
            lines(
                "Answers with 5xx",
                Query("service:portico_request_errors:rate1m", "{{service}}"),
                unit="reqps",
            ),
            lines(
                "99 in 100 are answered within",
                Query("service:portico_request_seconds:p99_1m", "{{service}}"),
                unit="s",
            ),
        ),
    )
    processes = Row(
        "Processes",
        (
            lines("Instances", Query('sum by (service) (up{job="services"})', "{{service}}")),
            lines(
                "Memory",
                Query('sum by (service) (process_resident_memory_bytes{job="services"})', "{{service}}"),
                unit="bytes",
            ),
            lines(
                "Processor",
                Query(
                    'sum by (service) (rate(process_cpu_seconds_total{job="services"}[1m]))', "{{service}}"
                ),
                unit="cores",
            ),
            lines(
                "How late event loops are",
                Query(p99("portico_event_loop_lag_seconds", "service"), "{{service}}"),
                unit="s",
            ),
            lines(
                "Dependencies",
                Query("min by (service, dependency) (portico_dependency_up)", "{{service}} {{dependency}}"),
            ),
            lines(
                "Log lines dropped",
                Query("sum by (service) (rate(portico_log_lines_dropped_total[5m]))", "{{service}}"),
            ),
        ),
    )
    return dashboard(
        "platform", "Platform", "How the platform is, seen from its door.", (now, red, processes)
    )

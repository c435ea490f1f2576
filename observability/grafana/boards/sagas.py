"""Orders on their way."""

from observability.grafana.boards.questions import p99
from observability.grafana.panels import Json, Query, Row, dashboard, figure, lines


def sagas() -> Json:
    """The dashboard."""
    figures = Row(
        "Now",
        (
            figure("Going", 'max(portico_sagas{state="going"})'),
            figure("Stuck", 'max(portico_sagas{state="stuck"})', bad_from=1),
            figure(
                "99 in 100 end within",
                "histogram_quantile(0.99, sum by (le) (rate(portico_saga_seconds_bucket[5m])))",
                unit="s",
                bad_from=5,
            ),
            figure(
                "Cancelled of all",
                'sum(rate(portico_saga_ended_total{outcome="CANCELLED"}[15m])) / sum(rate(portico_saga_ended_total[15m]))',
                unit="percentunit",
            ),
        ),
    )
    course = Row(
        "Course",
        (
            lines(
                "Ended",
                Query(
                    "sum by (outcome, reason) (rate(portico_saga_ended_total[1m]))", "{{outcome}} {{reason}}"
                ),
            ),
            lines(
                "How long they took",
                *(
                    Query(
                        f"histogram_quantile({share}, sum by (le) (rate(portico_saga_seconds_bucket[5m])))",
                        name,
                    )
                    for share, name in ((0.5, "half"), (0.95, "95 in 100"), (0.99, "99 in 100"))
                ),
                unit="s",
            ),
            lines("Not over", Query("max by (state) (portico_sagas)", "{{state}}")),
            lines(
                "Orders that share a transaction",
                Query(
                    "sum by (group) (rate(portico_group_commit_requests_sum[5m])) / sum by (group) (rate(portico_group_commit_requests_count[5m]))",
                    "{{group}}",
                ),
            ),
            lines(
                "Asking the provider, 99 in 100",
                Query(p99("portico_payment_provider_call_seconds", "operation"), "{{operation}}"),
                unit="s",
            ),
            lines(
                "Too late to matter, or not taken up",
                Query("sum by (kind) (rate(portico_saga_unexpected_total[5m]))", "{{kind}}"),
                Query("sum by (sweep) (rate(portico_sweep_failures_total[5m]))", "sweep {{sweep}}"),
            ),
        ),
    )
    return dashboard("sagas", "Sagas", "Orders from acceptance to their end.", (figures, course))

"""What the shop would ask."""

from observability.grafana.panels import Json, Query, Row, dashboard, figure, lines


def business() -> Json:
    """The dashboard."""
    looks = 'sum(rate(portico_http_request_seconds_count{service="gateway", method="GET", route=~"/api/v[0-9]+/products/[{]id[}]", status="200"}[1h]))'
    hour = Row(
        "In an hour",
        (
            figure("Orders", "sum(increase(portico_orders_placed_total[1h]))", width=6),
            figure("Confirmed", 'sum(increase(portico_saga_ended_total{outcome="CONFIRMED"}[1h]))', width=6),
            figure(
                "Conversion",
                f"sum(rate(portico_orders_placed_total[1h])) / {looks}",
                unit="percentunit",
                width=6,
            ),
            figure("Skus sold out", 'max(portico_short_skus{shortage="none"})', width=6, bad_from=1),
        ),
    )
    course = Row(
        "Course",
        (
            lines(
                "Orders per hour",
                Query("sum(rate(portico_orders_placed_total[5m])) * 3600", "placed"),
                Query('sum(rate(portico_saga_ended_total{outcome="CONFIRMED"}[5m])) * 3600', "confirmed"),
            ),
            lines(
                "Revenue per hour",
                Query("sum by (currency) (rate(portico_revenue_minor_units_total[5m])) * 36", "{{currency}}"),
                description="of confirmed orders, in units of 100 minor ones",
            ),
            lines(
                "Why orders are cancelled",
                Query(
                    'sum by (reason) (rate(portico_saga_ended_total{outcome="CANCELLED"}[15m])) * 3600',
                    "{{reason}}",
                ),
            ),
            lines("Skus that run short", Query("max by (shortage) (portico_short_skus)", "{{shortage}}")),
            lines(
                "Payments asked for",
                Query(
                    "sum by (operation, outcome) (rate(portico_payment_provider_call_seconds_count[5m])) * 3600",
                    "{{operation}} {{outcome}}",
                ),
            ),
        ),
    )
    return dashboard("business", "Business", "Orders, revenue, conversion, stock.", (hour, course))

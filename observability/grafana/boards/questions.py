"""What several dashboards ask alike."""

EDGE = 'role="edge", envoy_http_conn_manager_prefix="edge"'
WORK = 'queue!~"portico[.].*|.*[.]dead-letters"'
"""Queues that somebody works on: neither delays nor dead letters."""


def p99(metric: str, by: str, match: str = "", share: float = 0.99) -> str:
    """A quantile of a histogram, 99 in 100 unless told otherwise, over five minutes."""
    return f"histogram_quantile({share}, sum by ({by}, le) (rate({metric}_bucket{{{match}}}[5m])))"

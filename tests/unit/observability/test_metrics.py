import asyncio

import pytest
from prometheus_client import REGISTRY

from observability import metrics


def test_unknown_methods_and_routes_share_one_series() -> None:
    metrics.observe_request("BREW", None, 404, 0.01)
    body, content_type = metrics.render()
    assert content_type.startswith("text/plain")
    assert b'portico_http_request_seconds_count{method="OTHER",route="unmatched",status="404"}' in body


async def test_a_late_loop_shows_as_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_LAG_INTERVAL", 0.0)
    before = lag_samples()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        watch = group.create_task(metrics.watch_event_loop())
        for _ in range(3):
            await asyncio.sleep(0)
        watch.cancel()
    assert lag_samples() > before


def lag_samples() -> float:
    return REGISTRY.get_sample_value("portico_event_loop_lag_seconds_count") or 0.0

"""From a process' span to Jaeger: the collector's program is not to be had here, so its file is read by its schema."""

import re

import pytest
import yaml
from pydantic import ValidationError

from observability.collector.settings import Settings
from scripts.compose.environment import COLLECTOR, render
from scripts.layout import CHECKOUT, Layout
from scripts.native import prometheus
from scripts.secrets import Credentials, Secrets
from tests.deploy.otelcol import Collector, Errors, Share, Slow
from tests.deploy.stack import Service

CONFIG = CHECKOUT / "observability/otel-collector" / "config.yaml"
NAME = "otel-collector"


@pytest.fixture(scope="module")
def collector() -> Collector:
    return Collector.model_validate(yaml.safe_load(CONFIG.read_text()))


def test_a_key_that_the_collector_does_not_know_is_told() -> None:
    document = yaml.safe_load(CONFIG.read_text())
    document["processors"]["tail_sampling"]["decision_time"] = "10s"
    with pytest.raises(ValidationError, match="decision_time"):
        Collector.model_validate(document)


def test_its_pipeline_uses_each_of_its_parts_and_no_other(collector: Collector) -> None:
    used = collector.service.pipelines.traces
    assert used.receivers == list(type(collector.receivers).model_fields)
    assert used.exporters == list(type(collector.exporters).model_fields)
    # Room is made before anything is kept, and a batch is made of what is left.
    assert used.processors == ["memory_limiter", "tail_sampling", "batch"]


def test_errors_and_slow_traces_are_kept_and_of_the_rest_what_compose_says(
    collector: Collector, services: dict[str, Service]
) -> None:
    errors, slow, rest = collector.processors.tail_sampling.policies
    assert isinstance(errors, Errors)
    assert errors.status_code.status_codes == ["ERROR"]
    assert isinstance(slow, Slow)
    assert slow.latency.threshold_ms == 1000 * Settings.model_fields["slow_seconds"].default, "as natively"
    assert isinstance(rest, Share)
    asked = re.fullmatch(r"\$\{env:(\w+)\}", rest.probabilistic.sampling_percentage)
    assert asked
    assert 0 < float(services[NAME]["environment"][asked[1]]) <= 100


def test_whoever_has_spans_sends_them_to_it_and_it_alone_to_jaeger(
    collector: Collector, services: dict[str, Service]
) -> None:
    port = collector.receivers.otlp.protocols.http.endpoint.rpartition(":")[2]
    assert f"http://{NAME}:{port}" == COLLECTOR
    assert f"OTEL_EXPORTER_OTLP_ENDPOINT={COLLECTOR}\n" in render(Secrets(), Credentials())
    told = {
        service["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
        for service in services.values()
        if "OTEL_EXPORTER_OTLP_ENDPOINT" in service.get("environment", {})
    }
    assert told == {COLLECTOR}
    # 4318 is where Jaeger takes OTLP over HTTP, unless it is told otherwise.
    assert collector.exporters.otlp_http.endpoint == "http://jaeger:4318"
    assert not [word for word in services["jaeger"]["command"] if "otlp" in word]


def test_nothing_of_it_grows_without_a_bound(collector: Collector, services: dict[str, Service]) -> None:
    limit = int(services[NAME]["deploy"]["resources"]["limits"]["memory"]) // 2**20
    memory, tail = collector.processors.memory_limiter, collector.processors.tail_sampling
    assert memory.spike_limit_mib < memory.limit_mib < limit
    assert services[NAME]["environment"]["GOMEMLIMIT"] == f"{memory.limit_mib}MiB"
    waiting = tail.expected_new_traces_per_sec * int(tail.decision_wait.removesuffix("s"))
    assert waiting <= tail.num_traces < tail.decision_cache.sampled_cache_size
    assert collector.exporters.otlp_http.sending_queue.queue_size <= 256


def test_prometheus_asks_it_how_it_is_where_it_is_and_natively_asks_for_nobody_who_is_not(
    collector: Collector, layout: Layout
) -> None:
    (reader,) = collector.service.telemetry.metrics.readers
    job = {
        "job_name": "traces",
        "static_configs": [{"targets": [f"{NAME}:{reader.pull.exporter.prometheus.port}"]}],
    }
    jobs = yaml.safe_load(prometheus.CONFIGURATION.read_text())["scrape_configs"]
    assert job in jobs
    native = [one["job_name"] for one in prometheus.configuration(layout)["scrape_configs"]]
    assert native == [one["job_name"] for one in jobs if one != job]


def test_how_many_traces_the_edge_begins_can_be_told(services: dict[str, Service]) -> None:
    assert services["control-plane"]["environment"]["PORTICO_TRACE_RATIO"] == "1"


def test_no_sampler_is_named_that_nobody_asks(services: dict[str, Service]) -> None:
    assert not [name for name, one in services.items() if "OTEL_TRACES_SAMPLER" in one.get("environment", {})]

"""The OpenTelemetry Collector's configuration, as far as ours uses it. Like the collector, it refuses any other key."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping of which every key is known."""

    model_config = ConfigDict(extra="forbid")


class Http(Section):
    endpoint: str
    max_request_body_size: int


class Protocols(Section):
    http: Http


class Otlp(Section):
    protocols: Protocols


class Receivers(Section):
    otlp: Otlp


class MemoryLimiter(Section):
    check_interval: str
    limit_mib: int
    spike_limit_mib: int


class StatusCode(Section):
    status_codes: list[Literal["OK", "ERROR", "UNSET"]]


class Latency(Section):
    threshold_ms: int


class Probabilistic(Section):
    sampling_percentage: str


class Errors(Section):
    name: str
    type: Literal["status_code"]
    status_code: StatusCode


class Slow(Section):
    name: str
    type: Literal["latency"]
    latency: Latency


class Share(Section):
    name: str
    type: Literal["probabilistic"]
    probabilistic: Probabilistic


class DecisionCache(Section):
    sampled_cache_size: int
    non_sampled_cache_size: int


class TailSampling(Section):
    decision_wait: str
    num_traces: int
    expected_new_traces_per_sec: int
    decision_cache: DecisionCache
    policies: list[Errors | Slow | Share]


class Batch(Section):
    send_batch_size: int
    send_batch_max_size: int
    timeout: str


class Processors(Section):
    memory_limiter: MemoryLimiter
    tail_sampling: TailSampling
    batch: Batch


class Queue(Section):
    enabled: Literal[True]
    num_consumers: int
    queue_size: int


class Retry(Section):
    enabled: Literal[True]
    initial_interval: str
    max_interval: str
    max_elapsed_time: str


class OtlpHttp(Section):
    endpoint: str
    timeout: str
    sending_queue: Queue
    retry_on_failure: Retry


class Exporters(Section):
    otlp_http: OtlpHttp


class Pipeline(Section):
    receivers: list[str]
    processors: list[str]
    exporters: list[str]


class Pipelines(Section):
    traces: Pipeline


class Prometheus(Section):
    host: str
    port: int


class Exporter(Section):
    prometheus: Prometheus


class Pull(Section):
    exporter: Exporter


class Reader(Section):
    pull: Pull


class Metrics(Section):
    readers: list[Reader]


class Logs(Section):
    level: Literal["debug", "info", "warn", "error"]


class Telemetry(Section):
    logs: Logs
    metrics: Metrics


class Service(Section):
    pipelines: Pipelines
    telemetry: Telemetry


class Collector(Section):
    """The whole file."""

    receivers: Receivers
    processors: Processors
    exporters: Exporters
    service: Service

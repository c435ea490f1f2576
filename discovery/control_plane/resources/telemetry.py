"""By what a request is found again: its ids, its spans, its line in the log."""

from discovery.control_plane.bootstrap import LOG_COLLECTOR
from discovery.control_plane.policy import Role
from discovery.control_plane.resources import Message, extension, set_header
from discovery.control_plane.resources.clusters import COLLECTOR
from discovery.control_plane.settings import Settings

_GIVEN = "request.headers['x-correlation-id']"
_CORRELATION_ID = (
    f"%CEL('x-correlation-id' in request.headers && size({_GIVEN}) <= 128"
    f" && {_GIVEN}.matches('^[A-Za-z0-9._-]+$') ? {_GIVEN} : request.id)%"
)

_BEGIN = "%START_TIME(%Y-%m-%dT%H:%M:%E3SZ)%"
_LOST = "portico"
_BUFFERED_BYTES = 1024 * 1024
"""Of each of its threads."""


def identified() -> Message:
    """The filter that gives a request its correlation id, a sane one of the client's or a new one, and its trace id."""
    return extension(
        "identified",
        "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
        mutations={
            "request_mutations": [
                _append("x-correlation-id", _CORRELATION_ID),
                _append("x-trace-id", "%TRACE_ID%"),
            ],
            "response_mutations": [_append("x-correlation-id", "%REQ(X-CORRELATION-ID)%")],
        },
    )


def tracing(role: Role, settings: Settings) -> Message:
    """OpenTelemetry over HTTP to the collector, of such a share of the requests as is set."""
    # Without a collector nothing is sampled or sent, and yet every request has a trace id to be found by.
    uri = f"{(settings.otlp_endpoint or 'http://collector').rstrip('/')}/v1/traces"
    return {
        "random_sampling": {"value": 100 * settings.trace_ratio if settings.otlp_endpoint else 0},
        "operation": "%REQ(:METHOD)% %ROUTE_NAME%",
        "spawn_upstream_span": True,
        # Envoy's own tags hold the whole query and the client's address, neither of which is to be kept.
        "custom_tags": [
            {"tag": "http.url", "value": "%PATH(NQ)%"},
            {"tag": "peer.address", "literal": {"value": "redacted"}},
        ],
        "provider": extension(
            "opentelemetry",
            "envoy.config.trace.v3.OpenTelemetryConfig",
            service_name=f"envoy-{role}",
            http_service={"http_uri": {"uri": uri, "cluster": COLLECTOR, "timeout": "1s"}},
        ),
    }


def access_logs(role: Role, settings: Settings) -> list[Message]:
    """One ECS document a request on stdout, and to a collector if there is one."""
    stdout = extension(
        "stdout",
        "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        log_format={"json_format": {"@timestamp": _BEGIN, **access_fields(role)}},
    )
    return [stdout, _collected(role)] if settings.collect_access_logs else [stdout]


def _collected(role: Role) -> Message:
    """The same in Fluentd's forward protocol: it has a time of its own, in whole seconds.

    Lines that find no connection and a full buffer are lost and counted (`entries_lost`).
    """
    return extension(
        "collected",
        "envoy.extensions.access_loggers.fluentd.v3.FluentdAccessLogConfig",
        cluster=LOG_COLLECTOR,
        tag="access",
        stat_prefix=_LOST,
        buffer_size_bytes=_BUFFERED_BYTES,
        record={"event.start": _BEGIN, **access_fields(role)},
        retry_options={"backoff_options": {"base_interval": "0.5s", "max_interval": "30s"}},
    )


def access_fields(role: Role) -> dict[str, str]:
    """What is said of a request, but for when it began."""
    # No query: it may hold one-use tickets and what people search for. No address: that is personal data.
    return {
        "log.level": "info",
        "message": "%REQ(:METHOD)% %PATH(NQ)% %RESPONSE_CODE%",
        "log.logger": "access",
        "trace.id": "%TRACE_ID%",
        "labels.correlation_id": "%RESP(X-CORRELATION-ID)%",
        "ecs.version": "8.11",
        "service.name": f"envoy-{role}",
        "http.request.method": "%REQ(:METHOD)%",
        "http.request.bytes": "%BYTES_RECEIVED%",
        "http.response.status_code": "%RESPONSE_CODE%",
        "http.response.bytes": "%BYTES_SENT%",
        "url.path": "%PATH(NQ)%",
        "event.duration": "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:ns)%",
        "labels.upstream": "%UPSTREAM_HOST%",
        "labels.upstream_cluster": "%UPSTREAM_CLUSTER%",
        "labels.attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
        "labels.response_flags": "%RESPONSE_FLAGS%",
        "labels.response_code_details": "%RESPONSE_CODE_DETAILS%",
    }


def _append(name: str, value: str) -> Message:
    return {"append": set_header(name, value)}

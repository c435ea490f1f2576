"""Clusters: where a service's instances are, how they are judged, and how much they are asked at once."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from discovery.config.traffic import Outlier, Policy
from discovery.consul.watch import Endpoint
from discovery.control_plane.policy import MAX_STREAMS
from discovery.control_plane.resources import CLUSTER, ENDPOINT, FROM_ADS, Message, seconds

COLLECTOR = "opentelemetry-collector"

_KEPT_CONNECTION_SECONDS = 30.0
"""Shorter than the keep-alive of our processes, so that it is Envoy who closes an idle connection."""

_BY_WEIGHT = {"default_value": 0.0, "runtime_key": "portico.active_request_bias"}
"""Where weights differ they are shares: Envoy would lower that of an instance the busier it is."""


def cluster(name: str, policy: Policy) -> Message:
    """The cluster of one service; its endpoints come by EDS under the same name."""
    return {
        "@type": CLUSTER,
        "name": name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": FROM_ADS},
        "connect_timeout": seconds(policy.connect_timeout),
        "lb_policy": "LEAST_REQUEST",
        "least_request_lb_config": {"active_request_bias": _BY_WEIGHT},
        "common_lb_config": {
            "healthy_panic_threshold": {"value": 0},
            # Else a host that was just added waits up to a second after its first health check.
            "update_merge_window": "0s",
        },
        "ignore_health_on_host_removal": True,
        "health_checks": [_health_check()],
        "outlier_detection": _outlier_detection(policy.outlier),
        "circuit_breakers": _circuit_breakers(policy),
        "typed_extension_protocol_options": _http1(),
    }


def assignment(name: str, endpoints: Iterable[Endpoint]) -> Message:
    """The instances of one service, those with weight 0 without traffic.

    No instances are an answer too, without which its cluster would not start.
    """
    hosts = [_lb_endpoint(endpoint) for endpoint in endpoints]
    return {
        "@type": ENDPOINT,
        "cluster_name": name,
        "endpoints": [{"lb_endpoints": hosts}] if hosts else [],
    }


def collector(otlp_endpoint: str | None) -> Message:
    """The cluster of the OpenTelemetry collector at `http://host:port`, empty without one."""
    where = urlsplit(otlp_endpoint or "")
    return {
        "@type": CLUSTER,
        "name": COLLECTOR,
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": COLLECTOR,
            "endpoints": [_host(where.hostname, where.port or 4318)] if where.hostname else [],
        },
        "typed_extension_protocol_options": _http1(),
    }


def _host(name: str, port: int) -> Message:
    address = {"socket_address": {"address": name, "port_value": port}}
    return {"lb_endpoints": [{"endpoint": {"address": address}}]}


def _lb_endpoint(endpoint: Endpoint) -> Message:
    address = {"socket_address": {"address": endpoint.host, "port_value": endpoint.port}}
    return {
        "endpoint": {"address": address, "hostname": endpoint.id},
        "load_balancing_weight": max(1, endpoint.weight),
        # Envoy goes on to check its health, and so need not wait for that when it is to get traffic again.
        "health_status": "HEALTHY" if endpoint.weight else "DRAINING",
    }


def _health_check() -> Message:
    # An instance registered by hand need not know the path: any answer but a server error will do.
    return {
        "timeout": "1s",
        "interval": "0.25s",
        "no_traffic_interval": "1s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"path": "/servingz", "expected_statuses": [{"start": 200, "end": 500}]},
    }


def _outlier_detection(outlier: Outlier) -> Message:
    # Only broken connections and time-outs count: an instance that answers 503 for want of its database is no
    # worse than its siblings, and ejecting them all would turn a blip into an outage.
    return {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": outlier.failures,
        "enforcing_consecutive_local_origin_failure": 100,
        "enforcing_local_origin_success_rate": 0,
        "enforcing_consecutive_5xx": 0,
        "enforcing_consecutive_gateway_failure": 0,
        "enforcing_success_rate": 0,
        "interval": seconds(outlier.interval),
        "base_ejection_time": seconds(outlier.base_ejection),
        "max_ejection_time": seconds(outlier.max_ejection),
        # Not of one instance alone, whose answers may only be late: whether it is dead the health check decides.
        "max_ejection_percent": outlier.max_ejection_percent,
    }


def _circuit_breakers(policy: Policy) -> Message:
    budget = {
        "budget_percent": {"value": policy.retry_budget_percent},
        "min_retry_concurrency": policy.min_retry_concurrency,
    }
    requests = {
        "priority": "DEFAULT",
        "max_connections": policy.max_connections,
        "max_pending_requests": policy.max_pending_requests,
        "max_requests": policy.max_requests,
        "retry_budget": budget,
        "track_remaining": True,
    }
    streams = {
        "priority": "HIGH",
        "max_connections": MAX_STREAMS,
        "max_requests": MAX_STREAMS,
        "retry_budget": budget,
        "track_remaining": True,
    }
    return {"thresholds": [requests, streams]}


def _http1() -> Message:
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return {
        options: {
            "@type": f"type.googleapis.com/{options}",
            "common_http_protocol_options": {"idle_timeout": seconds(_KEPT_CONNECTION_SECONDS)},
            "explicit_http_config": {"http_protocol_options": {}},
        }
    }

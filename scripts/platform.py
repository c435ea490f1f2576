"""The processes of the platform and what each needs of the others."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace

from scripts.layout import CHECKOUT, Layout
from scripts.native import console, consul, envoy, mongodb, prometheus, rabbitmq, redis, xds
from scripts.secrets import DATABASES, Credentials, Secrets
from scripts.supervisor import ProcessSpec

SERVICE_NEEDS = ("consul", "redis", "mongodb", "rabbitmq")
# The services drain for PORTICO_DRAIN_SECONDS and then finish what is in flight.
SERVICE_STOP_SECONDS = 20.0
# Under load not every order has to be looked at, and recording each would cost what it takes to place others.
TRACES_PER_SECOND = "2"
# Who only watches has the processor after those who work; what it can't keep up with it leaves out and counts.
WATCHER_NICENESS = 10
# Services know no version of the API, so they are told what clients of it must know.
SANDBOX_WEBHOOKS = "/api/v2/payments/webhooks/sandbox"

Environment = dict[str, str]


def part_specs(layout: Layout) -> tuple[ProcessSpec, ...]:
    """The parts our services stand on: Consul, Redis, MongoDB, epmd, RabbitMQ, Prometheus."""
    secrets = load_secrets(layout)
    return (
        consul.process(layout),
        redis.process(layout),
        mongodb.process(layout, secrets),
        rabbitmq.port_mapper(layout),
        rabbitmq.process(layout, secrets),
        replace(prometheus.process(layout), niceness=WATCHER_NICENESS),
    )


def platform_specs(
    layout: Layout, overrides: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[ProcessSpec, ...]:
    """Every process of the platform, parts first.

    `overrides` adds environment variables to the processes of a service, by its name.
    """
    specs = (
        *part_specs(layout),
        _collector(layout),
        _control_plane(layout),
        envoy.process(layout, "egress"),
        *(_service(layout, name) for name in DATABASES),
        _gateway(layout),
        envoy.process(layout, "edge"),
    )
    return tuple(spec.with_environment((overrides or {}).get(spec.provides, {})) for spec in specs)


def load_secrets(layout: Layout) -> Secrets:
    """The secrets of this platform, made at first use."""
    return Secrets.load(layout.home / "secrets.json")


def load_credentials(layout: Layout) -> Credentials:
    """The seeded accounts; PORTICO_ADMIN_PASSWORD and PORTICO_SUPPORT_PASSWORD win over the file."""
    path = layout.home / "credentials.json"
    credentials = Credentials.load(path).with_passwords(
        admin=os.environ.get("PORTICO_ADMIN_PASSWORD"), support=os.environ.get("PORTICO_SUPPORT_PASSWORD")
    )
    credentials.save(path)
    return credentials


def service_environment(layout: Layout, service: str) -> Environment:
    """What a process of the named service (one of DATABASES) is told."""
    environment = {
        **_process_environment(layout),
        "PORTICO_MONGODB_URL": mongodb.url(layout, load_secrets(layout), service),
    }
    match service:
        case "auth":
            return {**environment, **_auth_environment(layout)}
        case "payment":
            return {**environment, **_payment_environment(layout)}
        case _:
            return environment


def _process_environment(layout: Layout) -> Environment:
    return {
        "PORTICO_HOST": layout.host,
        "PORTICO_PORT": "0",
        "PORTICO_CONSUL_URL": layout.url("consul"),
        "PORTICO_AMQP_URL": rabbitmq.url(layout, load_secrets(layout)),
        "PORTICO_REDIS_URL": f"redis://{layout.address('redis')}/0",
        "PORTICO_EGRESS_URL": f"unix://{layout.egress_socket}",
        # Empty, it switches tracing off.
        "OTEL_EXPORTER_OTLP_ENDPOINT": os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", layout.url("otlp")),
    }


def _auth_environment(layout: Layout) -> Environment:
    credentials = load_credentials(layout)
    return {
        "PORTICO_SIGNING_KEY_SECRET": (
            os.environ.get("PORTICO_SIGNING_KEY_SECRET") or load_secrets(layout).signing_key
        ),
        "PORTICO_ADMIN_PASSWORD": credentials.admin.password,
        "PORTICO_SUPPORT_PASSWORD": credentials.support.password,
    }


def _payment_environment(layout: Layout) -> Environment:
    return {
        "PORTICO_SANDBOX_WEBHOOK_URL": layout.url("edge") + SANDBOX_WEBHOOKS,
        "PORTICO_SANDBOX_WEBHOOK_SECRET": (
            os.environ.get("PORTICO_SANDBOX_WEBHOOK_SECRET") or load_secrets(layout).sandbox_webhook
        ),
    }


def _service(layout: Layout, name: str) -> ProcessSpec:
    return _python(name, f"services.{name}", service_environment(layout, name), after=SERVICE_NEEDS)


def _gateway(layout: Layout) -> ProcessSpec:
    needs = ("consul", "redis", "rabbitmq", "egress")
    environment = {
        **_process_environment(layout),
        # What runs here is for who develops: their tools are told the schema.
        "PORTICO_GRAPHQL_INTROSPECTION": os.environ.get("PORTICO_GRAPHQL_INTROSPECTION", "true"),
        "PORTICO_TRACES_PER_SECOND": os.environ.get("PORTICO_TRACES_PER_SECOND", TRACES_PER_SECOND),
    }
    return _python("gateway", "gateway", environment, after=needs)


def _collector(layout: Layout) -> ProcessSpec:
    environment = {
        "PORTICO_HOST": layout.host,
        "PORTICO_PORT": "0",
        "PORTICO_CONSUL_URL": layout.url("consul"),
        "PORTICO_PUBLIC_URL": layout.url("edge"),
        "PORTICO_PROMETHEUS_URL": layout.url("prometheus"),
        "PORTICO_OTLP_PORT": str(layout.port("otlp")),
        "PORTICO_CONSOLE_PORT": str(layout.port("console")),
        "PORTICO_CONSOLE_ASSETS": str(console.assets(layout)),
        "PORTICO_COLLECTOR_DIRECTORY": str(layout.data("collector")),
        "PORTICO_LOG_DIRECTORY": str(layout.logs),
        # What it does itself is not traced: it would be its own busiest client.
        "OTEL_EXPORTER_OTLP_ENDPOINT": "",
    }
    spec = _python("collector", "observability.collector", environment, after=("consul",))
    ports = layout.ports("otlp", "console")
    return replace(spec, ports=ports, scalable=False, niceness=WATCHER_NICENESS)


def _control_plane(layout: Layout) -> ProcessSpec:
    environment = {
        **_process_environment(layout),
        "PORTICO_XDS_PORT": str(layout.port("xds")),
        "PORTICO_XDS_DESCRIPTORS": str(xds.descriptors(layout)),
        "PORTICO_EDGE_ADDRESS": layout.address("edge"),
        "PORTICO_EGRESS_ADDRESS": str(layout.egress_socket),
    }
    spec = _python("control-plane", "discovery.control_plane", environment, after=("consul",))
    # The Envoys' bootstrap names its port, so there is one of it here.
    return replace(spec, ports=layout.ports("xds"), scalable=False)


def _python(name: str, module: str, environment: Environment, *, after: tuple[str, ...]) -> ProcessSpec:
    """A process of ours, as instance 1 of its service."""
    return ProcessSpec(
        name=name,
        service=name,
        command=(sys.executable, "-m", module),
        directory=CHECKOUT,
        environment=environment,
        after=after,
        stop_seconds=SERVICE_STOP_SECONDS,
        scalable=True,
    ).numbered(1)

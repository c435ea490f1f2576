"""Everything one role of Envoy is given."""

from collections.abc import Mapping

from discovery.config.traffic import Policy
from discovery.control_plane.catalog import Catalog
from discovery.control_plane.policy import GATEWAY, Role, services
from discovery.control_plane.resources import (
    CLUSTER,
    ENDPOINT,
    EXTENSION,
    LISTENER,
    ROUTE,
    Message,
    Resources,
)
from discovery.control_plane.resources.admission import RATE_LIMIT, TOKENS, access_tokens, rate_limit
from discovery.control_plane.resources.canary import shared_out
from discovery.control_plane.resources.clusters import COLLECTOR, assignment, cluster, collector
from discovery.control_plane.resources.edge import edge_listener, edge_routes
from discovery.control_plane.resources.egress import egress_listener, egress_routes
from discovery.control_plane.settings import Settings


def build(role: Role, catalog: Catalog, settings: Settings) -> Resources:
    """The resources of a role: a pure function of what Consul knows and how the platform is set."""
    policies = {name: catalog.traffic.services[name] for name in services(role)}
    return {
        CLUSTER: _clusters(policies, settings),
        ENDPOINT: _assignments(policies, catalog),
        **(_edge(catalog, policies[GATEWAY], settings) if role == "edge" else _egress(policies, settings)),
    }


def _clusters(policies: Mapping[str, Policy], settings: Settings) -> dict[str, Message]:
    clusters = {name: cluster(name, policy) for name, policy in policies.items()}
    return {**clusters, COLLECTOR: collector(settings.otlp_endpoint)}


def _assignments(policies: Mapping[str, Policy], catalog: Catalog) -> dict[str, Message]:
    return {
        name: assignment(name, shared_out(catalog.endpoints[name], policy.canary))
        for name, policy in policies.items()
    }


def _edge(catalog: Catalog, gateway: Policy, settings: Settings) -> Resources:
    return {
        LISTENER: {"edge": edge_listener(settings)},
        EXTENSION: {
            TOKENS: access_tokens(catalog.jwks),
            RATE_LIMIT: rate_limit(catalog.edge, settings.rate_limit_scale),
        },
        ROUTE: {"edge": edge_routes(gateway, catalog.edge.cors_origins)},
    }


def _egress(policies: Mapping[str, Policy], settings: Settings) -> Resources:
    return {
        LISTENER: {"egress": egress_listener(settings)},
        EXTENSION: {},
        ROUTE: {"egress": egress_routes(policies)},
    }

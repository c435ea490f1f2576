"""Everything one role of Envoy is given."""

from discovery.control_plane.catalog import Catalog
from discovery.control_plane.policy import POLICIES, Role, services
from discovery.control_plane.resources import (
    CLUSTER,
    ENDPOINT,
    EXTENSION,
    LISTENER,
    ROUTE,
    Message,
    Resources,
)
from discovery.control_plane.resources.clusters import COLLECTOR, assignment, cluster, collector
from discovery.control_plane.resources.edge import TOKENS, access_tokens, edge_listener, edge_routes
from discovery.control_plane.resources.egress import egress_listener, egress_routes
from discovery.control_plane.settings import Settings


def build(role: Role, catalog: Catalog, settings: Settings) -> Resources:
    """The resources of a role: a pure function of what Consul knows and how the platform is set."""
    return {
        CLUSTER: _clusters(role, settings),
        ENDPOINT: {name: assignment(name, catalog.endpoints[name]) for name in services(role)},
        **(_edge(catalog, settings) if role == "edge" else _egress(settings)),
    }


def _clusters(role: Role, settings: Settings) -> dict[str, Message]:
    clusters = {name: cluster(name, POLICIES[name]) for name in services(role)}
    return {**clusters, COLLECTOR: collector(settings.otlp_endpoint)}


def _edge(catalog: Catalog, settings: Settings) -> Resources:
    return {
        LISTENER: {"edge": edge_listener(settings)},
        EXTENSION: {TOKENS: access_tokens(catalog.jwks)},
        ROUTE: {"edge": edge_routes()},
    }


def _egress(settings: Settings) -> Resources:
    return {
        LISTENER: {"egress": egress_listener(settings)},
        EXTENSION: {},
        ROUTE: {"egress": egress_routes()},
    }

"""Catalogues to build resources from."""

from typing import Any

from discovery.config.edge import Edge
from discovery.config.section import patched
from discovery.config.traffic import SERVICES, Traffic
from discovery.consul.watch import Endpoint
from discovery.control_plane.catalog import Catalog
from discovery.control_plane.jwks import NO_KEYS


def endpoint(id: str, port: int = 8000) -> Endpoint:
    """An instance on the loopback interface."""
    return Endpoint(id, "127.0.0.1", port)


def catalog(
    jwks: str = NO_KEYS,
    *,
    traffic: Traffic | None = None,
    edge: Edge | None = None,
    **endpoints: tuple[Endpoint, ...],
) -> Catalog:
    """A catalogue of every known service, without instances but the given ones, as configured by default."""
    known = {name: endpoints.get(name, ()) for name in SERVICES}
    return Catalog(known, jwks, traffic or Traffic(), edge or Edge())


def traffic(service: str, **policy: Any) -> Traffic:
    """The default traffic with some of the policy of one service replaced."""
    return patched(Traffic(), {"services": {service: policy}})

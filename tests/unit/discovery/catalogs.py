"""Catalogues to build resources from."""

from discovery.consul.watch import Endpoint
from discovery.control_plane.catalog import Catalog
from discovery.control_plane.jwks import NO_KEYS
from discovery.control_plane.policy import POLICIES


def endpoint(id: str, port: int = 8000) -> Endpoint:
    """An instance on the loopback interface."""
    return Endpoint(id, "127.0.0.1", port)


def catalog(jwks: str = NO_KEYS, **endpoints: tuple[Endpoint, ...]) -> Catalog:
    """A catalogue of every known service, without instances but the given ones."""
    return Catalog({name: endpoints.get(name, ()) for name in POLICIES}, jwks)

"""Which instances Envoy can't be told of.

It takes what it is told of a service as a whole: one registration that it refuses would keep all other instances from
coming and going. Our own processes register what it takes; by hand anything can be registered.
"""

import logging
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address

from discovery.consul.watch import Endpoint, Entry, endpoint
from discovery.control_plane import metrics

logger = logging.getLogger(__name__)


class LeftOut:
    """The instances of one service that Envoy is not told of."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._known: set[tuple[str, str]] = set()

    def without(self, entries: Sequence[Entry]) -> list[Entry]:
        """The entries of the others. Who is left out is logged once, and counted for as long as it is registered."""
        fit: list[Entry] = []
        found: set[tuple[str, str]] = set()
        for entry in entries:
            told = endpoint(entry)
            if problem := obstacle(told):
                found.add((told.id, problem))
            else:
                fit.append(entry)
        for id, problem in sorted(found - self._known):
            logger.error("%s is left out of %s, Envoy can't be told of it: %s", id, self._service, problem)
        self._known = found
        metrics.INSTANCES_LEFT_OUT.labels(self._service).set(len(found))
        return fit


def obstacle(told: Endpoint) -> str | None:
    """Why Envoy would refuse an instance, in words; None for one that it takes.

    Weights are not looked at: Consul itself lets none through that is not between 1 and 65535.
    """
    if not _is_address(told.host):
        return f"its address {told.host!r} is no IP address"
    if not 1 <= told.port <= 65_535:
        return f"its port {told.port} is not between 1 and 65535"
    return None


def _is_address(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    # A scope is the name of an interface, which no two hosts need to have alike.
    return not (isinstance(address, IPv6Address) and address.scope_id)

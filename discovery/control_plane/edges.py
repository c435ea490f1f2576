"""Which signing keys the edges verify with: what a control plane acknowledges in their name.

An edge verifies with what it has taken, not with what it was sent. It is waited for while it is connected, and for a
while after it has left: until it has found a control plane again, it goes on verifying with what it has.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from discovery.control_plane.resources import EXTENSION
from discovery.control_plane.resources.admission import TOKENS
from discovery.control_plane.snapshot import Snapshot

RETURN_SECONDS: Final = 5.0
"""An Envoy that has lost its control plane has found one by then, or is gone."""

_REMEMBERED: Final = 16


@dataclass(slots=True, eq=False)
class Edge:
    """One Envoy at the edge: the version of its keys that it has taken, and why it refused a newer one."""

    node_id: str
    version: str | None = None
    refusal: str | None = None
    left_at: float | None = None


class Edges:
    """The edges of one control plane. `published` gives what it has for them at the moment."""

    def __init__(
        self,
        published: Callable[[], Snapshot | None],
        patience: float = RETURN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._published = published
        self._patience = patience
        self._clock = clock
        self._keys_in: dict[str | None, frozenset[str]] = {}
        self._connected: list[Edge] = []
        self._left: dict[str, Edge] = {}
        self._started = clock()

    @contextmanager
    def connected(self, node_id: str) -> Iterator[Edge]:
        """An edge that is connected while the block runs."""
        edge = Edge(node_id)
        self._left.pop(node_id, None)
        self._connected.append(edge)
        try:
            yield edge
        finally:
            self._connected.remove(edge)
            if all(other.node_id != node_id for other in self._connected):
                edge.left_at = self._clock()
                self._left[node_id] = edge

    def offer(self, published: Snapshot) -> None:
        """Remember which keys are in what the edges are about to be told."""
        version = published.resources[EXTENSION][TOKENS].version
        self._keys_in[version] = published.signing_keys
        while len(self._keys_in) > _REMEMBERED:
            del self._keys_in[next(iter(self._keys_in))]

    def signing_keys(self) -> list[str]:
        """The published keys with which every edge verifies already."""
        published = self._published()
        if published is None or self._may_be_missing_some():
            return []
        return sorted(published.signing_keys.intersection(*map(self._keys, self._present())))

    def waits_for(self) -> list[str]:
        """Each edge that does not verify with all published keys, and why; in words."""
        published = self._published()
        if published is None:
            return ["consul, for a first snapshot"]
        if self._may_be_missing_some():
            return ["edges that may be on their way to it, since it has just started"]
        behind = (edge for edge in self._present() if not published.signing_keys <= self._keys(edge))
        return [f"{edge.node_id}, which {_trouble(edge)}" for edge in behind]

    def _may_be_missing_some(self) -> bool:
        return self._clock() < self._started + self._patience

    def _present(self) -> list[Edge]:
        now = self._clock()
        self._left = {
            id: edge for id, edge in self._left.items() if now < (edge.left_at or 0.0) + self._patience
        }
        return [*self._connected, *self._left.values()]

    def _keys(self, edge: Edge) -> frozenset[str]:
        return self._keys_in.get(edge.version, frozenset())


def _trouble(edge: Edge) -> str:
    if edge.refusal is not None:
        return f"refuses them: {edge.refusal}"
    return "has not taken them yet" if edge.left_at is None else "has left a moment ago"

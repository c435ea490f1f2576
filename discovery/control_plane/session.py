"""One Envoy's delta subscription: what it has, what it is still to be told. No I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from discovery.control_plane.codec import Encoded, Request, Response
from discovery.control_plane.resources import CLUSTER, ENDPOINT, LISTENER, ROUTE, SHORT_NAMES
from discovery.control_plane.snapshot import Snapshot

_GONE = ""
"""Stands for the version of a resource of which an Envoy was told that there is none."""

_NAMING_CLUSTERS = (LISTENER, ROUTE)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Resources, by name and version, that an Envoy has refused, and what it says of them."""

    type_url: str
    versions: Mapping[str, str]
    reason: str


@dataclass(slots=True)
class _Subscription:
    """What an Envoy wants of one type. By name, `sent` is the version it was sent last, `taken` the one it has."""

    wildcard: bool = False
    names: set[str] = field(default_factory=set)
    sent: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    in_flight: dict[str, dict[str, str]] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)
    suspected: set[str] = field(default_factory=set)

    def wanted(self, resources: Mapping[str, Encoded]) -> dict[str, Encoded]:
        """What there is of what it wants, except in a version it has refused."""
        return {
            name: encoded
            for name, encoded in resources.items()
            if (self.wildcard or name in self.names) and self.rejected.get(name) != encoded.version
        }

    def news(self, resources: Mapping[str, Encoded]) -> dict[str, Encoded]:
        """What it wants and does not have in this version."""
        wanted = self.wanted(resources)
        return {name: encoded for name, encoded in wanted.items() if self.sent.get(name) != encoded.version}

    def gone(self, resources: Mapping[str, Encoded]) -> list[str]:
        """What it has, or asks for by name, and there is not."""
        asked = self.names | self.sent.keys()
        return sorted(name for name in asked - resources.keys() if self.sent.get(name) != _GONE)

    def forget(self, name: str) -> None:
        """It no longer has this one."""
        self.sent.pop(name, None)
        self.taken.pop(name, None)


class Session:
    """The state of one stream. Requests go in, and whatever a snapshot has to tell comes out."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, _Subscription] = {}
        self._nonces = count(1)

    def receive(self, request: Request) -> Rejection | None:
        """Take a request in; the rejection it carries, if it carries one."""
        subscription = self._subscriptions.get(request.type_url)
        if subscription is None:
            subscription = self._subscriptions[request.type_url] = _opened(request)
        _resubscribe(subscription, request)
        answered = subscription.in_flight.pop(request.nonce, None)
        if answered is None:
            return None
        if request.error is None:
            subscription.taken |= answered
            return None
        _reject(subscription, answered)
        return Rejection(request.type_url, answered, request.error)

    def taken(self, type_url: str, name: str) -> str | None:
        """The version of a resource that the Envoy says it has."""
        subscription = self._subscriptions.get(type_url)
        return subscription.taken.get(name) if subscription else None

    def responses(self, snapshot: Snapshot) -> Iterator[Response]:
        """What is news to this Envoy, in the order in which it has to be sent."""
        for type_url in SHORT_NAMES:
            if (subscription := self._subscriptions.get(type_url)) is not None:
                yield from self._additions(type_url, subscription, snapshot.resources[type_url])
        for type_url in reversed(SHORT_NAMES):
            if (subscription := self._subscriptions.get(type_url)) is not None:
                yield from self._removals(type_url, subscription, snapshot.resources[type_url])

    def _additions(
        self, type_url: str, subscription: _Subscription, resources: Mapping[str, Encoded]
    ) -> Iterator[Response]:
        news = subscription.news(resources)
        if type_url == CLUSTER:
            self._forget_endpoints(news)
        alone = sorted(news.keys() & subscription.suspected)
        together = {name: encoded for name, encoded in news.items() if name not in alone}
        for batch in (together, *({name: news[name]} for name in alone)):
            if batch:
                yield self._send(type_url, subscription, batch, [])

    def _removals(
        self, type_url: str, subscription: _Subscription, resources: Mapping[str, Encoded]
    ) -> Iterator[Response]:
        # A cluster goes only once no route in use names it, or requests would be lost in between.
        if type_url in (CLUSTER, ENDPOINT) and self._awaited(*_NAMING_CLUSTERS):
            return
        if gone := subscription.gone(resources):
            yield self._send(type_url, subscription, {}, gone)

    def _send(
        self, type_url: str, subscription: _Subscription, resources: Mapping[str, Encoded], gone: list[str]
    ) -> Response:
        nonce = str(next(self._nonces))
        versions = {name: encoded.version for name, encoded in resources.items()} | dict.fromkeys(gone, _GONE)
        subscription.sent |= versions
        subscription.in_flight[nonce] = versions
        return Response(type_url, nonce, resources, gone)

    def _forget_endpoints(self, clusters: Mapping[str, Encoded]) -> None:
        """A changed cluster waits for its endpoints anew, also where they are the same."""
        if (endpoints := self._subscriptions.get(ENDPOINT)) is not None:
            for name in clusters:
                endpoints.sent.pop(name, None)

    def _awaited(self, *type_urls: str) -> bool:
        return any(url in self._subscriptions and self._subscriptions[url].in_flight for url in type_urls)


def _opened(request: Request) -> _Subscription:
    """The first request of a type tells what the Envoy still has; naming nothing, it wants everything."""
    known = request.initial_versions or {}
    return _Subscription(wildcard=not request.subscribe, sent=dict(known), taken=dict(known))


def _resubscribe(subscription: _Subscription, request: Request) -> None:
    known = request.initial_versions or {}
    for name in request.subscribe:
        if name == "*":
            subscription.wildcard = True
            continue
        subscription.names.add(name)
        if name not in known:
            # Whoever asks anew has forgotten it, and is owed an answer also when nothing has changed.
            subscription.forget(name)
    for name in request.unsubscribe:
        subscription.names.discard(name)
        subscription.forget(name)
    if "*" in request.unsubscribe:
        subscription.wildcard = False


def _reject(subscription: _Subscription, versions: Mapping[str, str]) -> None:
    """Send the good ones of a refused response again, each by itself; a refused single one never."""
    for name in versions:
        subscription.sent.pop(name, None)
    if len(versions) > 1:
        subscription.suspected |= versions.keys()
    else:
        subscription.rejected |= versions

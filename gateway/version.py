"""What a version of the public API is: a table of endpoints, most of them those of the version before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from functools import cached_property
from typing import Self
from urllib.parse import quote

from gateway.contract import Contract
from gateway.endpoint import Endpoint, Handler


@dataclass(frozen=True)
class Retirement:
    """Since when what was replaced is deprecated, and from when on it may be gone; both in UTC."""

    deprecated: datetime
    sunset: datetime

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """As RFC 9745 and RFC 8594 tell of it."""
        return {
            "Deprecation": f"@{int(self.deprecated.timestamp())}",
            "Sunset": format_datetime(self.sunset, usegmt=True),
        }


@dataclass(frozen=True, slots=True)
class Change:
    """An operation of which a version has its own: another handler, and another contract under the same id.

    Its method and path, who may call it, its key and its flag stay as they are.
    """

    handler: Handler
    contract: Contract


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """One version. `about` tells its clients, in Markdown, what holds in it; `retires` when goes what it replaced."""

    number: int
    endpoints: tuple[Endpoint, ...]
    about: str
    retires: Retirement | None = None

    @property
    def name(self) -> str:
        """As paths have it."""
        return f"v{self.number}"

    @property
    def prefix(self) -> str:
        """What the paths of its endpoints stand below."""
        return f"/api/{self.name}"

    def succeeded(self, changes: Iterable[Change], about: str, retires: Retirement) -> Self:
        """The next version: the same endpoints but for `changes`. Raises ValueError for one of no operation here."""
        changed = {change.contract.id: change for change in changes}
        if unknown := changed.keys() - {endpoint.contract.id for endpoint in self.endpoints}:
            raise ValueError(f"{self.name} has no operation to change called {', '.join(sorted(unknown))}")
        endpoints = tuple(
            replace(endpoint, handler=change.handler, contract=change.contract)
            if (change := changed.get(endpoint.contract.id))
            else endpoint
            for endpoint in self.endpoints
        )
        return type(self)(self.number + 1, endpoints, about, retires)

    def operation(self, id: str) -> Endpoint:
        """The endpoint of the operation with this id."""
        return next(endpoint for endpoint in self.endpoints if endpoint.contract.id == id)


@dataclass(frozen=True, slots=True)
class Succession:
    """What has taken the place of an operation: `path` is its template, in the newest version."""

    path: str
    retirement: Retirement

    def successor(self, places: Mapping[str, str]) -> str:
        """The path with what its placeholders stand for."""
        return self.path.format_map(
            {name: quote(place, safe="", errors="replace") for name, place in places.items()}
        )


@dataclass(frozen=True, slots=True)
class Published:
    """An endpoint as one version has it; without a `succession` it is the same in the newest one."""

    version: Version
    endpoint: Endpoint
    succession: Succession | None

    @property
    def path(self) -> str:
        """The template of its whole path."""
        return self.version.prefix + self.endpoint.path


def published(versions: Sequence[Version]) -> Iterator[Published]:
    """Everything that these versions, the oldest first, have."""
    for place, version in enumerate(versions):
        for endpoint in version.endpoints:
            yield Published(version, endpoint, _succession(endpoint, versions[place + 1 :]))


def _succession(endpoint: Endpoint, later: Sequence[Version]) -> Succession | None:
    """By the first later version that has another, to the last."""
    id = endpoint.contract.id
    for version in later:
        if version.retires and version.operation(id) is not endpoint:
            newest = later[-1]
            return Succession(newest.prefix + newest.operation(id).path, version.retires)
    return None

"""Resources made fit to publish: encoded, versioned by content, and consistent among themselves."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from discovery.control_plane.bootstrap import LOG_COLLECTOR
from discovery.control_plane.codec import Codec, Encoded
from discovery.control_plane.resources import (
    CLUSTER,
    ENDPOINT,
    EXTENSION,
    LISTENER,
    ROUTE,
    Message,
    Resources,
)
from discovery.control_plane.resources.admission import signing_keys


class Inconsistent(Exception):
    """Resources that name what is not there. The message lists every such name."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything one role is given, by type URL and name. Equal content has equal versions everywhere.

    `signing_keys` are the kids of the keys that it verifies access tokens with.
    """

    resources: Mapping[str, Mapping[str, Encoded]]
    signing_keys: frozenset[str] = frozenset()


def snapshot(resources: Resources, codec: Codec, previous: Snapshot | None = None) -> Snapshot:
    """Check and encode `resources`; what `previous` has already is not encoded again. Raises `Inconsistent`."""
    if problems := inconsistencies(resources):
        raise Inconsistent("; ".join(problems))
    known = previous.resources if previous else {}
    return Snapshot(
        {
            url: {
                name: _encoded(message, codec, known.get(url, {}).get(name))
                for name, message in named.items()
            }
            for url, named in resources.items()
        },
        signing_keys(resources),
    )


def version(message: Message) -> str:
    """A hash of the content: control planes that know the same say the same."""
    return hashlib.blake2b(orjson.dumps(message, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()


def inconsistencies(resources: Resources) -> list[str]:
    """Every reference from one resource to another that leads nowhere, in words."""
    clusters, routes, extensions = resources[CLUSTER], resources[ROUTE], resources[EXTENSION]
    by_eds = {name for name, cluster in clusters.items() if cluster.get("type") == "EDS"}
    named = {*_values((resources[LISTENER], routes), "cluster")} - {LOG_COLLECTOR}
    return [
        *(f"cluster {name} is routed to and missing" for name in sorted(named - clusters.keys())),
        *(
            f"cluster {name} has no endpoint assignment"
            for name in sorted(by_eds - resources[ENDPOINT].keys())
        ),
        *(
            f"endpoint assignment {name} has no cluster"
            for name in sorted(resources[ENDPOINT].keys() - by_eds)
        ),
        *(f"route {name} is missing" for name in _missing(resources[LISTENER], "route_config_name", routes)),
        *(
            f"filter {name} is missing"
            for name in sorted(_discovered(resources[LISTENER]) - extensions.keys())
        ),
    ]


def _encoded(message: Message, codec: Codec, known: Encoded | None) -> Encoded:
    content = version(message)
    return known if known and known.version == content else codec.encode(message, content)


def _missing(tree: Any, key: str, present: Mapping[str, Message]) -> list[str]:
    return sorted({*_values(tree, key)} - present.keys())


def _values(tree: Any, key: str) -> Iterator[str]:
    """The strings under `key`, wherever in `tree` it stands."""
    for node in _nodes(tree):
        if isinstance(value := node.get(key), str):
            yield value


def _discovered(tree: Any) -> set[str]:
    return {node["name"] for node in _nodes(tree) if "config_discovery" in node}


def _nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(tree, Mapping):
        yield tree
        tree = tree.values()
    if not isinstance(tree, str | int | float | None):
        for branch in tree:
            yield from _nodes(branch)

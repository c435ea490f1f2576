"""In whose name a control plane acknowledges keys: edges that come, take, refuse, leave and return."""

import orjson
import pytest

from discovery.control_plane.codec import Encoded
from discovery.control_plane.edges import Edges
from discovery.control_plane.resources import EXTENSION
from discovery.control_plane.resources.admission import TOKENS, signing_keys
from discovery.control_plane.resources.build import build
from discovery.control_plane.settings import Settings
from discovery.control_plane.snapshot import Snapshot
from tests.unit.discovery.catalogs import catalog

PATIENCE = 5.0


class Published:
    """What the control plane has for its edges, and what time it is."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self.now = 1000.0
        self.edges = Edges(lambda: self.snapshot, PATIENCE, lambda: self.now)

    def put(self, version: str, *kids: str) -> None:
        """Publish these keys, and tell them."""
        encoded = Encoded(version, EXTENSION, b"")
        self.snapshot = Snapshot({EXTENSION: {TOKENS: encoded}}, frozenset(kids))
        self.edges.offer(self.snapshot)


@pytest.fixture
def published() -> Published:
    """Started a while ago."""
    found = Published()
    found.now += PATIENCE
    return found


@pytest.fixture
def edges(published: Published) -> Edges:
    return published.edges


def test_before_the_first_snapshot_nothing_is_acknowledged(edges: Edges) -> None:
    assert (edges.signing_keys(), edges.waits_for()) == ([], ["consul, for a first snapshot"])


def test_without_edges_it_is_what_the_next_one_would_get(edges: Edges, published: Published) -> None:
    published.put("1", "a", "b")
    assert (edges.signing_keys(), edges.waits_for()) == (["a", "b"], [])


def test_an_edge_verifies_with_what_it_has_taken(edges: Edges, published: Published) -> None:
    published.put("1", "a")
    published.put("2", "a", "b")
    with edges.connected("edge-1") as edge:
        assert edges.signing_keys() == []
        edge.version = "1"
        assert edges.signing_keys() == ["a"]
        assert edges.waits_for() == ["edge-1, which has not taken them yet"]
        edge.version = "2"
        assert (edges.signing_keys(), edges.waits_for()) == (["a", "b"], [])


def test_the_slowest_of_them_counts(edges: Edges, published: Published) -> None:
    published.put("1", "a")
    published.put("2", "a", "b")
    with edges.connected("edge-1") as fast, edges.connected("edge-2") as slow:
        fast.version, slow.version = "2", "1"
        assert edges.signing_keys() == ["a"]
        assert edges.waits_for() == ["edge-2, which has not taken them yet"]


def test_a_key_that_is_no_longer_published_is_not_acknowledged(edges: Edges, published: Published) -> None:
    published.put("1", "a", "b")
    published.put("2", "b")
    with edges.connected("edge-1") as edge:
        edge.version = "1"
        assert (edges.signing_keys(), edges.waits_for()) == (["b"], [])


def test_one_that_refuses_says_why(edges: Edges, published: Published) -> None:
    published.put("1", "a")
    published.put("2", "a", "b")
    with edges.connected("edge-1") as edge:
        edge.version, edge.refusal = "1", "no such curve"
        assert edges.signing_keys() == ["a"]
        assert edges.waits_for() == ["edge-1, which refuses them: no such curve"]


def test_one_with_a_version_that_nobody_remembers_acknowledges_nothing(
    edges: Edges, published: Published
) -> None:
    for n in range(20):
        published.put(f"{n}", "a")
    with edges.connected("edge-1") as edge:
        edge.version = "0"
        assert edges.signing_keys() == []
        edge.version = "19"
        assert edges.signing_keys() == ["a"]


def test_one_that_has_left_is_waited_for_a_while(edges: Edges, published: Published) -> None:
    published.put("1", "a")
    published.put("2", "a", "b")
    with edges.connected("edge-1") as edge:
        edge.version = "1"
    assert edges.signing_keys() == ["a"]
    assert edges.waits_for() == ["edge-1, which has left a moment ago"]
    published.now += PATIENCE
    assert (edges.signing_keys(), edges.waits_for()) == (["a", "b"], [])


def test_one_that_has_come_back_is_what_it_is_now(edges: Edges, published: Published) -> None:
    published.put("1", "a")
    published.put("2", "a", "b")
    with edges.connected("edge-1") as edge:
        edge.version = "1"
    with edges.connected("edge-1") as edge:
        edge.version = "2"
        assert (edges.signing_keys(), edges.waits_for()) == (["a", "b"], [])


def test_the_end_of_an_old_stream_is_no_departure(edges: Edges, published: Published) -> None:
    published.put("1", "a")
    published.put("2", "a", "b")
    old = edges.connected("edge-1")
    old.__enter__().version = "1"
    with edges.connected("edge-1") as new:
        new.version = "2"
        old.__exit__(None, None, None)
        assert (edges.signing_keys(), edges.waits_for()) == (["a", "b"], [])


def test_a_control_plane_that_has_just_started_speaks_for_nobody() -> None:
    published = Published()
    published.put("1", "a")
    assert published.edges.signing_keys() == []
    assert published.edges.waits_for() == ["edges that may be on their way to it, since it has just started"]


def test_the_kids_of_a_filter_are_those_of_its_keys() -> None:
    jwks = orjson.dumps({"keys": [{"kid": "a", "x": "1"}, {"kid": "b", "x": "2"}]}).decode()
    assert signing_keys(build("edge", catalog(jwks), Settings())) == {"a", "b"}
    assert signing_keys(build("egress", catalog(jwks), Settings())) == frozenset()

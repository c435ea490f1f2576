"""The delta protocol as seen by one Envoy, as pure data."""

import pytest

from discovery.control_plane.codec import Encoded, Request, Response
from discovery.control_plane.resources import CLUSTER, ENDPOINT, EXTENSION, LISTENER, ROUTE, SHORT_NAMES
from discovery.control_plane.session import Session
from discovery.control_plane.snapshot import Snapshot


def snapshot(**named: dict[str, str]) -> Snapshot:
    """A snapshot of versions: type → name → version."""
    return Snapshot(
        {
            url: {name: Encoded(version, url, b"") for name, version in named.get(short, {}).items()}
            for url, short in SHORT_NAMES.items()
        }
    )


def told(session: Session, published: Snapshot) -> list[tuple[str, dict[str, str], list[str]]]:
    """What a session sends: type, versions by name, removed names."""
    return [_plain(response) for response in session.responses(published)]


def _plain(response: Response) -> tuple[str, dict[str, str], list[str]]:
    versions = {name: encoded.version for name, encoded in response.resources.items()}
    return SHORT_NAMES[response.type_url], versions, list(response.removed)


def acknowledged(session: Session, published: Snapshot) -> None:
    """Send everything that is news, and have it taken."""
    for response in list(session.responses(published)):
        session.receive(Request(response.type_url, nonce=response.nonce))


@pytest.fixture
def subscribed() -> Session:
    """An Envoy that wants every cluster and listener, and by name endpoints and routes."""
    session = Session()
    for request in (
        Request(CLUSTER),
        Request(ENDPOINT, subscribe=("order",)),
        Request(LISTENER),
        Request(EXTENSION, subscribe=("keys",)),
        Request(ROUTE, subscribe=("edge",)),
    ):
        session.receive(request)
    return session


def test_everything_is_sent_once_and_named_things_before_what_names_them(subscribed: Session) -> None:
    published = snapshot(
        route={"edge": "1"},
        listener={"edge": "1"},
        endpoint={"order": "1", "auth": "1"},
        cluster={"order": "1"},
        extension={"keys": "1"},
    )
    assert told(subscribed, published) == [
        ("cluster", {"order": "1"}, []),
        ("endpoint", {"order": "1"}, []),
        ("listener", {"edge": "1"}, []),
        ("extension", {"keys": "1"}, []),
        ("route", {"edge": "1"}, []),
    ]
    assert told(subscribed, published) == []


def test_only_what_changed_is_sent() -> None:
    session = Session()
    session.receive(Request(CLUSTER))
    acknowledged(session, snapshot(cluster={"a": "1", "b": "1"}))
    assert told(session, snapshot(cluster={"a": "1", "b": "2"})) == [("cluster", {"b": "2"}, [])]


def test_a_changed_cluster_gets_its_unchanged_endpoints_again(subscribed: Session) -> None:
    rest = {"listener": {"edge": "1"}, "extension": {"keys": "1"}, "route": {"edge": "1"}}
    acknowledged(subscribed, snapshot(cluster={"order": "1"}, endpoint={"order": "1"}, **rest))
    assert told(subscribed, snapshot(cluster={"order": "2"}, endpoint={"order": "1"}, **rest)) == [
        ("cluster", {"order": "2"}, []),
        ("endpoint", {"order": "1"}, []),
    ]


def test_an_envoy_that_comes_back_is_told_only_the_difference() -> None:
    session = Session()
    session.receive(Request(CLUSTER, initial_versions={"same": "1", "old": "1", "gone": "1"}))
    assert told(session, snapshot(cluster={"same": "1", "old": "2"})) == [
        ("cluster", {"old": "2"}, []),
        ("cluster", {}, ["gone"]),
    ]


def test_a_newly_named_resource_is_answered_at_an_unchanged_version() -> None:
    session, published = Session(), snapshot(endpoint={"order": "1"})
    session.receive(Request(ENDPOINT, subscribe=("order",)))
    acknowledged(session, published)
    session.receive(Request(ENDPOINT, subscribe=("order",)))
    assert told(session, published) == [("endpoint", {"order": "1"}, [])]


def test_what_is_asked_for_and_missing_is_said_to_be_gone_once_and_sent_when_it_appears() -> None:
    session = Session()
    session.receive(Request(ENDPOINT, subscribe=("order",)))
    assert told(session, snapshot()) == [("endpoint", {}, ["order"])]
    assert told(session, snapshot()) == []
    assert told(session, snapshot(endpoint={"order": "1"})) == [("endpoint", {"order": "1"}, [])]


def test_what_is_unsubscribed_is_not_sent() -> None:
    session = Session()
    session.receive(Request(ENDPOINT, subscribe=("order", "auth")))
    session.receive(Request(ENDPOINT, unsubscribe=("auth",)))
    assert told(session, snapshot(endpoint={"order": "1", "auth": "1"})) == [("endpoint", {"order": "1"}, [])]


def test_a_cluster_goes_only_after_the_routes_without_it_are_taken(subscribed: Session) -> None:
    before = snapshot(
        cluster={"order": "1", "old": "1"},
        endpoint={"order": "1"},
        listener={"edge": "1"},
        extension={"keys": "1"},
        route={"edge": "1"},
    )
    acknowledged(subscribed, before)
    after = Snapshot(
        {
            **before.resources,
            CLUSTER: {"order": before.resources[CLUSTER]["order"]},
            ROUTE: {"edge": Encoded("2", ROUTE, b"")},
        }
    )
    (routes,) = subscribed.responses(after)
    assert _plain(routes) == ("route", {"edge": "2"}, [])
    assert told(subscribed, after) == []
    subscribed.receive(Request(ROUTE, nonce=routes.nonce))
    assert told(subscribed, after) == [("cluster", {}, ["old"])]


def test_a_rejected_resource_is_not_sent_again_until_it_changes() -> None:
    session, published = Session(), snapshot(listener={"edge": "bad"})
    session.receive(Request(LISTENER))
    (response,) = session.responses(published)
    rejection = session.receive(Request(LISTENER, nonce=response.nonce, error="no such field"))
    assert rejection is not None
    assert (rejection.versions, rejection.reason) == ({"edge": "bad"}, "no such field")
    assert told(session, published) == []
    assert told(session, snapshot(listener={"edge": "good"})) == [("listener", {"edge": "good"}, [])]


def test_after_a_rejected_batch_the_good_ones_are_sent_each_by_itself() -> None:
    session, published = Session(), snapshot(cluster={"bad": "1", "good": "1"})
    session.receive(Request(CLUSTER))
    (batch,) = session.responses(published)
    session.receive(Request(CLUSTER, nonce=batch.nonce, error="bad is bad"))
    bad, good = session.responses(published)
    assert [_plain(bad), _plain(good)] == [("cluster", {"bad": "1"}, []), ("cluster", {"good": "1"}, [])]
    session.receive(Request(CLUSTER, nonce=bad.nonce, error="bad is bad"))
    session.receive(Request(CLUSTER, nonce=good.nonce))
    assert told(session, published) == []


def test_an_answer_to_nothing_that_was_sent_changes_nothing() -> None:
    session, published = Session(), snapshot(listener={"edge": "1"})
    session.receive(Request(LISTENER))
    acknowledged(session, published)
    assert session.receive(Request(LISTENER, nonce="99", error="stale")) is None
    assert told(session, published) == []


def test_what_an_envoy_has_is_what_it_has_acknowledged() -> None:
    session, published = Session(), snapshot(extension={"keys": "1"})
    session.receive(Request(EXTENSION, subscribe=("keys",)))
    (response,) = session.responses(published)
    assert session.taken(EXTENSION, "keys") is None
    session.receive(Request(EXTENSION, nonce=response.nonce))
    assert session.taken(EXTENSION, "keys") == "1"
    (refused,) = session.responses(snapshot(extension={"keys": "2"}))
    session.receive(Request(EXTENSION, nonce=refused.nonce, error="no"))
    assert session.taken(EXTENSION, "keys") == "1"
    session.receive(Request(EXTENSION, subscribe=("keys",)))
    assert session.taken(EXTENSION, "keys") is None


def test_one_that_comes_back_has_what_it_says() -> None:
    session = Session()
    session.receive(Request(EXTENSION, subscribe=("keys",), initial_versions={"keys": "1"}))
    assert session.taken(EXTENSION, "keys") == "1"
    assert session.taken(CLUSTER, "keys") is None

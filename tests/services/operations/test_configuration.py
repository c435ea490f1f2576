"""Configuration and flags: shown, changed, refused, and written down."""

from typing import Any

import pytest

from discovery.consul import kv
from discovery.consul.client import consul_client
from tests.answers import Answer
from tests.services.operations.conftest import Office
from tests.tokens import Issuer

CALLS = [
    ("GET", "/config"),
    ("GET", "/config/limits"),
    ("PUT", "/config/limits"),
    ("GET", "/flags"),
    ("GET", "/flags/x"),
    ("PUT", "/flags/x"),
    ("DELETE", "/flags/x"),
]


async def put(office: Office, path: str, body: Any) -> Answer:
    async with office.instance.http.put(path, json=body, headers=office.admin) as response:
        return await Answer.of(response)


async def by_hand(office: Office, key: str, value: bytes) -> None:
    """As somebody does who goes to Consul."""
    async with consul_client(office.here.layout.url("consul")) as client:
        await kv.put(client, f"{office.here.name}/{key}", value)


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_only_administrators_get_in(office: Office, issuer: Issuer, method: str, path: str) -> None:
    for headers, status in (({}, 401), (issuer.bearer("c"), 403), (issuer.bearer("s", "support"), 403)):
        async with office.instance.http.request(method, path, headers=headers, json={}) as response:
            assert response.status == status


async def test_a_section_is_changed_and_goes_back(office: Office) -> None:
    before = (await office.get("/config/limits")).body
    assert (before["overrides"], before["version"], before["problem"]) == ({}, 0, None)
    assert before["effective"] == before["defaults"]
    body = {"overrides": {"user": {"requests": 7}}, "version": 0}
    after = (await put(office, "/config/limits", body)).body
    assert after["effective"]["user"] == {"requests": 7, "seconds": before["defaults"]["user"]["seconds"]}
    assert after["effective"]["routes"] == before["defaults"]["routes"]
    assert after["version"] > 0
    assert [one["name"] for one in (await office.get("/config")).body["items"] if one["overrides"]] == [
        "limits"
    ]
    reset = (await put(office, "/config/limits", {"overrides": {}})).body
    assert (reset["effective"], reset["version"]) == (before["defaults"], 0)


async def test_who_changes_what_has_changed_meanwhile_is_told(office: Office) -> None:
    body = {"overrides": {"enabled": False}, "version": 0}
    assert (await put(office, "/config/limits", body)).status == 200
    assert (await put(office, "/config/limits", body)).status == 200, "the same again changes nothing"
    late = await put(office, "/config/limits", {"overrides": {}, "version": 0})
    assert (late.status, late.body["type"]) == (409, "urn:portico:problem:changed-meanwhile")


@pytest.mark.parametrize(
    ("section", "body", "status", "field"),
    [
        ("limits", {"overrides": {"user": {"requests": 0}}}, 422, "overrides.user.requests"),
        ("limits", {"overrides": {"users": {}}}, 422, "overrides.users"),
        ("limits", {"overrides": []}, 422, "overrides"),
        ("limits", {"overrides": {}, "version": -1}, 422, "version"),
        ("limits", {"overrides": {}, "version": False}, 422, "version"),
        ("limits", {"overrides": {"user": {"requests": 2**70}}}, 422, "overrides.body"),
        ("limits", {"override": {}}, 422, "override"),
        ("nothing", {"overrides": {}}, 404, None),
    ],
)
async def test_what_makes_no_sense_is_refused(
    office: Office, section: str, body: Any, status: int, field: str | None
) -> None:
    answer = await put(office, f"/config/{section}", body)
    assert answer.status == status, answer.body
    if field:
        assert field in [error["field"] for error in answer.body["errors"]]
    assert (await office.get("/config/limits")).body["overrides"] == {}


async def test_what_was_broken_by_hand_is_shown_and_can_be_mended(office: Office) -> None:
    await by_hand(office, "config/limits", b"{broken")
    shown = (await office.get("/config/limits")).body
    assert (shown["overrides"], shown["effective"]) == ("{broken", shown["defaults"])
    assert "JSON" in shown["problem"]
    mended = await put(office, "/config/limits", {"overrides": {"enabled": False}})
    assert (mended.status, mended.body["problem"]) == (200, None)


async def test_a_flag_is_set_shown_and_removed(office: Office) -> None:
    wanted = {"enabled": True, "percentage": 25.0, "roles": ["customer"], "description": "try it"}
    assert (await put(office, "/flags/new-home", wanted)).status == 200
    shown = (await office.get("/flags/new-home")).body
    assert {name: shown[name] for name in wanted} == wanted
    assert [one["name"] for one in (await office.get("/flags")).body["items"]] == ["new-home"]
    assert (await put(office, "/flags/new-home", {**wanted, "percentage": 30.0, "version": 1})).status == 409
    async with office.instance.http.delete("/flags/new-home", headers=office.admin) as response:
        assert response.status == 204
    assert (await office.get("/flags/new-home")).status == 404


@pytest.mark.parametrize("name", ["New", "a_b", "x" * 65, "-a"])
async def test_what_cannot_be_the_name_of_a_flag(office: Office, name: str) -> None:
    assert (await put(office, f"/flags/{name}", {})).status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [({"percentage": 101}, "percentage"), ({"roles": ["boss"]}, "roles.0"), ({"on": True}, "on")],
)
async def test_what_is_no_flag(office: Office, body: Any, field: str) -> None:
    answer = await put(office, "/flags/x", body)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)


async def test_an_unreadable_flag_does_not_hide_the_others(office: Office) -> None:
    await by_hand(office, "flags/bad", b"?")
    await put(office, "/flags/good", {})
    shown = {one["name"]: one["problem"] for one in (await office.get("/flags")).body["items"]}
    assert (shown["good"], bool(shown["bad"])) == (None, True)


async def test_every_change_is_written_down_with_what_came_of_it(office: Office) -> None:
    await put(office, "/config/limits", {"overrides": {"enabled": False}})
    await put(office, "/config/limits", {"overrides": {"enabled": "no"}})
    await put(office, "/flags/new-home", {"percentage": 5})
    entries = [(one["action"], one["subjects"], one["outcome"]) for one in await office.audit()]
    assert entries == [
        ("set_flag", ["flags/new-home"], "done"),
        ("configure", ["config/limits"], "refused: invalid"),
        ("configure", ["config/limits"], "done"),
    ]
    first = (await office.audit(subject="config/limits"))[-1]
    assert (first["user_id"], first["details"]) == ("ada", {"overrides": '{"enabled": false}'})

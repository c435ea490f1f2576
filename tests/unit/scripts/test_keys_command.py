"""How `portico keys` follows a rotation, and what it says when it has waited long enough."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import typer
from aiohttp import web
from typer.testing import CliRunner

from scripts.cli import app
from scripts.commands.keys import _list, _rotate
from scripts.console import console
from tests.serving import serving

AT = "2026-01-15T09:30:00Z"
WAITING = {"instance": "order-2", "reason": "does not answer"}


def key(kid: str, state: str, **fields: Any) -> dict[str, Any]:
    times = ("acknowledged_at", "activated_at", "accepted_until", "removed_at")
    shown = {"kid": kid, "state": state, "reason": "by hand", "asked_by": None, "created_at": AT}
    return {**shown, **dict.fromkeys(times), **fields}


class Platform:
    """Answers for the keys, look after look; the last answer stays. 401 stands for a token that is refused."""

    def __init__(self) -> None:
        self.looks: list[Any] = []
        self.logins = 0
        self.wishes: list[Any] = []

    def application(self) -> web.Application:
        """What it serves."""
        app = web.Application()
        app.router.add_post("/api/v1/auth/login", self._log_in)
        app.router.add_post("/api/v2/admin/keys/rotation", self._rotate)
        app.router.add_get("/api/v2/admin/keys", self._look)
        return app

    async def _log_in(self, _request: web.Request) -> web.Response:
        self.logins += 1
        return web.json_response({"access_token": f"t{self.logins}"})

    async def _rotate(self, request: web.Request) -> web.Response:
        assert request.headers["Idempotency-Key"]
        self.wishes.append(await request.json())
        return web.json_response(key("new", "published"), status=202)

    async def _look(self, _request: web.Request) -> web.Response:
        found = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return web.json_response({}, status=401) if found == 401 else web.json_response(found)


@pytest.fixture
async def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    found = Platform()
    async with serving(found.application()) as port:
        monkeypatch.setenv("PORTICO_HOME", str(tmp_path))
        monkeypatch.setenv("PORTICO_PORT_EDGE", str(port))
        yield found


PUBLISHED = {
    "items": [key("new", "published"), key("old", "active", activated_at=AT)],
    "awaited": {"kid": "new", "acknowledged": 6, "waiting_for": [WAITING]},
}
ACTIVE = {
    "items": [
        key("new", "active", acknowledged_at=AT, activated_at=AT),
        key("old", "retired", activated_at=AT, accepted_until="2026-01-15T09:46:05Z"),
    ],
    "awaited": None,
}


async def test_a_rotation_is_followed_until_the_new_key_signs(platform: Platform) -> None:
    platform.looks = [PUBLISHED, 401, ACTIVE]
    with console.capture() as captured:
        await _rotate({"reason": "a drill", "revoke": True}, 10.0)
    lines = captured.get().splitlines()
    assert lines == [
        "✓ published   new",
        "✓ acknowledged by all",
        "✓ active",
        "  old is accepted until 2026-01-15 09:46:05",
    ]
    assert platform.wishes == [{"reason": "a drill", "revoke": True}]
    # The token that it began with was revoked.
    assert platform.logins == 2


async def test_who_has_waited_long_enough_is_told_that_nothing_is_lost(platform: Platform) -> None:
    platform.looks = [PUBLISHED]
    with console.capture() as captured, pytest.raises(typer.Exit) as left:
        await _rotate({"reason": "by hand", "revoke": False}, 0.2)
    assert left.value.exit_code == 1
    said = " ".join(captured.get().split())
    assert "waiting for order-2 (does not answer)" in said
    assert "signs with the old key until then" in said


async def test_the_list_names_who_is_waited_for(platform: Platform) -> None:
    platform.looks = [PUBLISHED]
    with console.capture() as captured:
        await _list()
    table, position = captured.get().rsplit("\n", 2)[:2]
    assert [line.split()[:2] for line in table.splitlines()[1:]] == [["new", "published"], ["old", "active"]]
    assert position == "acknowledged by 6 of 7, waiting for order-2 (does not answer)"


def test_a_wait_of_less_than_nothing_is_refused() -> None:
    assert CliRunner().invoke(app, ["keys", "rotate", "--wait", "-1"]).exit_code == 2

import asyncio
from datetime import timedelta

import pytest

from services.chassis.clock import utcnow
from tests.parts import Corner
from tests.services.auth.client import PASSWORD, Auth, RunAuth


@pytest.fixture
async def token(auth: Auth) -> str:
    """The first refresh token of a session."""
    await auth.register()
    return str((await auth.login()).body["refresh_token"])


async def let_pass(here: Corner, seconds: float) -> None:
    """Make every exchange of the session as old as if so much time had passed."""
    sessions = here.db("auth").sessions
    [stored] = await sessions.find().to_list()
    for rotation in stored["session"]["rotations"]:
        rotation["at"] -= timedelta(seconds=seconds)
    await sessions.replace_one({"_id": stored["_id"]}, stored)


async def test_a_refresh_token_is_exchanged_for_the_next_pair(auth: Auth, token: str) -> None:
    first = await auth.refresh(token)
    assert first.status == 200
    assert first.body.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert first.headers["Cache-Control"] == "no-store"
    second = await auth.refresh(first.body["refresh_token"])
    assert second.status == 200
    assert len({token, first.body["refresh_token"], second.body["refresh_token"]}) == 3


async def test_within_ten_seconds_the_same_successor_is_returned_by_any_instance(
    auth: Auth, run_auth: RunAuth, token: str
) -> None:
    other = await run_auth(instance="auth-2")
    first, again = await auth.refresh(token), await other.refresh(token)
    assert again.status == 200
    assert again.body["refresh_token"] == first.body["refresh_token"]
    assert (await other.refresh(first.body["refresh_token"])).status == 200


async def test_of_many_exchanges_at_once_all_get_the_same_successor(
    auth: Auth, run_auth: RunAuth, token: str
) -> None:
    other = await run_auth(instance="auth-2")
    answers = await asyncio.gather(
        *(instance.refresh(token) for instance in (auth, other) for _ in range(10))
    )
    assert {answer.status for answer in answers} == {200}
    [successor] = {answer.body["refresh_token"] for answer in answers}
    assert (await auth.refresh(successor)).status == 200


async def test_a_replayed_token_revokes_the_family(auth: Auth, here: Corner, token: str) -> None:
    successor = (await auth.refresh(token)).body["refresh_token"]
    await let_pass(here, 11)
    assert (await auth.refresh(token)).status == 401
    assert (await auth.refresh(successor)).status == 401


async def test_a_replay_revokes_no_other_session(auth: Auth, here: Corner, token: str) -> None:
    await auth.refresh(token)
    await let_pass(here, 11)
    elsewhere = (await auth.login()).body["refresh_token"]
    assert (await auth.refresh(token)).status == 401
    assert (await auth.refresh(elsewhere)).status == 200


async def test_an_expired_session_is_over(auth: Auth, here: Corner, token: str) -> None:
    await here.db("auth").sessions.update_one({}, {"$set": {"session.expires_at": utcnow()}})
    assert (await auth.refresh(token)).status == 401


async def test_who_signed_out_cannot_refresh(auth: Auth, token: str) -> None:
    successor = (await auth.refresh(token)).body["refresh_token"]
    assert (await auth.logout(successor)).status == 204
    for given_up in (token, successor):
        assert (await auth.refresh(given_up)).status == 401
    assert (await auth.logout(successor)).status == 204


@pytest.mark.parametrize("token", ["x", "x.y", ".", "a" * 200, "\x00.\x00"])
async def test_what_is_no_token_is_refused(auth: Auth, token: str) -> None:
    assert (await auth.refresh(token)).status == 401
    assert (await auth.logout(token)).status == 204


async def test_an_account_that_is_gone_cannot_refresh(auth: Auth, here: Corner, token: str) -> None:
    await here.db("auth").accounts.delete_many({})
    assert (await auth.refresh(token)).status == 401


async def test_no_secret_is_stored_in_plain_text(auth: Auth, here: Corner, token: str) -> None:
    pair = (await auth.refresh(token)).body
    db = here.db("auth")
    stored = str([await db[name].find().to_list() for name in await db.list_collection_names()])
    for secret in (
        PASSWORD,
        token.partition(".")[2],
        pair["refresh_token"].partition(".")[2],
        pair["access_token"],
    ):
        assert secret not in stored

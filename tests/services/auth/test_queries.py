"""Each query is served by an index: what `explain` says of it."""

from typing import Any

import pytest

from tests.parts import Corner
from tests.services.auth.client import Auth


@pytest.mark.parametrize(
    ("collection", "wanted", "index"),
    [
        ("accounts", {"account.email": "user7@example.com"}, "email"),
        ("sessions", {"session.user_id": "7"}, "user"),
        ("signing_keys", {"generation": 1}, "generation"),
    ],
)
async def test_a_query_examines_only_what_it_returns(
    auth: Auth, here: Corner, collection: str, wanted: dict[str, Any], index: str
) -> None:
    await fill(here)
    explained = await here.db("auth")[collection].find(wanted).explain()
    statistics = explained["executionStats"]
    assert "COLLSCAN" not in str(explained["queryPlanner"]["winningPlan"])
    assert f"'indexName': '{index}'" in str(explained["queryPlanner"]["winningPlan"])
    assert statistics["nReturned"] == statistics["totalDocsExamined"] == 1


@pytest.mark.parametrize("collection", ["accounts", "sessions", "guesses"])
async def test_a_lookup_by_id_examines_one_document(auth: Auth, here: Corner, collection: str) -> None:
    await fill(here)
    explained = await here.db("auth")[collection].find({"_id": "7"}).explain()
    assert "COLLSCAN" not in str(explained["queryPlanner"]["winningPlan"])
    assert explained["executionStats"]["totalDocsExamined"] == 1


async def test_sessions_expire_by_themselves(auth: Auth, here: Corner) -> None:
    indexes = await here.db("auth").sessions.index_information()
    assert indexes["expiry"]["expireAfterSeconds"] == 0


async def fill(here: Corner) -> None:
    db, numbers = here.db("auth"), range(1000)
    await db.accounts.insert_many(
        [{"_id": str(n), "account": {"email": f"user{n}@example.com"}} for n in numbers]
    )
    await db.sessions.insert_many([{"_id": str(n), "session": {"user_id": str(n)}} for n in numbers])
    await db.guesses.insert_many([{"_id": str(n), "guesses": {"failures": 1}} for n in numbers])

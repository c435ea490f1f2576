import asyncio
from time import perf_counter
from typing import Any

import orjson
import pytest

from services.chassis.identity import VERIFIER
from services.contracts.auth import UserRegistered
from tests.answers import Answer
from tests.parts import Corner, Listener, eventually
from tests.services.auth.client import PASSWORD, Auth, RunAuth
from tests.tokens import Issuer


async def test_who_registers_gets_an_id_and_can_sign_in(auth: Auth) -> None:
    registered = await auth.register()
    assert registered.status == 201
    assert registered.body.keys() == {"user_id", "email"}
    signed_in = await auth.login()
    assert signed_in.status == 200
    assert signed_in.body.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (signed_in.body["token_type"], signed_in.body["expires_in"]) == ("Bearer", 900)
    assert signed_in.headers["Cache-Control"] == "no-store"


async def test_who_has_signed_in_reads_the_own_account(auth: Auth) -> None:
    registered = await auth.post(
        "/register", email="ann@example.com", password=PASSWORD, full_name="Ann Example"
    )
    token = (await auth.login()).body["access_token"]

    async def mine() -> Answer | None:
        answer = await auth.me(token)
        return answer if answer.status == 200 else None

    # Its own key comes back to the service by way of Consul.
    answer = await eventually(mine)
    assert answer.body.pop("registered_at")
    assert answer.body == {**registered.body, "full_name": "Ann Example", "roles": ["customer"]}
    assert answer.headers["Cache-Control"] == "no-store"


async def test_an_account_is_nobody_else_s(auth: Auth, issuer: Issuer) -> None:
    assert (await auth.me("")).status == 401
    auth.instance.app[VERIFIER].learn(issuer.jwks)
    assert (await auth.me(issuer.token("somebody who is gone"))).status == 404


async def test_the_registration_is_said_with_ids_only(auth: Auth, here: Corner) -> None:
    unrouted = await Listener.of(here.channel, "portico.unrouted")
    user_id = (await auth.register()).body["user_id"]
    said = await unrouted.raw()
    assert said.type == UserRegistered.kind
    assert UserRegistered.model_validate_json(said.body).user_id == user_id
    assert orjson.loads(said.body).keys() == {"user_id", "registered_at"}


async def test_an_email_is_taken_whatever_its_case(auth: Auth) -> None:
    await auth.register("ann@example.com")
    again = await auth.register(" Ann@EXAMPLE.com")
    assert (again.status, again.slug) == (409, "email-in-use")
    assert (await auth.login("ANN@example.com ")).status == 200


async def test_of_many_registrations_at_once_one_wins(auth: Auth) -> None:
    answers = await asyncio.gather(*(auth.register() for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 9


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("password", {"password": "too short"}),
        ("password", {"password": "x" * 129}),
        ("email", {"email": "nobody"}),
        ("email", {"email": "a@b@c"}),
        ("email", {"email": {"$ne": None}}),
        ("roles", {"roles": ["admin"]}),
        ("full_name", {"full_name": ""}),
    ],
)
async def test_an_invalid_field_is_named(auth: Auth, field: str, change: dict[str, Any]) -> None:
    answer = await auth.post("/register", **{"email": "ann@example.com", "password": PASSWORD, **change})
    assert answer.status == 422
    assert [error["field"] for error in answer.body["errors"]] == [field]
    assert all(str(value) not in str(answer.body) for name, value in change.items() if name == "password")


async def test_a_password_of_ten_characters_is_long_enough(auth: Auth) -> None:
    assert (await auth.register(password="ten chars!")).status == 201
    assert (await auth.register("bob@example.com", "x" * 128)).status == 201


async def test_an_unknown_email_and_a_wrong_password_look_the_same(auth: Auth) -> None:
    await auth.register()
    wrong, unknown = await auth.login(password="not the one"), await auth.login("bob@example.com")
    for answer in (wrong, unknown):
        assert answer.status == 401
        del answer.body["trace_id"]
    assert wrong.body == unknown.body


async def test_an_unknown_email_takes_as_long_as_a_wrong_password(run_auth: RunAuth) -> None:
    slow = await run_auth(argon2_passes=40, argon2_memory_kib=8 * 1024)
    await slow.register()

    async def fastest(email: str) -> float:
        times = []
        for _ in range(4):
            started = perf_counter()
            assert (await slow.login(email, "not the one")).status == 401
            times.append(perf_counter() - started)
        return min(times)

    known, unknown = await fastest("ann@example.com"), await fastest("bob@example.com")
    assert unknown > known / 2


async def test_a_hash_of_another_cost_is_renewed_at_the_next_login(run_auth: RunAuth, here: Corner) -> None:
    await (await run_auth()).register()
    dearer = await run_auth(argon2_passes=2)

    async def stored() -> str:
        [found] = await here.db("auth").accounts.find().to_list()
        return str(found["account"]["password_hash"])

    before = await stored()
    assert (await dearer.login(password="not the one")).status == 401
    assert await stored() == before
    assert (await dearer.login()).status == 200
    renewed = await stored()
    assert "t=1," in before and "t=2," in renewed
    assert (await dearer.login()).status == 200
    assert await stored() == renewed

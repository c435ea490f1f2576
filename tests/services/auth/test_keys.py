import asyncio
import json

import jwt
import pytest
from aiohttp import web
from consul.aio import Consul
from pydantic import SecretStr

from discovery.consul import kv
from services.auth.app import make_app
from services.chassis.identity import Verifier
from tests.parts import Corner, eventually
from tests.services.auth.client import Auth, RunAuth


async def published(consul: Consul, auth: Auth) -> bytes:
    found = (await kv.read(consul, auth.settings.jwks_key)).value
    assert found is not None
    return found


async def test_an_access_token_is_verified_with_the_published_keys(auth: Auth, consul: Consul) -> None:
    user_id = (await auth.register()).body["user_id"]
    token = (await auth.login()).body["access_token"]
    caller = Verifier(await published(consul, auth)).verify(token)
    assert (caller.user_id, set(caller.roles)) == (user_id, {"customer"})


async def test_an_access_token_says_exactly_what_it_should(auth: Auth) -> None:
    user_id = (await auth.register()).body["user_id"]
    token = (await auth.login()).body["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims.pop("exp") - claims.pop("iat") == 900
    assert claims == {"iss": "portico-auth", "aud": "portico", "sub": user_id, "roles": ["customer"]}
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "EdDSA"


async def test_the_answer_for_keys_is_what_is_published_and_has_no_private_part(
    auth: Auth, consul: Consul
) -> None:
    async with auth.instance.http.get("/jwks") as response:
        assert await response.read() == await published(consul, auth)
        [key] = (await response.json())["keys"]
    assert key.keys() == {"kty", "crv", "x", "kid", "use", "alg"}
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")


async def test_instances_that_start_together_share_one_key(run_auth: RunAuth, consul: Consul) -> None:
    together = await asyncio.gather(*(run_auth(instance=f"auth-{n}") for n in range(4)))
    # Documents are bound to one client a process: to register, it has to be the one started last.
    instances = [await run_auth(instance="auth-last"), *together]
    assert len(json.loads(await published(consul, instances[0]))["keys"]) == 1
    await instances[0].register()
    tokens = [(await instance.login()).body["access_token"] for instance in instances]
    assert len({jwt.get_unverified_header(token)["kid"] for token in tokens}) == 1


@pytest.mark.parametrize("damage", [None, b'{"keys": []}'])
async def test_keys_that_are_gone_or_differ_are_published_again(
    run_auth: RunAuth, consul: Consul, damage: bytes | None
) -> None:
    auth = await run_auth(jwks_check_seconds=0.05)
    good = await published(consul, auth)
    if damage is None:
        await consul.kv.delete(auth.settings.jwks_key)
    else:
        await consul.kv.put(auth.settings.jwks_key, damage)

    async def restored() -> bool:
        return (await kv.read(consul, auth.settings.jwks_key)).value == good

    await eventually(restored)


async def test_a_private_key_is_of_no_use_without_the_secret(auth: Auth, here: Corner) -> None:
    [stored] = await here.db("auth").signing_keys.find().to_list()
    assert bytes(stored["encrypted_private_key"]).startswith(b"gAAAA")
    other = auth.settings.model_copy(update={"signing_key_secret": SecretStr("another for tests")})
    runner = web.AppRunner(make_app(other))
    with pytest.raises(RuntimeError, match="another signing key secret"):
        await runner.setup()
    await runner.cleanup()

"""The auth service as an operator uses it: with an account that may see and rotate keys."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import jwt
from consul.aio import Consul

from discovery.consul import kv
from tests.answers import Answer
from tests.parts import Corner, eventually
from tests.services.auth.client import Auth
from tests.services.auth.holders import Site

EMAIL = "operator@example.com"


@dataclass(frozen=True)
class Office:
    """The auth service as an operator uses it."""

    auth: Auth
    here: Corner
    consul: Consul

    async def token(self) -> str:
        """A fresh access token of the administrator."""
        return str((await self.auth.login(EMAIL)).body["access_token"])

    async def signs_with(self) -> str:
        """The key that the next token is signed with."""
        return kid(await self.token())

    async def signs(self, key: str) -> bool:
        """Whether tokens are signed with this key now."""
        return await self.signs_with() == key

    async def rotate(self, key: str = "", **body: Any) -> Answer:
        """Ask for a new key."""
        headers = {"Authorization": f"Bearer {await self.token()}", "Idempotency-Key": key or uuid4().hex}
        return await self.auth.call("POST", "/keys/rotation", body, **headers)

    async def keys(self) -> dict[str, Any]:
        """What is shown of the keys."""
        answer = await self.auth.call("GET", "/keys", Authorization=f"Bearer {await self.token()}")
        assert answer.status == 200, answer
        return answer.body

    async def is_open(self) -> bool:
        """Whether the service knows its own keys already, as every process does that follows Consul."""
        answer = await self.auth.call("GET", "/keys", Authorization=f"Bearer {await self.token()}")
        return answer.status == 200

    async def states(self) -> list[str]:
        """What the keys are, the newest first."""
        return [key["state"] for key in (await self.keys())["items"]]

    async def waiting_for(self) -> dict[str, str]:
        """Who has not acknowledged the next key, by service, and why."""
        awaited = (await self.keys())["awaited"]
        assert awaited, "no key is on its way"
        return {one["instance"].partition("-s-")[0]: one["reason"] for one in awaited["waiting_for"]}

    async def published(self) -> list[str]:
        """The kids that are in Consul."""
        return kids((await kv.read(self.consul, self.auth.settings.jwks_key)).value)

    async def renewed(self, **body: Any) -> str:
        """The kid of a new key that signs."""
        new = str((await self.rotate(**body)).body["kid"])
        await eventually(lambda: self.signs(new))
        return new

    async def let_pass(self, seconds: float) -> None:
        """Make everything that has happened to the keys so much older."""
        earlier = {
            name: {"$dateSubtract": {"startDate": f"${name}", "unit": "second", "amount": int(seconds)}}
            for name in ("created_at", "activated_at")
        }
        await self.here.db("auth").signing_keys.update_many({}, [{"$set": earlier}])


def quick(around: Site, **changes: Any) -> dict[str, Any]:
    """Settings with which a key that everybody knows signs soon."""
    soon = {"jwks_check_seconds": 0.05, "key_settling_seconds": 0.1, "key_holders": around.tag}
    return {**soon, **changes}


async def opened(auth: Auth, here: Corner, consul: Consul) -> Office:
    """An instance with an administrator."""
    office = Office(auth, here, consul)
    await office.auth.register(EMAIL)
    await here.db("auth").accounts.update_one({}, {"$set": {"account.roles": ["admin"]}})
    await eventually(office.is_open)
    return office


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def kids(document: bytes | None) -> list[str]:
    return [key["kid"] for key in json.loads(document or b'{"keys": []}')["keys"]]

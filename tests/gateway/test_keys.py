"""The public signing keys, for whoever verifies tokens himself."""

from tests.gateway.conftest import Gateway
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.tokens import Issuer


async def test_what_auth_has_published_is_told_also_when_auth_is_away(
    here: Corner, gateway: Gateway, issuer: Issuer
) -> None:
    shop: Instance = await gateway()
    async with shop.http.get("/.well-known/jwks.json") as response:
        assert response.status == 503
    await here.store("jwks", issuer.jwks)

    async def told() -> bool:
        async with shop.http.get("/.well-known/jwks.json") as response:
            return response.status == 200 and await response.read() == issuer.jwks

    await eventually(told)

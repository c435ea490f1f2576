"""Every endpoint can be switched off while everything runs, for all or for some."""

import re

from discovery.config.flags import NAME
from gateway.endpoint import Who
from gateway.v1.endpoints import ENDPOINTS
from tests.gateway.services import Services
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.tokens import Issuer

TREE = "/api/v1/categories"


async def status(shop: Instance, path: str, headers: dict[str, str] | None = None) -> int:
    async with shop.http.get(path, headers=headers) as answer:
        return answer.status


async def test_an_endpoint_is_off_for_whom_its_flag_says(
    shop: Instance, behind: Services, here: Corner, issuer: Issuer
) -> None:
    behind.answer("product", "GET /categories", {"items": []})
    assert await status(shop, TREE) == 200
    await here.store("flags/endpoint-list-categories", b'{"roles": ["customer"]}')

    async def is_off() -> bool:
        return await status(shop, TREE) == 404

    await eventually(is_off)
    async with shop.http.get(TREE) as answer:
        assert (await answer.json())["type"] == "urn:portico:problem:switched-off"
    assert await status(shop, TREE, issuer.bearer("u1")) == 200
    assert await status(shop, "/api/v2/categories") == 404
    await here.store("flags/endpoint-list-categories", b'{"enabled": false}')

    async def is_off_for_all() -> bool:
        return await status(shop, TREE, issuer.bearer("u1")) == 404

    await eventually(is_off_for_all)


async def test_what_administrators_need_to_switch_it_on_again_is_never_off(
    shop: Instance, behind: Services, here: Corner, issuer: Issuer
) -> None:
    behind.answer("operations", "GET /flags", {"items": []})
    behind.answer("product", "GET /categories", {"items": []})
    await here.store("flags/endpoint-list-flags", b'{"enabled": false}')
    await here.store("flags/endpoint-list-categories", b'{"enabled": false}')

    async def flags_are_known() -> bool:
        return await status(shop, TREE) == 404

    await eventually(flags_are_known)
    assert await status(shop, "/api/v1/admin/flags", issuer.bearer("a", "admin")) == 200


def test_the_way_in_is_never_off() -> None:
    fixed = {endpoint.contract.id for endpoint in ENDPOINTS if endpoint.switch is None}
    administrators = {endpoint.contract.id for endpoint in ENDPOINTS if endpoint.who is Who.ADMIN}
    assert fixed - administrators == {"login", "refresh", "payment_webhook"}
    assert administrators <= fixed


def test_every_flag_of_an_endpoint_can_be_set() -> None:
    names = [endpoint.switch.name for endpoint in ENDPOINTS if endpoint.switch]
    assert all(re.fullmatch(NAME, name) for name in names)
    assert len(names) == len(set(names)) > 10

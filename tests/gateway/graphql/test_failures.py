"""What goes wrong is told by its name, and takes nothing else with it."""

from prometheus_client import REGISTRY

from tests.gateway.graphql.asking import HISTORY, WHOLE, ask, codes, sold
from tests.gateway.services import Services
from tests.instances import Instance
from tests.tokens import Issuer


async def test_an_optional_section_that_fails_is_named(shop: Instance, catalogue: Services) -> None:
    catalogue.refuse("inventory", "GET /stock", 500, "internal")
    answer = await ask(shop, "{ products { items { slug available } } }")
    assert (answer.status, answer.body["extensions"]["degraded"]) == (200, ["stock"])
    assert "errors" not in answer.body
    assert answer.body["data"]["products"]["items"][0] == {"slug": "mug", "available": None}


async def test_what_is_asked_for_in_batches_is_optional_too(
    shop: Instance, till: Services, issuer: Issuer
) -> None:
    for service, call in (("payment", "GET /payments"), ("product", "GET /product-batch")):
        till.refuse(service, call, 503, "busy")
    before = REGISTRY.get_sample_value("portico_sections_degraded_total", {"section": "payment"}) or 0
    answer = await ask(shop, HISTORY, {"limit": 1}, issuer.bearer("u1"))
    assert answer.body["extensions"]["degraded"] == ["payment", "products"]
    [order] = answer.body["data"]["orders"]["items"]
    assert (order["payment"], order["items"][0]["product"]) == (None, None)
    assert REGISTRY.get_sample_value("portico_sections_degraded_total", {"section": "payment"}) == before + 1


async def test_what_is_required_and_fails_is_null_with_an_error_and_the_rest_is_there(
    shop: Instance, catalogue: Services
) -> None:
    catalogue.refuse("product", "GET /showcase", 503, "busy", retry_after=7)
    answer = await ask(
        shop, '{ home { new { slug } } gone: product(id: "gone") { name } product(id: "mug") { name } }'
    )
    assert answer.status == 200
    assert answer.body["data"] == {"home": None, "gone": None, "product": {"name": "Mug"}}
    told = {error["path"][0]: error["extensions"] for error in answer.body["errors"]}
    assert (told["home"]["code"], told["home"]["retry_after"]) == ("busy", 7)
    assert told["gone"]["code"] == "not-found"


async def test_faults_of_ours_say_nothing_of_how_we_are_made(
    shop: Instance, behind: Services, issuer: Issuer
) -> None:
    behind.answer("order", "GET /orders/o1", {**WHOLE, "shipping_address": {}})
    answer = await ask(shop, '{ order(id: "o1") { shippingAddress { city } } }', headers=issuer.bearer("u1"))
    assert codes(answer) == ["internal"]
    assert answer.body["errors"][0]["message"] == "something went wrong on our side; it has been logged"


async def test_a_fault_in_a_list_takes_with_it_nothing_else(
    shop: Instance, till: Services, issuer: Issuer
) -> None:
    broken = {**WHOLE, "order_id": "o2", "shipping_address": {}}
    till.answer("order", "GET /orders", {"items": [WHOLE, broken], "next_cursor": None})
    document = """{
      orders { items { payment { status } shippingAddress { city } items { product { name } } } }
      order(id: "o1") { payment { status } items { product { name } } }
    }"""
    till.answer("product", "GET /product-batch", sold(["mug-s"]))
    answer = await ask(shop, document, headers=issuer.bearer("u1"))
    assert (answer.status, codes(answer)) == (200, ["internal"])
    found = {"payment": {"status": "captured"}, "items": [{"product": {"name": "Mug"}}]}
    assert answer.body["data"] == {"orders": None, "order": found}
    assert answer.body["extensions"]["degraded"] == []

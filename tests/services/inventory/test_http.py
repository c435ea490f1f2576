"""The inventory service's HTTP edge, and how MongoDB finds what it shows."""

from typing import Any

import pytest

from services.chassis.clock import utcnow
from services.contracts.inventory import StockLine
from services.inventory.app import make_app
from services.inventory.documents import StoredReservation
from services.inventory.domain import Reservation
from services.inventory.settings import Settings
from tests.conftest import Start
from tests.parts import Corner
from tests.plans import explain
from tests.services.inventory.keeping import adjust, change, get
from tests.tokens import Issuer


async def test_stock_is_what_was_adjusted(here: Corner, start: Start, issuer: Issuer) -> None:
    app = await start(make_app(here.settings(Settings)))
    staff = issuer.bearer("keeper", "support")
    status, stock = await adjust(app, "mug", {"delta": 10, "reason": "delivery"}, staff, "k1")
    assert status == 200
    assert stock == {
        "sku": "mug",
        "quantity": 10,
        "reserved": 0,
        "available": 10,
        "low_stock_threshold": 5,
        "track": True,
    }
    assert (await adjust(app, "mug", {"delta": 10, "reason": "delivery"}, staff, "k1"))[1] == stock
    assert (await adjust(app, "mug", {"delta": 11, "reason": "delivery"}, staff, "k1"))[0] == 422
    assert (await adjust(app, "mug", {"delta": -4, "reason": "broken"}, staff))[1]["quantity"] == 6
    status, problem = await adjust(app, "mug", {"delta": -7, "reason": "broken"}, staff)
    assert (status, problem["type"]) == (409, "urn:portico:problem:insufficient-stock")
    assert (await get(app, "/stock/mug", staff))[1]["quantity"] == 6
    ledger = [entry async for entry in here.db("inventory").adjustments.find({"sku": "mug"}).sort("at")]
    assert [(entry["delta"], entry["reason"], entry["user_id"]) for entry in ledger] == [
        (10, "delivery", "keeper"),
        (-4, "broken", "keeper"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"delta": 0, "reason": "x"},
        {"delta": 10**9 + 1, "reason": "x"},
        {"delta": 1.5, "reason": "x"},
        {"delta": "1", "reason": "x"},
        {"delta": 1, "reason": ""},
        {"delta": 1, "reason": "x" * 201},
        {"delta": 1},
        {"delta": 1, "reason": "x", "sku": "other"},
    ],
)
async def test_adjustments_that_make_no_sense(
    body: dict[str, Any], here: Corner, start: Start, issuer: Issuer
) -> None:
    app = await start(make_app(here.settings(Settings)))
    assert (await adjust(app, "mug", body, issuer.bearer("keeper", "admin")))[0] == 422


async def test_who_may_do_what(here: Corner, start: Start, issuer: Issuer) -> None:
    app = await start(make_app(here.settings(Settings)))
    one = {"delta": 1, "reason": "x"}
    customer, staff = issuer.bearer("ann"), issuer.bearer("eve", "admin")
    assert (await adjust(app, "mug", one, customer))[0] == 403
    assert (await adjust(app, "mug", one, {}))[0] == 401
    assert (await adjust(app, "$mug", one, staff))[0] == 422
    assert (await get(app, "/stock/mug", customer))[0] == 403
    assert (await get(app, "/stock/mug", staff))[0] == 404
    assert (await change(app, "mug", {"track": False}, customer))[0] == 403
    async with app.http.post("/stock/mug/adjustments", json=one, headers=staff) as answer:
        assert answer.status == 400


async def test_what_is_available_is_for_everyone_to_see(here: Corner, start: Start, issuer: Issuer) -> None:
    app = await start(make_app(here.settings(Settings)))
    staff = issuer.bearer("keeper", "support")
    for sku in ("mug", "jug"):
        await adjust(app, sku, {"delta": 3, "reason": "delivery"}, staff)
    status, jug = await change(app, "jug", {"track": False, "low_stock_threshold": 1}, staff)
    assert (status, jug["available"], jug["low_stock_threshold"]) == (200, None, 1)
    assert (await change(app, "jug", {}, staff))[0] == 422
    assert (await change(app, "cup", {"track": True}, staff))[0] == 404
    assert await get(app, "/stock?skus=mug,cup,jug", {}) == (
        200,
        {"items": [{"sku": "jug", "available": None}, {"sku": "mug", "available": 3}]},
    )
    assert (await get(app, "/stock", {}))[0] == 422
    assert (await get(app, "/stock?skus=" + ",".join(f"s{n}" for n in range(201)), {}))[0] == 422


@pytest.mark.parametrize(
    ("collection", "wanted", "sort"),
    [
        ("stock", {"_id": {"$in": [f"id{n}" for n in range(10)]}}, [("_id", 1)]),
        ("reservations", {"_id": {"$in": [f"id{n}" for n in range(10)]}}, []),
        (
            "reservations",
            {"reservation.state": "reserved", "reservation.expires_at": {"$lte": utcnow()}},
            [("reservation.expires_at", 1)],
        ),
        ("adjustments", {"sku": "sku3"}, [("at", 1)]),
    ],
)
async def test_every_query_is_served_by_an_index(
    collection: str, wanted: dict[str, Any], sort: list[tuple[str, int]], here: Corner, start: Start
) -> None:
    await start(make_app(here.settings(Settings, expiry_watch_seconds=3600)))
    long_ago = utcnow().replace(year=2000)
    rows = [
        {
            "_id": f"id{n}",
            "reservation": {"state": "reserved" if n % 10 == 0 else "confirmed", "expires_at": long_ago},
            "sku": f"sku{n % 50}",
            "at": long_ago,
        }
        for n in range(1000)
    ]
    await here.db("inventory")[collection].insert_many(rows)
    plan = await explain(here.db("inventory")[collection], wanted, sort, 10)
    assert plan.is_served_by_an_index, plan.stages
    assert plan.returned == 10
    assert plan.examined <= 20


async def test_operators_see_what_is_held_for_an_order(here: Corner, start: Start, issuer: Issuer) -> None:
    app = await start(make_app(here.settings(Settings)))
    admin = issuer.bearer("ada", "admin")
    assert (await get(app, "/sagas/o1", admin))[0] == 404
    assert (await get(app, "/sagas/o1", issuer.bearer("eve", "support")))[0] == 403
    line = StockLine(sku="mug", quantity=1)
    held = Reservation(order_id="o1", state="reserved", held=(line,), expires_at=utcnow())
    await here.db("inventory").reservations.bulk_write([StoredReservation.write(held, utcnow())])
    status, shown = await get(app, "/sagas/o1", admin)
    assert (status, shown["state"], shown["held"]) == (200, "reserved", [{"sku": "mug", "quantity": 1}])

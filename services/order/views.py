"""The order service's view of the catalogue: what each sku is called and costs, fed by the product service's events."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from beanie import Document
from pymongo import ASCENDING, IndexModel, ReplaceOne, UpdateMany
from pymongo.asynchronous.client_session import AsyncClientSession

from services.chassis.mongo import Work
from services.contracts.money import Money
from services.contracts.product import ProductChanged
from services.order.pricing import Offer


class CatalogueItem(Document):
    """One sku. `version` is the product's; an inactive one cannot be ordered."""

    id: str  # type: ignore[assignment]
    product_id: str
    version: int
    active: bool
    name: str
    image: str | None
    price: Money

    class Settings:
        name = "catalogue"
        indexes: ClassVar = [IndexModel([("product_id", ASCENDING), ("version", ASCENDING)])]


async def apply_product_changes(work: Work, changes: Sequence[ProductChanged]) -> None:
    """Take over the newest state of each product; what is older than what is known changes nothing."""
    newest: dict[str, ProductChanged] = {}
    for change in changes:
        known = newest.get(change.product_id)
        if known is None or change.version > known.version:
            newest[change.product_id] = change
    versions = await _known_versions(work, newest)
    writes = [
        write
        for product_id, change in newest.items()
        if change.version > versions.get(product_id, 0)
        for write in _writes(change)
    ]
    if writes:
        await CatalogueItem.get_pymongo_collection().bulk_write(writes, session=work.session)


async def find_offers(skus: Iterable[str], session: AsyncClientSession | None = None) -> dict[str, Offer]:
    """The orderable ones among these skus."""
    found = CatalogueItem.get_pymongo_collection().find(
        {"_id": {"$in": list(skus)}, "active": True}, session=session
    )
    return {item["_id"]: Offer.model_validate(item) async for item in found}


async def _known_versions(work: Work, product_ids: Iterable[str]) -> dict[str, int]:
    known = CatalogueItem.get_pymongo_collection().find(
        {"product_id": {"$in": list(product_ids)}}, {"product_id": 1, "version": 1}, session=work.session
    )
    versions: dict[str, int] = {}
    async for item in known:
        versions[item["product_id"]] = max(item["version"], versions.get(item["product_id"], 0))
    return versions


def _writes(change: ProductChanged) -> list[ReplaceOne[dict[str, Any]] | UpdateMany]:
    """Every variant as it is now; variants that the product no longer has become inactive."""
    common = {
        "product_id": change.product_id,
        "version": change.version,
        "active": change.status == "active",
        "image": change.image,
    }
    replace: list[ReplaceOne[dict[str, Any]] | UpdateMany] = [
        ReplaceOne(
            {"_id": variant.sku},
            {**common, "name": change.name, "price": variant.price.model_dump()},
            upsert=True,
        )
        for variant in change.variants
    ]
    gone = {"product_id": change.product_id, "_id": {"$nin": [variant.sku for variant in change.variants]}}
    return [*replace, UpdateMany(gone, {"$set": {"active": False, "version": change.version}})]

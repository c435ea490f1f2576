"""What can be done with products: load, decide, save. Lists are in `lists`."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from services.chassis.envelope import new_id
from services.chassis.errors import Conflict, NotFound
from services.chassis.mongo import Work
from services.contracts.product import ProductChanged
from services.product import domain
from services.product.documents import StoredCategory, StoredProduct
from services.product.domain import Content, Product


async def create_product(work: Work, content: Content, now: datetime) -> Product:
    """Add a product to the catalogue. Raises Invalid, or Conflict when its slug or a sku is in use."""
    product, event = domain.create(new_id(), content, now)
    with _uniqueness():
        await StoredProduct.of(product).insert(session=work.session)
    await _changed(work, product, event)
    return product


async def change_product(
    work: Work, product_id: str, changes: Mapping[str, object], expected: int | None, now: datetime
) -> Product:
    """Change a product; to what it is already does nothing. Raises NotFound, Conflict, Invalid."""
    stored = await StoredProduct.get(product_id, session=work.session)
    if stored is None:
        raise NotFound
    decision = domain.change(stored.product, changes, expected, now)
    if decision is None:
        return stored.product
    product, event = decision
    with _uniqueness():
        await StoredProduct.of(product).replace(session=work.session)
    await _changed(work, product, event)
    return product


async def get_product(reference: str, *, editor: bool) -> Product:
    """A product by id or slug. Raises NotFound, also for one that is not active unless an `editor` asks."""
    field = "_id" if domain.is_product_id(reference) else "product.slug"
    stored = await StoredProduct.find_one({field: reference})
    if stored is None or not (editor or stored.product.status == "active"):
        raise NotFound
    return stored.product


async def get_products(ids: Collection[str], skus: Collection[str]) -> list[Product]:
    """Whole products by id, and those that have one of these skus; archived ones too, for old orders name them."""
    found = StoredProduct.find({"_id": {"$in": list(ids)}} if ids else {"skus": {"$in": list(skus)}})
    return [stored.product async for stored in found]


async def _changed(work: Work, product: Product, event: ProductChanged) -> None:
    await _add_categories(work, product.category)
    work.emit(f"product/{product.id}", product.version, event)


async def _add_categories(work: Work, path: str | None) -> None:
    """Those that are new; to write to one that is known would make concurrent editors wait for each other."""
    wanted = domain.lineage(path) if path else ()
    known = StoredCategory.find({"_id": {"$in": list(wanted)}}, session=work.session)
    missing = set(wanted) - {category.id async for category in known}
    for category in sorted(missing):
        await StoredCategory(id=category, name=domain.category_name(category)).insert(session=work.session)


@contextmanager
def _uniqueness() -> Iterator[None]:
    """Raises Conflict in place of what the unique indexes on slug and skus raise."""
    try:
        yield
    except DuplicateKeyError as error:
        if "skus" in (error.details or {}).get("keyPattern", {}):
            raise Conflict("another product has one of these skus", slug="sku-in-use") from error
        raise Conflict("another product has this slug", slug="slug-in-use") from error

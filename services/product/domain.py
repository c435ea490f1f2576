"""The rules of the catalogue: what a product is, how it changes, and what is said of it."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.chassis.errors import Conflict, Invalid
from services.contracts.message import Value
from services.contracts.money import Money
from services.contracts.product import ProductChanged
from services.contracts.product import Variant as VariantState

Status = Literal["draft", "active", "archived"]

FEATURED = "featured"
"""The tag of the products that editors put forward."""

_WORDS = "[a-z0-9]+(-[a-z0-9]+)*"
_MAX_SLUG = 100
Name = Annotated[str, Field(min_length=1, max_length=200)]
Slug = Annotated[str, Field(pattern=f"^{_WORDS}$", max_length=_MAX_SLUG)]
CategoryPath = Annotated[
    str,
    Field(pattern=f"^{_WORDS}(/{_WORDS}){{0,4}}$", max_length=200, description="such as `kitchen/coffee`"),
]
Sku = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Brand = Annotated[str, Field(pattern=r"^[^\x00-\x1f]{1,100}$")]
Tag = Annotated[str, Field(pattern=r"^[^\x00-\x1f]{1,50}$")]
AttributeName = Annotated[str, Field(pattern=r"^\w[\w -]{0,49}$")]
AttributeValue = Annotated[str, Field(min_length=1, max_length=200)]

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_PRODUCT_ID = re.compile(r"[0-9a-f]{32}")
_RESERVED_SLUGS = frozenset({"batch"})
# Letters that Unicode does not take apart into a base letter and an accent.
_LETTERS = str.maketrans({"đ": "d", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})


class Image(Value):
    """`url` may be relative. One image of a product is the primary one."""

    url: Annotated[str, Field(min_length=1, max_length=2048)]
    alt: Annotated[str, Field(max_length=300)] = ""
    primary: bool = False


class Variant(Value):
    """One orderable form of a product. Without a price of its own it costs what the product costs."""

    sku: Sku
    attributes: Annotated[dict[AttributeName, AttributeValue], Field(max_length=20)] = Field(
        default_factory=dict
    )
    price: Money | None = None


class Seo(Value):
    """What search engines are shown in place of name and description."""

    title: Annotated[str, Field(max_length=200)] | None = None
    description: Annotated[str, Field(max_length=500)] | None = None


class Content(Value):
    """What an editor writes. An empty slug is made from the name; no variants means one whose sku is the slug."""

    name: Name
    price: Money
    slug: Slug | Literal[""] = ""
    description: Annotated[str, Field(max_length=10_000)] = ""
    compare_at_price: Money | None = None
    category: CategoryPath | None = None
    brand: Brand | None = None
    tags: Annotated[tuple[Tag, ...], Field(max_length=16)] = ()
    images: Annotated[tuple[Image, ...], Field(max_length=20)] = ()
    variants: Annotated[tuple[Variant, ...], Field(max_length=100)] = ()
    seo: Seo = Seo()
    status: Status = "active"


class Product(Content):
    """Content with a history. `version` counts from 1; `published_at` is when it first became active."""

    id: str
    version: int
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def image(self) -> Image | None:
        """The primary image."""
        return next((image for image in self.images if image.primary), None)

    def price_of(self, variant: Variant) -> Money:
        """What one of `variant` costs."""
        return variant.price or self.price


def create(product_id: str, content: Content, now: datetime) -> tuple[Product, ProductChanged]:
    """A new product. Raises Invalid."""
    history = {"id": product_id, "version": 1, "published_at": None, "created_at": now, "updated_at": now}
    product = _settled(Product.model_validate(content.model_dump() | history))
    return product, _announcement(product)


def change(
    product: Product, changes: Mapping[str, object], expected: int | None, now: datetime
) -> tuple[Product, ProductChanged] | None:
    """The product with those fields of its content, given as plain data; None when they are so already.

    `expected` is the version that the editor has seen. Raises Conflict when it is another by now, and Invalid.
    """
    if expected is not None and expected != product.version:
        raise Conflict(f"the product is at version {product.version}", slug="version-mismatch")
    wanted = Product.model_validate({**product.model_dump(), **changes, "updated_at": now})
    changed = _settled(wanted)
    if changed.model_copy(update={"updated_at": product.updated_at}) == product:
        return None
    changed = changed.model_copy(update={"version": product.version + 1})
    return changed, _announcement(changed)


def is_product_id(reference: str) -> bool:
    """Whether a reference is an id; else it is a slug, for no slug looks like an id."""
    return _PRODUCT_ID.fullmatch(reference) is not None


def slugify(text: str) -> str:
    """Lower-case ASCII words joined by hyphens; empty when `text` has no letter or digit that can be kept."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = letters.encode("ascii", "ignore").decode()
    return _NOT_SLUG.sub("-", plain).strip("-")[:_MAX_SLUG].rstrip("-")


def lineage(path: str) -> tuple[str, ...]:
    """A category with those it lies in, from the top: `a/b` gives `a` and `a/b`."""
    parts = path.split("/")
    return tuple("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))


def category_name(path: str) -> str:
    """What a category is called until somebody gives it a name: `kitchen/coffee-and-tea` is "Coffee and tea"."""
    return path.rpartition("/")[2].replace("-", " ").capitalize()


def listings(product: Content) -> tuple[str, ...]:
    """Every combination of category, brand and tag under which an active product is looked for.

    A query names one of them, so any mix of filters is one equality in an index whose rest is free for sorting.
    """
    if product.status != "active":
        return ()
    categories = (None, *lineage(product.category)) if product.category else (None,)
    brands = (None, product.brand) if product.brand else (None,)
    return tuple(listing(c, b, t) for c in categories for b in brands for t in (None, *product.tags))


def listing(category: str | None, brand: str | None, tag: str | None) -> str:
    """The list of the products that match all of these; None matches any."""
    return "\x1f".join((category or "", (brand or "").casefold(), (tag or "").casefold()))


def _settled(product: Product) -> Product:
    """A product with its gaps filled by rule and its fields agreeing with one another. Raises Invalid."""
    slug = product.slug or slugify(product.name)
    if not slug or slug in _RESERVED_SLUGS or is_product_id(slug):
        raise Invalid.field(
            "slug", "give another slug: this one, or the one made of the name, cannot be used"
        )
    _check_prices(product)
    _check_skus(product.variants)
    return product.model_copy(
        update={
            "slug": slug,
            "variants": product.variants or (Variant(sku=slug),),
            "tags": tuple({tag.casefold(): tag for tag in reversed(product.tags)}.values())[::-1],
            "images": _one_primary(product.images),
            "published_at": product.published_at
            or (product.updated_at if product.status == "active" else None),
        }
    )


def _check_prices(product: Product) -> None:
    prices = {"compare_at_price": product.compare_at_price}
    prices |= {f"variants.{n}.price": variant.price for n, variant in enumerate(product.variants)}
    for field, price in prices.items():
        if price is not None and price.currency != product.price.currency:
            raise Invalid.field(field, "must have the currency of the price")
    if product.compare_at_price is not None and product.compare_at_price.amount < product.price.amount:
        raise Invalid.field("compare_at_price", "must not be below the price")


def _check_skus(variants: Iterable[Variant]) -> None:
    seen: set[str] = set()
    for n, variant in enumerate(variants):
        if variant.sku in seen:
            raise Invalid.field(f"variants.{n}.sku", "is given to another variant too")
        seen.add(variant.sku)


def _one_primary(images: tuple[Image, ...]) -> tuple[Image, ...]:
    """The first that claims to be primary is; the first of all where none does."""
    chosen = next((n for n, image in enumerate(images) if image.primary), 0)
    return tuple(image.model_copy(update={"primary": n == chosen}) for n, image in enumerate(images))


def _announcement(product: Product) -> ProductChanged:
    return ProductChanged(
        product_id=product.id,
        version=product.version,
        slug=product.slug,
        name=product.name,
        status=product.status,
        category=product.category,
        brand=product.brand,
        image=product.image.url if product.image else None,
        variants=tuple(
            VariantState(sku=variant.sku, attributes=variant.attributes, price=product.price_of(variant))
            for variant in product.variants
        ),
        changed_at=product.updated_at,
    )

"""Lists of products as MongoDB queries: plain data, each served by one index of `documents`.

A sorted list is paged by key: the next page begins behind the last entry, whatever was added meanwhile.
A search is ranked by a score that no index holds: it looks at its best thousand hits, paged by offset.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Annotated, Any, Final, TypeVar

from beanie import SortDirection
from pydantic import AwareDatetime, BaseModel, Field

from services.chassis.errors import Invalid
from services.chassis.pagination import decode_cursor, encode_cursor
from services.contracts.money import MAX_AMOUNT
from services.product.documents import ListedProduct
from services.product.domain import listing
from services.product.schemas import ListQuery

Bson = dict[str, Any]
P = TypeVar("P", bound="Position")

MAX_HITS: Final = 1000
"""Only so many of the most relevant hits of a search are looked at, and so many of any list for its facets."""

PRICE: Final = "product.price.amount"
_FACETS: Final = {
    "$group": {"_id": {"brand": "$product.brand", "category": "$product.category"}, "count": {"$sum": 1}}
}


class Position(BaseModel):
    """Where a page of one query ended."""

    query: str


class After(Position):
    """Behind the entry with this id, whose sort key is the `value` that subclasses have."""

    id: Annotated[str, Field(max_length=32)]


class AfterTime(After):
    """In a list by time. The bounds are what MongoDB can hold."""

    value: Annotated[
        AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=datetime(9000, 1, 1, tzinfo=UTC))
    ]


class AfterPrice(After):
    """In a list by price."""

    value: Annotated[int, Field(ge=0, le=MAX_AMOUNT)]


class AfterName(After):
    """In a list by name."""

    value: Annotated[str, Field(max_length=1000)]


class AtOffset(Position):
    """So many hits into a search."""

    offset: Annotated[int, Field(ge=0, le=MAX_HITS)]


@dataclass(frozen=True, slots=True)
class Order:
    """A list's order: by `field`, a path in model and document alike; entries with the same value by id.

    Left to choose an `index` itself, MongoDB sometimes prefers to sort what another one finds.
    """

    index: str
    field: str
    direction: SortDirection
    position: type[AfterTime] | type[AfterPrice] | type[AfterName]

    @property
    def keys(self) -> list[tuple[str, SortDirection]]:
        """As MongoDB sorts by."""
        return [(self.field, self.direction), ("_id", self.direction)]


ORDERS: Final = {
    "newest": Order("newest", "product.published_at", SortDirection.DESCENDING, AfterTime),
    "price": Order("cheapest", PRICE, SortDirection.ASCENDING, AfterPrice),
    "-price": Order("cheapest", PRICE, SortDirection.DESCENDING, AfterPrice),
    "name": Order("by_name", "name_key", SortDirection.ASCENDING, AfterName),
}


def matching(query: ListQuery) -> Bson:
    """All that a query finds, but for its search words."""
    wanted: Bson = {"listings": listing(query.category, query.brand, query.tag)}
    bounds = {"$gte": query.min_price, "$lte": query.max_price}
    price = {operator: amount for operator, amount in bounds.items() if amount is not None}
    return wanted | {PRICE: price} if price else wanted


def page(query: ListQuery) -> Bson:
    """What a query finds behind its cursor. Raises Invalid for the cursor of another query."""
    if query.cursor is None:
        return matching(query)
    order = ORDERS[query.order]
    after = _position(query, query.cursor, order.position)
    beyond = "$gt" if order.direction == SortDirection.ASCENDING else "$lt"
    behind = [{order.field: {beyond: after.value}}, {order.field: after.value, "_id": {beyond: after.id}}]
    return matching(query) | {"$or": behind}


def next_page(query: ListQuery, last: ListedProduct) -> str:
    """The cursor of the page behind `last`."""
    order = ORDERS[query.order]
    value = attrgetter(order.field)(last)
    return encode_cursor(order.position(query=_fingerprint(query), id=last.product.id, value=value))


def facets(query: ListQuery) -> list[Bson]:
    """Counts of a list's brands and categories, read from the index `cheapest` alone."""
    return [{"$match": matching(query)}, {"$limit": MAX_HITS}, _FACETS]


def search(query: ListQuery) -> list[Bson]:
    """One page of hits, as ids, with the counts for facets of the whole search. Raises Invalid as `page` does."""
    order = ORDERS.get(query.order)
    return [
        {"$match": {"$text": {"$search": query.q}} | matching(query)},
        {"$sort": {"score": {"$meta": "textScore"}, "_id": SortDirection.DESCENDING}},
        {"$limit": MAX_HITS},
        *([{"$sort": dict(order.keys)}] if order else []),
        {
            "$facet": {
                "page": [{"$skip": _offset(query)}, {"$limit": query.limit + 1}, {"$project": {"_id": 1}}],
                "facets": [_FACETS],
            }
        },
    ]


def next_hits(query: ListQuery) -> str:
    """The cursor of the hits behind this page of a search."""
    return encode_cursor(AtOffset(query=_fingerprint(query), offset=_offset(query) + query.limit))


def _offset(query: ListQuery) -> int:
    return _position(query, query.cursor, AtOffset).offset if query.cursor else 0


def _position(query: ListQuery, cursor: str, position: type[P]) -> P:
    found = decode_cursor(cursor, position)
    if found.query != _fingerprint(query):
        raise Invalid.field("cursor", "not a cursor of this list")
    return found


def _fingerprint(query: ListQuery) -> str:
    """Tells queries apart; another `limit` is still the same list."""
    wanted = query.model_dump_json(exclude={"limit", "cursor"})
    return hashlib.sha256(wanted.encode()).hexdigest()[:16]

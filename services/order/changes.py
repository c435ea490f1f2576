"""What happens to a customer's orders, as one list that only grows at its end: who has seen it up to some place goes on
behind it, and misses nothing and sees nothing twice.

Transactions do not commit in the order of their times or ids, so neither can be such a place; and a counter that every
order of a customer increments would make them conflict. So changes are stored without a number, and get it once they
are committed, from whoever asks for them first. Nobody asks: nothing is counted.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pymongo import ReturnDocument, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.read_concern import ReadConcern

from services.chassis.errors import Conflict, Invalid
from services.chassis.identity import Caller
from services.chassis.mongo import Database, Work
from services.chassis.pagination import encode_cursor
from services.order.documents import CHANGES_KEPT, StoredChange, StoredCount
from services.order.schemas import ChangeOut, ChangesOut, ChangesPosition

NUMBERED_AT_ONCE: Final = 500
_GOOD_FOR: Final = CHANGES_KEPT - timedelta(days=1)
"""A cursor is older than what may have been deleted since, by more than clocks or commits can differ."""

_HOUR: Final = 3600

# What a failover could take back is not told: its number would be given out again.
_COMMITTED: Final = ReadConcern("majority")


async def changes_of(
    database: Database, who: Caller, after: ChangesPosition | None, limit: int, now: datetime
) -> ChangesOut:
    """The caller's changes behind `after`, or none and the cursor of now. Raises Invalid for somebody else's cursor,
    Conflict for one that there is no going on from.
    """
    if after and after.user_id != who.user_id:
        raise Invalid.field("cursor", "not a cursor of this list")
    more = await _count_waiting(database, who.user_id)
    last = await _last(who.user_id)
    if after is None:
        return ChangesOut(items=[], cursor=_cursor(who.user_id, last, now), more=more)
    found = await _numbered(who.user_id, after.number, limit)
    if now - datetime.fromtimestamp(after.seen_at, UTC) > _GOOD_FOR or not _follow(found, after.number, last):
        raise Conflict("what came behind this cursor is not kept any more", slug="cursor-expired")
    # What still waits is as old as it was: a cursor in front of it must not look newer.
    seen_at = datetime.fromtimestamp(after.seen_at, UTC) if more else now
    items = [_shown(change, who.user_id, seen_at) for change in found]
    seen = after.number + len(items)
    return ChangesOut(items=items, cursor=_cursor(who.user_id, seen, seen_at), more=more or seen < last)


def waiting(user_id: str) -> dict[str, Any]:
    """The changes that have no number yet, as MongoDB is asked for them."""
    return {"user_id": user_id, "number": 0}


def numbered(user_id: str, after: int) -> dict[str, Any]:
    """The changes behind a number, as MongoDB is asked for them."""
    return {"user_id": user_id, "number": {"$gt": after}}


async def _count_waiting(database: Database, user_id: str) -> bool:
    """Give the changes that wait for it their numbers, and tell whether there may be still more of them."""
    if await _committed(StoredChange.get_pymongo_collection()).find_one(waiting(user_id), {"_id": 1}) is None:
        return False
    return await database.transaction(lambda work: _count(work, user_id))


async def _count(work: Work, user_id: str) -> bool:
    """Number them behind the last. Two who do this at once conflict, and one of them finds it done."""
    changes = StoredChange.get_pymongo_collection()
    # An order's own changes were committed in their order, and so they are numbered.
    found = changes.find(waiting(user_id), {"_id": 1}, session=work.session)
    ids = [
        change["_id"]
        async for change in found.sort([("order_id", 1), ("sequence", 1)]).limit(NUMBERED_AT_ONCE)
    ]
    if not ids:
        return False
    counts = StoredCount.get_pymongo_collection()
    counted = await counts.find_one_and_update(
        {"_id": user_id},
        {"$inc": {"last": len(ids)}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
        session=work.session,
    )
    assert counted is not None
    first = counted["last"] - len(ids) + 1
    numbers = [UpdateOne({"_id": id_}, {"$set": {"number": first + place}}) for place, id_ in enumerate(ids)]
    await changes.bulk_write(numbers, session=work.session)
    return len(ids) == NUMBERED_AT_ONCE


async def _last(user_id: str) -> int:
    count = await _committed(StoredCount.get_pymongo_collection()).find_one({"_id": user_id})
    return int(count["last"]) if count else 0


async def _numbered(user_id: str, after: int, limit: int) -> list[dict[str, Any]]:
    changes = _committed(StoredChange.get_pymongo_collection())
    return [change async for change in changes.find(numbered(user_id, after)).sort("number").limit(limit)]


def _follow(found: list[dict[str, Any]], after: int, last: int) -> bool:
    """Whether these are the first that there ever were behind `after`."""
    if not found:
        return after == last
    return [change["number"] for change in found] == list(range(after + 1, after + 1 + len(found)))


def _shown(change: dict[str, Any], user_id: str, seen_at: datetime) -> ChangeOut:
    fields = {name: change[name] for name in ("order_id", "status", "sequence", "at", "reason")}
    return ChangeOut(cursor=_cursor(user_id, change["number"], seen_at), **fields)


def _cursor(user_id: str, number: int, seen_at: datetime) -> str:
    # By the hour, so that at one place there is one cursor, and who asks for the same asks the same.
    hour = int(seen_at.timestamp()) // _HOUR * _HOUR
    return encode_cursor(ChangesPosition(user_id=user_id, number=number, seen_at=hour))


def _committed(collection: AsyncCollection[dict[str, Any]]) -> AsyncCollection[dict[str, Any]]:
    return collection.with_options(read_concern=_COMMITTED)

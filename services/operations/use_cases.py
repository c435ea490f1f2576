"""What can be done with dead letters: load, decide, save, and write down who did it."""

from collections.abc import Sequence
from typing import Any

from pymongo import DESCENDING

from services.chassis.deeds import Deed
from services.chassis.errors import NotFound
from services.chassis.mongo import Work
from services.operations.audit import record
from services.operations.documents import StoredDeadLetter
from services.operations.domain import Action, DeadLetter, State, died, settle
from services.operations.letters import Letters
from services.operations.queries import behind, matching, open_to
from services.operations.schemas import Filter, ManyOut, Position, SummaryOut

Bson = dict[str, Any]


async def keep(work: Work, found: Sequence[DeadLetter]) -> None:
    """Keep what was found dead; the same death a second time changes nothing."""
    letters = Letters(work)
    await letters.load(letter.id for letter in found)
    for letter in found:
        letters.put(died(letters.get(letter.id), letter))
    await letters.save()


async def get_letter(id: str) -> DeadLetter:
    """One dead letter. Raises NotFound."""
    stored = await StoredDeadLetter.get(id)
    if stored is None:
        raise NotFound("there is no such dead letter")
    return stored.letter


async def list_letters(
    wanted: Filter, state: State | None, after: Position | None, limit: int
) -> list[SummaryOut]:
    """Those that fit, the last that died first, from behind a position."""
    conditions = [matching(wanted, state), *([behind(after)] if after else [])]
    shown = {f"letter.{name}": 1 for name in SummaryOut.model_fields}
    found = StoredDeadLetter.get_pymongo_collection().find({"$and": conditions}, shown)
    newest_first = found.sort([("letter.died_at", DESCENDING), ("_id", DESCENDING)])
    return [SummaryOut.model_validate(document["letter"]) async for document in newest_first.limit(limit)]


async def settle_one(work: Work, deed: Deed[Action], id: str) -> DeadLetter:
    """Bring a letter back, or lay it to rest; a second time does nothing. Raises NotFound, or Conflict."""
    letters = Letters(work)
    await letters.load([id])
    before = letters.get(id)
    if before is None:
        raise NotFound("there is no such dead letter")
    after = settle(before, deed.action, deed.at)
    letters.put_settled(after)
    await letters.save()
    await record(work, deed, [id], after.state if after is not before else f"was {after.state} before")
    return after


async def settle_many(work: Work, deed: Deed[Action], wanted: Filter, limit: int) -> ManyOut:
    """Do the same to the dead ones that fit and allow it, beginning with those that died first."""
    letters = Letters(work)
    found, more = await letters.load_some(open_to(deed.action, wanted), limit)
    for letter in found:
        letters.put_settled(settle(letter, deed.action, deed.at))
    await letters.save()
    await record(work, deed, [letter.id for letter in found], f"{len(found)} changed")
    return ManyOut(changed=len(found), more=more)

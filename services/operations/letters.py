"""The dead letters that one unit of work looks at, and what becomes of them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from services.chassis.envelope import Origin
from services.chassis.headers import HISTORY, REPLAYS
from services.chassis.mongo import Work
from services.chassis.outbox import Resent
from services.operations.documents import StoredDeadLetter
from services.operations.domain import DeadLetter

Bson = dict[str, Any]
_TOGETHER: Final = 8 * 1024 * 1024
"""How many bytes are sent in one transaction: MongoDB takes documents of twice that."""


class Letters:
    """Loads many at once and writes them at once, so that a batch costs a constant number of round trips."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._stored: dict[str, DeadLetter] = {}
        self._letters: dict[str, DeadLetter] = {}

    async def load(self, ids: Iterable[str]) -> None:
        """Read these; unknown ones are left out."""
        wanted = {"_id": {"$in": sorted(set(ids))}}
        found = StoredDeadLetter.get_pymongo_collection().find(wanted, session=self._work.session)
        async for document in found:
            letter = DeadLetter.model_validate(document["letter"])
            self._stored[letter.id] = self._letters[letter.id] = letter

    async def load_some(self, wanted: Mapping[str, Any], limit: int) -> tuple[list[DeadLetter], bool]:
        """The first that died of those that fit, as many as one transaction can hold, and whether there are more."""
        found = StoredDeadLetter.get_pymongo_collection().find(
            wanted, {"letter.size": 1}, session=self._work.session
        )
        sizes = [
            (document["_id"], document["letter"]["size"])
            async for document in found.sort("letter.died_at").limit(limit + 1)
        ]
        ids = _fitting(sizes[:limit])
        await self.load(ids)
        return [self._letters[id] for id in ids], len(sizes) > len(ids)

    def get(self, id: str) -> DeadLetter | None:
        """The letter as it is after what was decided."""
        return self._letters.get(id)

    def put(self, letter: DeadLetter) -> None:
        """Replace a letter."""
        self._letters[letter.id] = letter

    def put_settled(self, letter: DeadLetter) -> None:
        """Replace a letter by what was decided. One that is brought back by that is sent to where it died."""
        before = self._letters[letter.id]
        self.put(letter)
        if letter.state == "replayed" and letter is not before:
            self._send(letter)

    def _send(self, letter: DeadLetter) -> None:
        """It goes on in its own trace; its attempts begin anew, its history goes on."""
        headers = {**letter.headers, HISTORY: list(letter.history), REPLAYS: letter.replays}
        resent = Resent(letter.queue, letter.message_id, letter.kind, letter.body, headers)
        origin = Origin(letter.correlation_id, None, letter.traceparent)
        self._work.send_again(f"dead_letter/{letter.id}", letter.replays, resent, origin)

    async def save(self) -> None:
        """Write what has changed."""
        writes = [
            StoredDeadLetter.write(letter)
            for letter in self._letters.values()
            if letter != self._stored.get(letter.id)
        ]
        if writes:
            await StoredDeadLetter.get_pymongo_collection().bulk_write(writes, session=self._work.session)


def _fitting(sizes: Sequence[tuple[str, int]]) -> list[str]:
    """The first of these, as many as may go together; one alone always may."""
    sums = accumulate(size for _, size in sizes)
    return [id for (id, size), total in zip(sizes, sums, strict=True) if total <= max(size, _TOGETHER)]

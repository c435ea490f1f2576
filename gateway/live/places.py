"""Places for streams: so many in one process, and of these so many of one user."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.metrics import LIVE_STREAMS
from services.chassis.errors import TooMany, Unavailable


class Places:
    """The places that are taken."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._all = 0
        self._of: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._all

    @contextmanager
    def place(self, user_id: str) -> Iterator[None]:
        """A place while inside. Raises Unavailable when all are taken, TooMany when the user has enough of them."""
        if self._all >= self._most:
            raise Unavailable("no more live streams are taken here", retry_after=2)
        if self._of[user_id] >= self._most_of_one:
            raise TooMany(f"{self._most_of_one} live streams at once are enough", retry_after=2)
        self._count(user_id, +1)
        try:
            yield
        finally:
            self._count(user_id, -1)

    def _count(self, user_id: str, change: int) -> None:
        self._all += change
        self._of[user_id] += change
        if not self._of[user_id]:
            del self._of[user_id]
        LIVE_STREAMS.set(self._all)

"""The part of the cache that lies in the memory of one gateway: good only while it hears what is invalidated."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from cachetools import LRUCache, TTLCache

from discovery.config.caching import Freshness
from gateway.cache.entry import Entry, State, judge
from gateway.metrics import CACHE_LOCAL_BYTES

_REMEMBERED: Final = 100_000
_REMEMBERED_SECONDS: Final = 60.0
"""For longer than any fetch takes."""
_OVERHEAD: Final = 500
"""Bytes that an entry takes beside its body."""


class _Kept(LRUCache[str, tuple[Entry, float]]):
    """Entries with when they were kept (loop time), found by tag too, bounded by their bytes."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=lambda kept: len(kept[0].body) + _OVERHEAD)
        self.by_tag: defaultdict[str, set[str]] = defaultdict(set)

    def __setitem__(self, key: str, kept: tuple[Entry, float]) -> None:
        self.pop(key, None)
        super().__setitem__(key, kept)
        for tag in kept[0].tags:
            self.by_tag[tag].add(key)

    def __delitem__(self, key: str) -> None:
        for tag in self[key][0].tags:
            keys = self.by_tag[tag]
            keys.discard(key)
            if not keys:
                del self.by_tag[tag]
        super().__delitem__(key)


class Local:
    """Entries that were kept or seen here. `now` is always loop time in seconds."""

    def __init__(self, max_bytes: int) -> None:
        self.listening = False
        self._max_bytes = max_bytes
        self._kept = _Kept(max_bytes)
        self._invalidated: TTLCache[str, int] = TTLCache(_REMEMBERED, _REMEMBERED_SECONDS)

    def get(self, key: str, freshness: Freshness, now: float) -> tuple[Entry, float, State] | None:
        """An entry that may be given, its age in seconds, and whether it is fresh."""
        if (found := self._kept.get(key)) is None:
            return None
        entry, kept_at = found
        state = judge(now - kept_at, freshness)
        return (entry, now - kept_at, state) if state in (State.FRESH, State.STALE) else None

    def put(self, key: str, entry: Entry, age: float, now: float) -> None:
        """Keep an entry of this age, unless an invalidation has overtaken it."""
        overtaken = any(self._invalidated.get(tag, -1) >= entry.born for tag in entry.tags)
        if self.listening and not overtaken and len(entry.body) + _OVERHEAD <= self._max_bytes:
            self._kept[key] = entry, now - age
            CACHE_LOCAL_BYTES.set(self._kept.currsize)

    def invalidate(self, tags: Iterable[str], at: int) -> None:
        """Forget all that shows one of these and was born by then."""
        for tag in tags:
            self._invalidated[tag] = at
            for key in tuple(self._kept.by_tag.get(tag, ())):
                if self._kept[key][0].born <= at:
                    del self._kept[key]

    def listen(self) -> None:
        """From now on invalidations are heard; what is there may be out of date already."""
        self._kept = _Kept(self._max_bytes)
        self.listening = True

    def deafen(self) -> None:
        """Invalidations are no longer heard: nothing that is here can be trusted."""
        self.listening = False
        self._kept = _Kept(self._max_bytes)

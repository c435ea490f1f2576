"""The cache that all gateways share, in Redis: entries, invalidations by tag, and who fetches.

An invalidation gives its tags a number from a clock that only goes forward; an entry is valid when it was born after
the last invalidation of each of its tags. So what was fetched before a change is never taken for the state after it,
whatever overtakes what. An invalid entry stays, for when its source is away.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

from discovery.config.caching import LONGEST, Freshness
from gateway.cache.entry import Entry, lifetime
from gateway.redis.store import Store

INVALIDATED: Final = "cache:invalidated"
"""Channel: `{"at": <number>, "tags": […]}`."""
SETTLED: Final = "cache:settled"
"""Channel: a key whose fetch has come to an end."""

# One slot of a cluster, so that a script may touch several.
_SPACE: Final = "{cache}"
_TAG_SECONDS: Final = round(2 * LONGEST) + 60
"""Longer than any entry can be fresh or stale: what is invalid beyond that is spare anyway."""

Argument = bytes | str | int

_CLOCK = """
local function tick(clock)
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local last = tonumber(redis.call('GET', clock) or '0')
  if now <= last then now = last + 1 end
  return now
end
"""
# KEYS: entry, clock, lock · ARGV: microseconds that it is fresh, milliseconds for a fetch, name space, who asks
_LOOK = (
    _CLOCK
    + """
local now = tick(KEYS[2])
local found = redis.call('HMGET', KEYS[1], 'body', 'tags', 'born', 'etag', 'kept')
local valid, age = 1, 0
if found[1] then
  age = now - tonumber(found[5])
  for tag in string.gmatch(found[2], '%S+') do
    local at = redis.call('GET', ARGV[3] .. 'tag:' .. tag)
    if at and tonumber(at) >= tonumber(found[3]) then valid = 0 end
  end
end
local mine = 0
if not found[1] or valid == 0 or age >= tonumber(ARGV[1]) then
  if redis.call('SET', KEYS[3], ARGV[4], 'NX', 'PX', ARGV[2]) then mine = 1 end
end
return {string.format('%.0f', now), mine, valid, string.format('%.0f', age), found[1], found[2], found[3], found[4]}
"""
)
# KEYS: entry, clock, lock · ARGV: name space, milliseconds, body, tags, born, etag, channel, key, who keeps it
_KEEP = (
    _CLOCK
    + """
if redis.call('GET', KEYS[3]) == ARGV[9] then redis.call('DEL', KEYS[3]) end
local kept = 1
for tag in string.gmatch(ARGV[4], '%S+') do
  local at = redis.call('GET', ARGV[1] .. 'tag:' .. tag)
  if at and tonumber(at) >= tonumber(ARGV[5]) then kept = 0 end
end
if kept == 1 then
  redis.call('HSET', KEYS[1], 'body', ARGV[3], 'tags', ARGV[4], 'born', ARGV[5], 'etag', ARGV[6],
    'kept', string.format('%.0f', tick(KEYS[2])))
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
redis.call('PUBLISH', ARGV[7], ARGV[8])
return kept
"""
)
# KEYS: lock · ARGV: who gives up, channel, key
_GIVE_UP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return redis.call('PUBLISH', ARGV[2], ARGV[3])
"""
# KEYS: clock · ARGV: name space, seconds to remember it, channel, tags
_INVALIDATE = (
    _CLOCK
    + """
local now = string.format('%.0f', tick(KEYS[1]))
redis.call('SET', KEYS[1], now, 'EX', ARGV[2])
local tags = {}
for i = 4, #ARGV do
  redis.call('SET', ARGV[1] .. 'tag:' .. ARGV[i], now, 'EX', ARGV[2])
  tags[#tags + 1] = ARGV[i]
end
redis.call('PUBLISH', ARGV[3], cjson.encode({at = now, tags = tags}))
return now
"""
)


@dataclass(frozen=True, slots=True)
class Found:
    """What Redis knows of a key. `born` is the number for an entry that is fetched from now on.

    `age` is in seconds. `fetch` says that nobody else is fetching it: whoever was told so owes a `keep` or `give_up`.
    """

    entry: Entry | None
    age: float
    valid: bool
    born: int
    fetch: bool


class Shared:
    """The cache in Redis. Every method raises Unavailable when Redis does not answer."""

    def __init__(self, redis: Redis, store: Store, prefix: str) -> None:
        self._store = store
        self._space = f"{prefix}{_SPACE}:"
        self._prefix = prefix
        self._me = secrets.token_hex(8)
        self._look, self._keep, self._give_up, self._invalidate = (
            redis.register_script(script) for script in (_LOOK, _KEEP, _GIVE_UP, _INVALIDATE)
        )

    @property
    def channels(self) -> tuple[str, str]:
        """Those of invalidations and of settled fetches."""
        return self._prefix + INVALIDATED, self._prefix + SETTLED

    async def look(self, key: str, freshness: Freshness, fetch_seconds: float) -> Found:
        """Look for an entry. When it is not fresh, who asks first is to fetch it, and has so many seconds for that."""
        args: list[Argument] = [
            round(freshness.fresh * 1e6),
            round(fetch_seconds * 1e3),
            self._space,
            self._me,
        ]
        async with self._store.reached():
            answer = await self._look(self._keys(key), args)
        born, fetch, valid, age, *fields = answer
        return Found(_entry(fields), int(age) / 1e6, bool(valid), int(born), bool(fetch))

    async def keep(self, key: str, entry: Entry, freshness: Freshness) -> bool:
        """Keep what was fetched, unless something that it shows has changed since; either way its fetch has ended."""
        milliseconds = max(1, round(lifetime(freshness) * 1e3))
        tags = " ".join(sorted(entry.tags))
        what: list[Argument] = [self._space, milliseconds, entry.body, tags, entry.born, entry.etag]
        async with self._store.reached():
            return bool(await self._keep(self._keys(key), [*what, self.channels[1], key, self._me]))

    async def give_up(self, key: str) -> None:
        """There was nothing to keep."""
        async with self._store.reached():
            await self._give_up([self._keys(key)[2]], [self._me, self.channels[1], key])

    async def invalidate(self, tags: Iterable[str]) -> None:
        """From now on nothing that was fetched before, and shows one of these, is valid."""
        args: list[Argument] = [self._space, _TAG_SECONDS, self.channels[0], *sorted(tags)]
        async with self._store.reached():
            await self._invalidate([f"{self._space}clock"], args)

    def _keys(self, key: str) -> list[str]:
        return [f"{self._space}entry:{key}", f"{self._space}clock", f"{self._space}fetch:{key}"]


def _entry(fields: list[bytes | None]) -> Entry | None:
    body, tags, born, etag = fields
    if body is None or tags is None or born is None or etag is None:
        return None
    return Entry(body, etag.decode(), frozenset(tags.decode().split()), int(born))

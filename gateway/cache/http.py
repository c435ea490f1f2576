"""Cached answers over HTTP: validators, what clients may keep, and where an answer came from (RFC 9211)."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from discovery.config.caching import Cached, Caching
from discovery.config.resilience import Resilience
from gateway.cache.answers import Answer, Verdict, Wanted
from gateway.cache.entry import Entry, Fetched
from gateway.cache.resource import ANSWERS
from gateway.endpoint import Handler
from gateway.explanation import explanation
from gateway.metrics import CACHE_ANSWERS
from gateway.upstreams.client import Calls
from services.chassis.config import CONFIGURATION
from services.chassis.identity import known_caller

Compose = Callable[[web.Request, Calls], Awaitable[Fetched]]
"""Makes the answer of what the request's path and query say, and of nothing else."""

CACHE_STATUS: Final = "Cache-Status"
PRIVATE: Final = "private, no-store"
_PUBLIC: Final = "public, no-cache"
"""Clients may keep it and must ask whether it still holds: an invalidation does not reach them."""


def cached(name: Cached, compose: Compose) -> Handler:
    """A handler that answers from the cache; `compose` is called on behalf of nobody.

    Staff get theirs made for them: they see what the public does not see yet.
    """

    async def handle(request: web.Request, calls: Calls) -> web.Response:
        answer = await answered(request, calls, name, compose)
        if answer.verdict is Verdict.BYPASS:
            return _reply(answer, {"Cache-Control": PRIVATE})
        headers = {
            "Cache-Control": _PUBLIC,
            "ETag": answer.entry.etag,
            "Vary": "Authorization",
            "Age": str(int(answer.age)),
        }
        if _is_known(request, answer.entry):
            return web.Response(status=304, headers={**headers, CACHE_STATUS: answer.status})
        return _reply(answer, headers)

    return handle


async def answered(
    request: web.Request, calls: Calls, name: Cached, compose: Compose, key: str | None = None
) -> Answer:
    """The answer, from the cache where it may be; `key` is made by `key_of`, of the request unless it is given."""
    caching = request.app[CONFIGURATION][Caching]
    if not caching.enabled or _is_staff(request):
        answer = Answer(Entry.of(await compose(request, calls), 0), Verdict.BYPASS)
    else:
        seconds = request.app[CONFIGURATION][Resilience].read_seconds

        async def fetch() -> Fetched:
            return await compose(request, calls.anonymous.renewed(seconds))

        key = key or key_of(name, request.path, request.query.items())
        wanted = Wanted(key, caching.answers[name], seconds, fetch)
        answer = await request.app[ANSWERS].get(wanted)
    CACHE_ANSWERS.labels(name, answer.verdict.value).inc()
    said = explanation()
    said.cache = f"{said.cache}, {answer.status}" if said.cache else answer.status
    return answer


def key_of(answer: Cached, path: str, query: Iterable[tuple[str, str]]) -> str:
    """By path, which has the version, and query in any order."""
    asked = f"{path}?{urlencode(sorted(query), errors='replace')}"
    return f"{answer}:{hashlib.blake2b(asked.encode(), digest_size=16).hexdigest()}"


def _is_staff(request: web.Request) -> bool:
    known = known_caller(request)
    return known is not None and known.is_staff


def _reply(answer: Answer, headers: dict[str, str]) -> web.Response:
    headers[CACHE_STATUS] = answer.status
    return web.Response(body=answer.entry.body, headers=headers, content_type="application/json")


def _is_known(request: web.Request, entry: Entry) -> bool:
    """Whether the client has it already."""
    sent = request.if_none_match or ()
    return any(tag.value in ("*", entry.etag.strip('"')) for tag in sent)

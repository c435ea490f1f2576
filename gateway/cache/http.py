"""Cached answers over HTTP: validators, what clients may keep, and where an answer came from (RFC 9211)."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from discovery.config.caching import Cached, Caching
from discovery.config.resilience import Resilience
from gateway.cache.answers import Answer, Verdict, Wanted
from gateway.cache.entry import Entry, Page
from gateway.cache.resource import ANSWERS
from gateway.endpoint import Handler
from gateway.metrics import CACHE_ANSWERS
from gateway.upstreams.client import Calls
from services.chassis.config import CONFIGURATION
from services.chassis.identity import Role, known_caller

Compose = Callable[[web.Request, Calls], Awaitable[Page]]
"""Makes the answer of what the request's path and query say, and of nothing else."""

_FOR_CLIENTS: Final = "public, no-cache"
"""They may keep it and must ask whether it still holds: an invalidation does not reach them."""


def cached(answer: Cached, compose: Compose) -> Handler:
    """A handler that answers from the cache where it may; `compose` is called without the caller's token.

    Staff get theirs made for them: they see what the public does not see yet.
    """

    async def handle(request: web.Request, calls: Calls) -> web.Response:
        caching = request.app[CONFIGURATION][Caching]
        if not caching.enabled or _is_staff(request):
            page = await compose(request, calls)
            return _uncached(answer, page)
        seconds = request.app[CONFIGURATION][Resilience].read_seconds
        anonymous = calls.anonymous()

        async def fetch() -> Page:
            return await compose(request, anonymous.renewed(seconds))

        key = key_of(answer, request.path, request.query.items())
        wanted = Wanted(key, caching.answers[answer], seconds, fetch)
        return _respond(request, answer, await request.app[ANSWERS].get(wanted))

    return handle


def key_of(answer: Cached, path: str, query: Iterable[tuple[str, str]]) -> str:
    """By path, which has the version, and query in any order."""
    asked = f"{path}?{urlencode(sorted(query), errors='replace')}"
    return f"{answer}:{hashlib.blake2b(asked.encode(), digest_size=16).hexdigest()}"


def _is_staff(request: web.Request) -> bool:
    known = known_caller(request)
    return known is not None and known.has(Role.SUPPORT, Role.ADMIN)


def _uncached(answer: Cached, page: Page) -> web.Response:
    CACHE_ANSWERS.labels(answer, Verdict.BYPASS.value).inc()
    headers = {"Cache-Control": "private, no-store", "Cache-Status": "portico; fwd=bypass"}
    return web.Response(body=page.body, headers=headers, content_type="application/json")


def _respond(request: web.Request, name: Cached, answer: Answer) -> web.Response:
    CACHE_ANSWERS.labels(name, answer.verdict.value).inc()
    headers = {
        "Cache-Control": _FOR_CLIENTS,
        "Cache-Status": status(answer, request.app[CONFIGURATION][Caching].answers[name].fresh),
        "ETag": answer.entry.etag,
        "Vary": "Authorization",
        "Age": str(int(answer.age)),
    }
    if _is_known(request, answer.entry):
        return web.Response(status=304, headers=headers)
    return web.Response(body=answer.entry.body, headers=headers, content_type="application/json")


def status(answer: Answer, fresh: float) -> str:
    """The Cache-Status of an answer that is fresh for so many seconds."""
    collapsed = "; collapsed" if answer.joined else ""
    ttl = f"; ttl={int(fresh - answer.age)}"
    match answer.verdict:
        case Verdict.HIT:
            return f"portico; hit{ttl}{collapsed}"
        case Verdict.STALE:
            return f"portico; hit{ttl}; detail=stale-while-revalidate{collapsed}"
        case Verdict.SPARE:
            return f"portico; hit{ttl}; detail=stale-if-error{collapsed}"
        case _:
            return f"portico; fwd=miss{'; stored' if answer.kept else ''}{collapsed}"


def _is_known(request: web.Request, entry: Entry) -> bool:
    """Whether the client has it already."""
    sent = request.if_none_match or ()
    return any(tag.value in ("*", entry.etag.strip('"')) for tag in sent)

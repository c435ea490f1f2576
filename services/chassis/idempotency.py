"""Idempotency keys: the first answer to a key is stored with its effect, and given again to whoever repeats it."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, Self, TypeVar

from aiohttp import web
from pydantic import BaseModel

from services.chassis.envelope import Origin
from services.chassis.errors import Invalid, Malformed, Refusal
from services.chassis.identity import Caller, caller
from services.chassis.mongo import DATABASE, Work

B = TypeVar("B", bound=BaseModel)
HEADER: Final = "Idempotency-Key"
_LONGEST: Final = 128
_REUSED: Final = Invalid.field(HEADER, "this key was used for another request")


@dataclass(frozen=True, slots=True)
class Ask(Generic[B]):
    """A request that may be repeated. `key` names its caller, its route and their own key for it."""

    key: str
    fingerprint: str
    caller: Caller
    body: B
    origin: Origin

    @classmethod
    def of(cls, request: web.Request, body: B) -> Self:
        """What is asked. Raises Malformed without the header, Invalid for one that cannot be a key."""
        fingerprint = hashlib.sha256(f"{request.path}\n{body.model_dump_json()}".encode()).hexdigest()
        return cls(_key(request), fingerprint, caller(request), body, Origin.here())


UseCase = Callable[[Work, Sequence[Ask[B]]], Awaitable[Sequence[BaseModel | Refusal]]]
"""Does what is asked and returns an answer to each, in order; a refusal has no effect and is not stored."""


async def answer_once(work: Work, asks: Sequence[Ask[B]], use_case: UseCase[B]) -> list[bytes | Refusal]:
    """Run `use_case` on those that were not asked before; every ask gets the answer that is stored under its key.

    A concurrent repetition conflicts on the stored key, runs again and then finds the answer.
    """
    known: dict[str, dict[str, Any]] = {}
    async for row in work.db.idempotency.find(
        {"_id": {"$in": [ask.key for ask in asks]}}, session=work.session
    ):
        known[row["_id"]] = row
    fresh: dict[str, Ask[B]] = {}
    for ask in asks:
        if ask.key not in known:
            fresh.setdefault(ask.key, ask)
    refused: dict[str, Refusal] = {}
    if fresh:
        outcomes = await use_case(work, list(fresh.values()))
        for ask, outcome in zip(fresh.values(), outcomes, strict=True):
            if isinstance(outcome, Refusal):
                refused[ask.key] = outcome
            else:
                known[ask.key] = _row(ask, outcome)
        if stored := [known[key] for key in fresh if key in known]:
            await work.db.idempotency.insert_many(stored, session=work.session)
    return [
        _REUSED if _differs(ask, fresh, known) else refused.get(ask.key) or bytes(known[ask.key]["answer"])
        for ask in asks
    ]


def _row(ask: Ask[B], answer: BaseModel) -> dict[str, Any]:
    return {
        "_id": ask.key,
        "fingerprint": ask.fingerprint,
        "answer": answer.model_dump_json().encode(),
        "stored_at": datetime.now(UTC),
    }


def _differs(ask: Ask[B], fresh: Mapping[str, Ask[B]], known: Mapping[str, dict[str, Any]]) -> bool:
    """Whether its key stands for something else, stored or asked for in the same moment."""
    first = fresh[ask.key].fingerprint if ask.key in fresh else known[ask.key]["fingerprint"]
    return bool(first != ask.fingerprint)


async def idempotent(
    request: web.Request, body: BaseModel, status: int, use_case: Callable[[Work], Awaitable[BaseModel]]
) -> web.Response:
    """Run `use_case` in a transaction, once for each caller, route and key; a repetition gets the stored answer.

    Raises Malformed without the header, Invalid when the key came before with something else.
    """
    ask = Ask.of(request, body)

    async def alone(work: Work, _: Sequence[Ask[BaseModel]]) -> Sequence[BaseModel]:
        return [await use_case(work)]

    async def transaction(work: Work) -> bytes:
        (answer,) = await answer_once(work, [ask], alone)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    return stored_reply(await request.app[DATABASE].transaction(transaction), status)


def stored_reply(answer: bytes, status: int) -> web.Response:
    """An answer as it was stored."""
    return web.Response(body=answer, status=status, content_type="application/json")


def _key(request: web.Request) -> str:
    key = request.headers.get(HEADER, "")
    if not key:
        raise Malformed(f"the header {HEADER} is required")
    if len(key) > _LONGEST or not key.isascii() or not key.isprintable():
        raise Invalid.field(HEADER, f"at most {_LONGEST} printable ASCII characters")
    resource = request.match_info.route.resource
    return (
        f"{caller(request).user_id} {request.method} {resource.canonical if resource else request.path} {key}"
    )

"""Idempotency keys: the first answer to a key is stored with its effect, and given again to whoever repeats it."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from aiohttp import web
from pydantic import BaseModel

from services.chassis.errors import Invalid, Malformed
from services.chassis.identity import caller
from services.chassis.mongo import DATABASE, Work

HEADER: Final = "Idempotency-Key"
_LONGEST: Final = 128


async def idempotent(
    request: web.Request, body: BaseModel, status: int, use_case: Callable[[Work], Awaitable[BaseModel]]
) -> web.Response:
    """Run `use_case` in a transaction, once for each caller, route and key; a repetition gets the stored answer.

    Raises Malformed without the header, Invalid when the key came before with something else.
    A concurrent repetition conflicts on the stored key, runs again and then finds the answer.
    """
    key = _key(request)
    fingerprint = hashlib.sha256(f"{request.path}\n{body.model_dump_json()}".encode()).hexdigest()

    async def transaction(work: Work) -> bytes:
        stored = await work.db.idempotency.find_one({"_id": key}, session=work.session)
        if stored is None:
            answer = (await use_case(work)).model_dump_json().encode()
            row = {"_id": key, "fingerprint": fingerprint, "answer": answer, "stored_at": datetime.now(UTC)}
            await work.db.idempotency.insert_one(row, session=work.session)
            return answer
        if stored["fingerprint"] != fingerprint:
            raise Invalid.field(HEADER, "this key was used for another request")
        return bytes(stored["answer"])

    answer = await request.app[DATABASE].transaction(transaction)
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

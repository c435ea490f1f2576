"""Group commit: concurrent requests to one route share one transaction, and whoever comes alone does not wait."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel

from observability import metrics
from services.chassis.batches import Batches
from services.chassis.errors import Refusal
from services.chassis.idempotency import Ask, UseCase, answer_once, stored_reply
from services.chassis.mongo import DATABASE, Database
from services.chassis.spans import together

B = TypeVar("B", bound=BaseModel)

_SIZE: Final = 100


class GroupCommit(Generic[B]):
    """Answers idempotent requests of one kind in groups. A refusal of one leaves its neighbours alone."""

    def __init__(self, name: str, database: Database, use_case: UseCase[B]) -> None:
        self._name = name
        self._database = database
        self._use_case = use_case
        self._batches: Batches[Ask[B], bytes] = Batches(name, self._commit, _SIZE)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Answer while inside."""
        return self._batches.running()

    async def answer(self, request: web.Request, body: B, status: int) -> web.Response:
        """The answer to this request, once it is committed. Raises the use case's refusal, and Unavailable."""
        return stored_reply(await self._batches.submit(Ask.of(request, body)), status)

    async def _commit(self, asks: Sequence[Ask[B]]) -> list[bytes | Refusal]:
        metrics.GROUP_COMMIT_REQUESTS.labels(self._name).observe(len(asks))
        with together(f"commit {self._name}", [ask.origin.traceparent for ask in asks]):
            return await self._database.transaction(lambda work: answer_once(work, asks, self._use_case))


def group_commit(
    key: web.AppKey[GroupCommit[B]], name: str, use_case: UseCase[B]
) -> Callable[[web.Application], AsyncIterator[None]]:
    """A group commit for as long as the application lives: declare it after `mongo`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        app[key] = GroupCommit(name, app[DATABASE], use_case)
        async with app[key].running():
            yield

    return resource

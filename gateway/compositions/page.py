"""Fan-out under one deadline: sections that a page needs, and sections that it can do without."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from gateway.explanation import explanation
from gateway.metrics import SECTIONS_DEGRADED
from gateway.upstreams.client import Calls
from services.chassis.errors import Refusal
from services.chassis.together import together

T = TypeVar("T")
P = ParamSpec("P")
Fetch = Callable[Concatenate[Calls, P], Coroutine[Any, Any, T]]
"""How a section is had: by calls, and whatever else it is given."""

_log = logging.getLogger(__name__)


class Page:
    """The sections of one page while they are fetched, all at once."""

    def __init__(self, calls: Calls, group: asyncio.TaskGroup) -> None:
        self._calls = calls
        self._group = group
        self._failed: set[str] = set()

    @property
    def degraded(self) -> tuple[str, ...]:
        """The names of the optional sections that could not be had."""
        return tuple(sorted(self._failed))

    def lacks(self, names: Iterable[str]) -> None:
        """Sections that could not be had when what it is made of was composed."""
        self._failed.update(names)

    def required(self, fetch: Fetch[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Task[T]:
        """A section without which there is no page: what it is refused with, the page is."""
        return self._group.create_task(fetch(self._calls, *args, **kwargs))

    def optional(
        self, name: str, fetch: Fetch[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Task[T | None]:
        """A section that is None, and named in `degraded`, when it cannot be had in time."""
        return self._group.create_task(self._try(name, fetch, *args, **kwargs))

    async def _try(self, name: str, fetch: Fetch[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return await fetch(self._calls.within(self._calls.patience), *args, **kwargs)
        except Refusal as refusal:
            _log.warning("the section %s is missing: %s", name, refusal.detail)
            SECTIONS_DEGRADED.labels(name).inc()
            self._failed.add(name)
            explanation().degraded.add(name)
            return None


@asynccontextmanager
async def composing(calls: Calls) -> AsyncIterator[Page]:
    """Declare a page's sections inside; behind it they are done. Raises what the first required one is refused with.

    The deadline is that of `calls`, and goes with each of them to Envoy; optional sections have a shorter one.
    """
    async with together() as group:
        yield Page(calls, group)

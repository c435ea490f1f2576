"""Waiting for parts that are not there yet, and saying for which."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from services.chassis.notify import notify

T = TypeVar("T")
_log = logging.getLogger(__name__)


async def until_available(
    what: str, connect: Callable[[], Awaitable[T]], failures: tuple[type[Exception], ...]
) -> T:
    """Call `connect` until it answers, with back-off up to 2 s. `what` names the part and where it was looked for."""

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        notify(f"STATUS=waiting for {what}")
        _log.warning("waiting for %s: %s", what, error, extra={"attempt": state.attempt_number})

    retrying = AsyncRetrying(
        retry=retry_if_exception_type(failures),
        wait=wait_exponential_jitter(multiplier=0.1, max=2.0, jitter=0.1),
        before_sleep=tell,
    )
    return await retrying(connect)

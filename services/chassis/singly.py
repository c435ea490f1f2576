"""Doing something for many at once, and for each alone when that fails: one bad thing does not hold up the others."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from pymongo.errors import ConnectionFailure

from services.chassis.errors import RetryLater

T = TypeVar("T")


async def all_or_singly(
    things: Sequence[T], do: Callable[[Sequence[T]], Awaitable[object]]
) -> list[tuple[T, Exception]]:
    """Do it for all; when that fails, for one after the other. Returns those it failed on, and why.

    Raises RetryLater or ConnectionFailure when the database is away or busy: that is the fault of none of them.
    """
    try:
        await do(things)
    except (RetryLater, ConnectionFailure):
        raise
    except Exception as error:
        if len(things) == 1:
            return [(things[0], error)]
    else:
        return []
    return [failure for thing in things for failure in await all_or_singly([thing], do)]

"""Fetching all parts at once, with progress."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from scripts.native import console, consul, envoy, mongodb, prometheus, rabbitmq, redis, xds
from scripts.native.part import FetchFailed, Part

PARTS: tuple[Part, ...] = (
    mongodb.PART,
    rabbitmq.PART,
    redis.PART,
    consul.PART,
    envoy.PART,
    prometheus.PART,
    xds.PART,
    console.PART,
)

Watcher = Callable[[str, str], None]


async def fetch(
    native: Path, parts: Iterable[Part] = PARTS, tell: Watcher = lambda part, state: None
) -> None:
    """Fetch the parts this machine lacks, side by side.

    `tell` hears of each needed part "fetching" and then "fetched" or "failed".
    Raises FetchFailed with the reason of every part that failed.
    """
    needed = [part for part in parts if part.is_needed(native)]
    results = await asyncio.gather(*(_fetch_one(part, native, tell) for part in needed))
    failures = [reason for reason in results if reason]
    if failures:
        raise FetchFailed("\n".join(failures))


async def _fetch_one(part: Part, native: Path, tell: Watcher) -> str | None:
    tell(part.name, "fetching")
    try:
        await asyncio.to_thread(part.install, native)
    except (FetchFailed, OSError) as error:
        tell(part.name, "failed")
        return f"{part.name}: {error}{advice(part)}"
    tell(part.name, "fetched")
    return None


def advice(part: Part) -> str:
    """How to get a part by hand, "" for one that is no program."""
    if part.tool is None:
        return ""
    minimum = ".".join(str(number) for number in part.tool.minimum)
    on_path = f"put {part.tool.commands[0]} on PATH or " if part.tool.commands else ""
    return f"\n  Or {on_path}set {part.tool.variable} to an executable, version {minimum} or newer."

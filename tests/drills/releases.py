"""Causes that come with a release: a process has other settings, or a mistake. It is taken back in the end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from scripts.supervisor import ProcessSpec
from tests.drills.stage import Stage


@asynccontextmanager
async def misconfigured(stage: Stage, process: str, environment: Mapping[str, str]) -> AsyncIterator[None]:
    """It is told something that makes no sense."""
    async with _released(stage, stage.specs[process].with_environment(environment)):
        yield


@asynccontextmanager
async def mistaken(stage: Stage, process: str) -> AsyncIterator[None]:
    """It has the mistake of `tests.drills.mistaken`."""
    spec = stage.specs[process]
    python, m, *module = spec.command
    async with _released(stage, replace(spec, command=(python, m, "tests.drills.mistaken", *module))):
        yield


@asynccontextmanager
async def _released(stage: Stage, spec: ProcessSpec) -> AsyncIterator[None]:
    await stage.supervisor.replace(spec)
    try:
        yield
    finally:
        await stage.supervisor.replace(stage.specs[spec.name])

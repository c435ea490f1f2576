"""Services as processes of their own, where a test needs two instances or wants to kill one."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretStr

from scripts.layout import CHECKOUT
from scripts.supervisor import ProcessSpec, Supervisor
from services.chassis.settings import ProcessSettings


@asynccontextmanager
async def instances(
    settings: ProcessSettings, count: int, directory: Path, module: str = ""
) -> AsyncIterator[Supervisor]:
    """`count` processes of one service, named `<service>-1` and so on, all ready."""
    spec = ProcessSpec(
        name=settings.service,
        service=settings.service,
        command=(sys.executable, "-m", module or f"services.{settings.service}"),
        directory=CHECKOUT,
        environment={
            f"PORTICO_{name.upper()}": _text(value)
            for name, value in settings
            if name != "instance" and value is not None
        },
        scalable=True,
    )
    record = directory / f"{settings.service}.json"
    async with Supervisor([spec.numbered(1)], logs=directory / "logs", record=record) as supervisor:
        await supervisor.scale(settings.service, count)
        yield supervisor


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value if isinstance(value, str) else orjson.dumps(value).decode()

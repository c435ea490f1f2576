"""`portico scale`: more or fewer instances of a service."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.progress import follow
from scripts.control import ask
from scripts.layout import Layout
from scripts.supervisor import State


def scale(
    service: Annotated[str, typer.Argument(help="Such as order.")],
    count: Annotated[int, typer.Argument(min=0, help="How many instances there shall be.")],
    tag: Annotated[
        list[str] | None, typer.Option(help="Of the instances that are new, such as canary; repeatable.")
    ] = None,
    checkout: Annotated[
        Path | None,
        typer.Option(
            "--from",
            exists=True,
            file_okay=False,
            resolve_path=True,
            help="A checkout whose code the new instances run, such as that of the next version.",
        ),
    ] = None,
) -> None:
    """Run COUNT instances of SERVICE: new ones take traffic when ready, surplus ones drain first."""
    layout = Layout.from_environment()
    answers = ask(
        layout.control_socket,
        command="scale",
        service=service,
        count=count,
        tags=tag or [],
        checkout=str(checkout) if checkout else None,
    )
    asyncio.run(follow(layout, answers, State.READY))

"""`portico scale`: more or fewer instances of a service."""

import asyncio
from typing import Annotated

import typer

from scripts.commands.progress import follow
from scripts.control import ask
from scripts.layout import Layout
from scripts.supervisor import State


def scale(
    service: Annotated[str, typer.Argument(help="Such as order.")],
    count: Annotated[int, typer.Argument(min=0, help="How many instances there shall be.")],
) -> None:
    """Run COUNT instances of SERVICE: new ones take traffic when ready, surplus ones drain first."""
    layout = Layout.from_environment()
    answers = ask(layout.control_socket, command="scale", service=service, count=count)
    asyncio.run(follow(layout, answers, State.READY))

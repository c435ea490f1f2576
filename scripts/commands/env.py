"""`portico env`: the secrets of the platform, for Docker Compose."""

from pathlib import Path
from typing import Annotated

import typer

from scripts.compose.environment import render
from scripts.console import console
from scripts.layout import CHECKOUT, Layout
from scripts.platform import load_credentials, load_secrets
from scripts.secrets import write_private


def env(
    file: Annotated[Path, typer.Option(help="What to write; only its owner can read it.")] = CHECKOUT
    / ".env",
) -> None:
    """Write the .env that docker-compose.yml is filled in with, from this platform's secrets."""
    layout = Layout.from_environment()
    write_private(file, render(load_secrets(layout), load_credentials(layout)))
    console.print(f"[green]✓[/green] {file}", soft_wrap=True)

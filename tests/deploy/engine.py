"""`python -m tests.deploy.engine`: where there is an engine, the light platform takes an order."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.commands.order import place_and_follow
from scripts.compose.environment import render
from scripts.layout import CHECKOUT, Layout
from scripts.platform import load_credentials, load_secrets

PROJECT = "portico-check"
UP_SECONDS = 600


def has_engine() -> bool:
    """Whether there is somebody to run containers."""
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "info"], capture_output=True, timeout=30, check=False).returncode == 0


def try_out(layout: Layout) -> None:
    """Start the profile `core` under a name of its own, place an order, and leave nothing."""
    variables = layout.home / "env"
    variables.write_text(render(load_secrets(layout), load_credentials(layout)))
    compose = ["docker", "compose", "--project-name", PROJECT, "--env-file", str(variables)]
    compose += ["--profile", "core"]
    nobody = ("OTEL_EXPORTER_OTLP_ENDPOINT", "PORTICO_LOGS_ADDRESS", "PORTICO_COLLECT_ACCESS_LOGS")
    environment = {**os.environ, **dict.fromkeys(nobody, "")}

    def run(*arguments: str) -> None:
        subprocess.run([*compose, *arguments], cwd=CHECKOUT, env=environment, check=True, timeout=UP_SECONDS)

    try:
        run("build")
        run("up", "--detach")
        run("wait", "catalogue")
        status = asyncio.run(place_and_follow(layout, "tok_approve"))
    finally:
        run("down", "--volumes", "--timeout", "20")
    if status != "CONFIRMED":
        sys.exit(f"the order ended as {status}")


if __name__ == "__main__":
    if has_engine():
        with tempfile.TemporaryDirectory(prefix="portico-") as home:
            try_out(Layout(Path(home)))
        sys.stdout.write("The image was built, and the platform in containers took an order.\n")
    else:
        sys.stdout.write(
            "There is no container engine here: the image was not built, and nothing was started.\n"
        )

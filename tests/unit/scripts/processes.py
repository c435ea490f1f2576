"""Tiny real processes for the supervisor to run."""

import sys
from collections.abc import Mapping

from scripts.supervisor import ProcessSpec

SAY_READY = (
    "import os, signal, socket, subprocess, sys, time\n"
    "def tell(text):\n"
    "    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:\n"
    "        channel.sendto(text.encode(), chr(0) + os.environ['NOTIFY_SOCKET'][1:])\n"
)
SERVE = "tell('READY=1')\nsignal.pause()\n"


def spec(
    name: str,
    code: str = SERVE,
    *,
    after: tuple[str, ...] = (),
    service: str = "",
    scalable: bool = False,
    stop_seconds: float = 5.0,
    start_seconds: float = 10.0,
    ports: Mapping[str, int] | None = None,
) -> ProcessSpec:
    """A process that runs `code`, which can `tell` the supervisor how it is."""
    return ProcessSpec(
        name=name,
        service=service,
        command=(sys.executable, "-S", "-c", SAY_READY + code),
        after=after,
        scalable=scalable,
        stop_seconds=stop_seconds,
        start_seconds=start_seconds,
        ports=ports or {},
    )

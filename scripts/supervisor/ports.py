"""Who listens on a port."""

import socket
from collections.abc import Mapping

import psutil

LOOPBACK = "127.0.0.1"


def in_use(port: int) -> bool:
    """Whether a loopback port cannot be listened on."""
    with socket.socket() as probe:
        # The parts bind with SO_REUSEADDR too: connections in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def owner(port: int) -> str:
    """The process that listens on a port, in words."""
    try:
        for found in psutil.net_connections("tcp"):
            if found.pid and _port(found.laddr, found.status) == port:
                return f"{psutil.Process(found.pid).name()} (pid {found.pid})"
    except psutil.Error:
        return "an unknown process"
    return "a process of another user"


def of_process(pid: int) -> tuple[int, ...]:
    """The TCP ports a process listens on."""
    try:
        sockets = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return ()
    return tuple(sorted({port for found in sockets if (port := _port(found.laddr, found.status))}))


def _port(address: tuple[str, int] | tuple[()], status: str) -> int | None:
    """The port of a socket that listens."""
    return address[1] if address and status == psutil.CONN_LISTEN else None


def conflicts(ports: Mapping[str, int]) -> list[str]:
    """A sentence for each named port that is taken."""
    return [
        f"port {port} ({name}) is in use by {owner(port)}" for name, port in ports.items() if in_use(port)
    ]

"""A port that nobody has."""

import socket


def free_port() -> int:
    """A free TCP port of 127.0.0.1, outside the range that connections are made from."""
    for port in range(24_000, 32_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")

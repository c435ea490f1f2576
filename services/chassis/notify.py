"""Telling the supervisor how we are, by the sd_notify protocol. Without NOTIFY_SOCKET it does nothing."""

import os
import socket


def notify(state: str) -> None:
    """Send one state, such as `READY=1`, `STOPPING=1` or `STATUS=waiting for mongodb at 127.0.0.1:27017`."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as channel:
        try:
            channel.sendto(state.encode(), address)
        except OSError:
            # A supervisor that is gone must not take its processes with it.
            return

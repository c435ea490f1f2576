"""Limits that a test can reach, and addresses that nobody else was counted by."""

from typing import Any
from uuid import uuid4

DAY = 86_400.0


def at(address: str | None = None, **headers: str) -> dict[str, str]:
    """The headers of a request from an address, by default one that nobody else has."""
    return {"x-envoy-external-address": address or fresh_address(), **headers}


def fresh_address() -> str:
    """An IPv6 address in a network of its own."""
    number = uuid4().int
    return f"2001:db8:{number & 0xFFFF:x}:{number >> 16 & 0xFFFF:x}::1"


def a_day(requests: int) -> dict[str, Any]:
    """So many requests and then none for long."""
    return {"requests": requests, "seconds": DAY}

"""Consul's key-value store, one key at a time."""

from typing import Any

from consul.aio import Consul


class RefusedWrite(Exception):
    """Consul answered, but did not store the value."""


def stored_value(entry: dict[str, Any] | None) -> bytes | None:
    """The bytes of one decoded KV entry; None for a missing key, `b""` for one without a value."""
    return None if entry is None else entry["Value"] or b""


async def get(client: Consul, key: str) -> bytes | None:
    """The value of `key`, or None when there is no such key. Raises `client.ERRORS`."""
    _, entry = await client.kv.get(key)
    return stored_value(entry)


async def get_with_index(client: Consul, key: str) -> tuple[bytes | None, int]:
    """The value of `key`, and the index by which `put_if_unchanged` knows it again. Raises `client.ERRORS`."""
    _, entry = await client.kv.get(key)
    return stored_value(entry), entry["ModifyIndex"] if entry else 0


async def put(client: Consul, key: str, value: bytes) -> None:
    """Store `value` (at most 512 KiB) under `key`. Raises `client.ERRORS` and `RefusedWrite`."""
    if not await client.kv.put(key, value):
        raise RefusedWrite(key)


async def put_if_unchanged(client: Consul, key: str, value: bytes, index: int) -> bool:
    """Store `value` unless somebody else did since `index` was read, and tell which. Raises `client.ERRORS`."""
    return bool(await client.kv.put(key, value, cas=index))

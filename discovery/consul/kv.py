"""Consul's key-value store, one key at a time."""

from dataclasses import dataclass
from typing import Any

from consul.aio import Consul


class RefusedWrite(Exception):
    """Consul answered, but did not store the value."""


def stored_value(entry: dict[str, Any] | None) -> bytes | None:
    """The bytes of one decoded KV entry; None for a missing key, `b""` for one without a value."""
    return None if entry is None else entry["Value"] or b""


@dataclass(frozen=True, slots=True)
class Stored:
    """A value and its version, which changes with every write; version 0 with no value is a key that is not there."""

    value: bytes | None
    version: int


NOTHING = Stored(None, 0)


async def read(client: Consul, key: str) -> Stored:
    """What is stored under `key`. Raises `client.ERRORS`."""
    _, entry = await client.kv.get(key)
    return Stored(stored_value(entry), entry["ModifyIndex"]) if entry else NOTHING


async def read_all(client: Consul, prefix: str) -> dict[str, Stored]:
    """What is stored below `prefix`, by the rest of the names. Raises `client.ERRORS`."""
    _, entries = await client.kv.get(prefix, recurse=True)
    return {
        entry["Key"].removeprefix(prefix): Stored(stored_value(entry), entry["ModifyIndex"])
        for entry in entries or ()
    }


async def replace(client: Consul, key: str, value: bytes | None, version: int) -> bool:
    """Store `value`, None to delete the key, unless it is no longer at `version`. Raises `client.ERRORS`."""
    if value is None:
        return version > 0 and bool(await client.kv.delete(key, cas=version))
    return bool(await client.kv.put(key, value, cas=version))


async def get(client: Consul, key: str) -> bytes | None:
    """The value of `key`, or None when there is no such key. Raises `client.ERRORS`."""
    _, entry = await client.kv.get(key)
    return stored_value(entry)


async def put(client: Consul, key: str, value: bytes) -> None:
    """Store `value` (at most 512 KiB) under `key`. Raises `client.ERRORS` and `RefusedWrite`."""
    if not await client.kv.put(key, value):
        raise RefusedWrite(key)

"""Consul's key-value store."""

from discovery.consul import kv
from discovery.consul.client import consul_client
from tests.discovery.platform import Platform


async def test_a_value_that_has_changed_meanwhile_is_not_replaced(platform: Platform) -> None:
    name = "contended"
    async with consul_client(platform.consul) as consul:
        assert await kv.read(consul, name) == kv.NOTHING
        assert await kv.replace(consul, name, b"first", 0)
        assert not await kv.replace(consul, name, b"late", 0)
        stored = await kv.read(consul, name)
        await consul.kv.put(name, b"second")
        assert not await kv.replace(consul, name, b"late", stored.version)
        assert (stored.value, (await kv.read(consul, name)).value) == (b"first", b"second")

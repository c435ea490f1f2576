"""Parts of discovery fail, and traffic goes on."""

from functools import partial

from discovery.consul import kv
from discovery.consul.client import ERRORS, consul_client
from tests.discovery.conftest import Join
from tests.discovery.platform import CONTROL_PLANES, Platform
from tests.discovery.traffic import answered, traffic
from tests.parts import eventually


async def test_any_one_of_two_control_planes_will_do(platform: Platform, join: Join) -> None:
    for number, name in enumerate(CONTROL_PLANES):
        await platform.supervisor.stop(name)
        id = f"without-{number}"
        async with join("order", id):
            await eventually(partial(answered, platform.egress, "http://order/", id))
        await platform.supervisor.start(name)


async def test_without_any_control_plane_envoy_goes_on_and_catches_up_later(
    platform: Platform, join: Join
) -> None:
    async with join("order", "before"):
        await eventually(lambda: answered(platform.egress, "http://order/", "before"))
        async with traffic(platform.egress, "http://order/", clients=2) as seen:
            await platform.supervisor.stop(*CONTROL_PLANES)
            async with join("order", "during"):
                asked = seen.statuses.total()
                await eventually(lambda: seen.statuses.total() > asked + 100)
                await platform.supervisor.start(*CONTROL_PLANES)
                await eventually(lambda: seen.instances["during"] > 20)
        assert seen.failed == {}


async def test_consul_is_killed_and_nobody_notices(platform: Platform, join: Join) -> None:
    async with join("order", "a"), join("order", "b"), consul_client(platform.consul) as client:
        await client.kv.put("kept", b"value")
        await eventually(lambda: has(platform, {"a", "b"}))
        async with traffic(platform.egress, "http://order/", clients=2) as seen:
            platform.supervisor.kill("consul")
            await platform.supervisor.changes.until(lambda: not ready(platform, "consul"))
            async with join("order", "late"):
                await eventually(lambda: seen.instances["late"] > 20)
                await eventually(lambda: passing(platform, {"a", "b", "late"}))
                assert await platform.endpoints("egress", "order") == {"a", "b", "late"}
        assert seen.failed == {}
        assert (await kv.read(client, "kept")).value == b"value"
    # For a while after an outage nobody is taken away; then what Consul says counts again.
    await eventually(lambda: has(platform, set()))


async def test_a_part_that_all_instances_miss_empties_no_cluster(platform: Platform, join: Join) -> None:
    async with join("order", "a") as a, join("order", "b") as b:
        await eventually(lambda: has(platform, {"a", "b"}))
        a.ready = False
        await eventually(lambda: has(platform, {"b"}))
        b.ready = False
        await eventually(lambda: has(platform, {"a", "b"}))
        a.ready = True
        await eventually(lambda: has(platform, {"a"}))


def ready(platform: Platform, name: str) -> bool:
    """Whether the supervisor calls a process ready."""
    state, _ = platform.supervisor.states()[name]
    return state == "ready"


async def has(platform: Platform, ids: set[str]) -> bool:
    """Whether the egress knows exactly these instances of the order service."""
    return await platform.endpoints("egress", "order") == ids


async def passing(platform: Platform, ids: set[str]) -> bool:
    """Whether Consul calls these instances of the order service passing."""
    async with consul_client(platform.consul) as client:
        try:
            _, entries = await client.health.service("order", passing=True)
        except ERRORS:
            return False
    return {entry["Service"]["ID"] for entry in entries} >= ids

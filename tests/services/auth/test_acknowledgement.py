"""A new key signs when all who verify tokens have acknowledged it: real processes, and others that lag, hang or die."""

from time import monotonic

from consul.aio import Consul
from prometheus_client import REGISTRY

from tests.faults.proxy import proxied
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.services.auth.client import RunAuth
from tests.services.auth.holders import Site, accepts
from tests.services.auth.office import Office, opened, quick
from tests.tokens import Issuer


async def test_a_new_key_signs_when_everybody_has_acknowledged_it(
    office: Office, around: Site, control_plane: Instance
) -> None:
    old = await office.signs_with()
    order, slow = await around.follower("order"), await around.stub("payment", old)
    token = await office.token()
    answer = await office.rotate(reason="a drill")
    assert (answer.status, answer.body["state"], answer.body["reason"]) == (202, "published", "a drill")
    new = answer.body["kid"]

    async def only_one_is_missing() -> bool:
        return await office.waiting_for() == {"payment": "does not verify with it yet"}

    await eventually(only_one_is_missing)
    assert await office.published() == [old, new]
    assert (await office.keys())["awaited"]["acknowledged"] == 2
    assert await office.signs_with() == old
    slow.kids = [old, new]
    await eventually(lambda: office.signs(new))
    assert await office.states() == ["active", "retired"]
    for each in (token, await office.token()):
        assert await accepts(order, each)
        assert await accepts(control_plane, each)


async def test_while_one_does_not_know_the_key_nothing_is_signed_with_it(
    office: Office, around: Site, control_plane: Instance
) -> None:
    old = await office.signs_with()
    never = await around.stub("payment", old)
    new = (await office.rotate()).body["kid"]
    asked = never.asked
    await eventually(lambda: never.asked > asked + 10)
    assert await office.signs_with() == old
    assert REGISTRY.get_sample_value("portico_signing_key_unacknowledged") == 1
    assert REGISTRY.get_sample_value("portico_signing_keys", {"state": "published"}) == 1
    # The kid is public by now, but a signature is not.
    forged = Issuer.make(new).token("u1", "admin")
    assert not await accepts(control_plane, forged)


async def test_one_that_comes_while_the_others_have_known_it_is_waited_for(
    run_auth: RunAuth, around: Site, here: Corner, consul: Consul, control_plane: Instance
) -> None:
    office = await opened(await run_auth(**quick(around, key_settling_seconds=3600)), here, consul)
    old = await office.signs_with()
    await office.rotate()

    async def acknowledged() -> bool:
        return (await office.keys())["items"][0]["acknowledged_at"] is not None

    async def doubted() -> bool:
        return not await acknowledged()

    await eventually(acknowledged)
    late = await around.stub("payment", old)
    await eventually(doubted)
    late.kids = [key["kid"] for key in (await office.keys())["items"]]
    await eventually(acknowledged)
    assert await office.signs_with() == old


async def test_a_killed_process_is_waited_for_only_until_consul_calls_it_dead(
    office: Office, around: Site, control_plane: Instance
) -> None:
    old = await office.signs_with()
    killed = await around.stub("payment", old)
    new = (await office.rotate()).body["kid"]
    await eventually(lambda: killed.asked >= 3)
    assert await office.signs_with() == old
    await killed.die()
    await eventually(lambda: office.signs(new))


async def test_one_that_hangs_is_waited_for_as_long_as_consul_calls_it_well(
    office: Office, around: Site, control_plane: Instance
) -> None:
    hanging = await around.stub("payment")
    hanging.mute = True
    old = await office.signs_with()
    await office.rotate()
    await eventually(lambda: hanging.asked >= 3)
    assert await office.waiting_for() == {"payment": "does not answer"}
    assert await office.signs_with() == old


async def test_one_that_knew_the_key_and_is_busy_now_holds_up_nobody(
    run_auth: RunAuth, around: Site, here: Corner, consul: Consul, control_plane: Instance
) -> None:
    office = await opened(await run_auth(**quick(around, key_settling_seconds=1.0)), here, consul)
    old = await office.signs_with()
    busy, slow = await around.stub("payment", old), await around.stub("order", old)
    new = (await office.rotate()).body["kid"]
    busy.kids = [old, new]

    async def only_one_is_missing() -> bool:
        return [*await office.waiting_for()] == ["order"]

    await eventually(only_one_is_missing)
    busy.mute = True
    asked = busy.asked
    await eventually(lambda: busy.asked > asked + 1)
    slow.kids = [old, new]
    await eventually(lambda: office.signs(new))


async def test_one_that_is_not_well_but_answers_is_waited_for(
    office: Office, around: Site, control_plane: Instance, consul: Consul
) -> None:
    old = await office.signs_with()
    unwell = await around.stub("payment", old)
    unwell.ready = False

    async def critical() -> bool:
        _, entries = await consul.health.service("payment", tag=around.tag)
        return [check["Status"] for check in entries[0]["Checks"]].count("critical") == 1

    await eventually(critical)
    new = (await office.rotate()).body["kid"]
    asked = unwell.asked
    await eventually(lambda: unwell.asked > asked + 5)
    assert await office.signs_with() == old
    unwell.kids = [old, new]
    await eventually(lambda: office.signs(new))


async def test_without_a_control_plane_nobody_has_spoken_for_the_envoys(office: Office, around: Site) -> None:
    old = await office.signs_with()
    await around.follower("order")
    await office.rotate()

    async def only_the_control_plane() -> bool:
        return [*await office.waiting_for()] == ["control-plane"]

    await eventually(only_the_control_plane)
    assert await office.signs_with() == old


async def test_what_a_control_plane_waits_for_is_told(office: Office, around: Site) -> None:
    speaker = await around.stub("control-plane", await office.signs_with())
    speaker.waits_for = ["edge-7, which refuses them: no such curve"]
    await office.rotate()
    told = {"control-plane": "waits for edge-7, which refuses them: no such curve"}
    assert await office.waiting_for() == told


async def test_while_consul_is_away_nothing_is_signed_with_a_new_key_and_signing_goes_on(
    run_auth: RunAuth, around: Site, here: Corner, consul: Consul, control_plane: Instance
) -> None:
    async with proxied(here.layout.port("consul")) as (between, port):
        short = quick(around, consul_url=f"http://127.0.0.1:{port}", key_trust_seconds=3.0)
        office = await opened(await run_auth(**short), here, consul)
        old = await office.signs_with()
        between.cut()
        new = (await office.rotate()).body["kid"]
        assert await office.waiting_for() == {"consul": "does not answer"}
        cut_at = monotonic()
        while monotonic() < cut_at + 4.0:
            assert await office.signs_with() == old
        assert await office.published() == [old]
        between.heal()
        await eventually(lambda: office.signs(new))

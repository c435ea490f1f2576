"""Rotation of the signing keys, with real processes that verify tokens and others that lag, hang or die."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from aiohttp import ClientSession, web
from consul.aio import Consul
from prometheus_client import REGISTRY

from discovery.consul import kv
from services.auth.acknowledgement import holders
from services.auth.documents import StoredKey
from services.auth.keys import SigningKeys
from services.auth.rotation import Rotation
from services.auth.settings import Settings
from tests.conftest import Start
from tests.faults.proxy import proxied
from tests.instances import Instance
from tests.parts import Corner, eventually
from tests.processes import instances
from tests.services.auth.conftest import CHEAP, Auth, RunAuth
from tests.services.auth.holders import Site, site
from tests.services.auth.office import EMAIL, Office, kid, opened, quick
from tests.tokens import Issuer

OVERLAP = 900 + 60 + 5
"""Seconds for which a key is accepted after its successor has become active: by default, and with the clocks' skew."""


@pytest.fixture
async def around(here: Corner, start: Start) -> AsyncIterator[Site]:
    """Whoever is to acknowledge."""
    async with site(here, start) as found:
        yield found


@pytest.fixture
async def control_plane(around: Site) -> Instance:
    """A process that speaks for the Envoys and knows what is published."""
    return await around.follower("control-plane")


@pytest.fixture
async def office(run_auth: RunAuth, around: Site, here: Corner, consul: Consul) -> Office:
    """One instance that does everything soon, and an administrator."""
    return await opened(await run_auth(**quick(around)), here, consul)


async def accepts(instance: Instance, token: str) -> bool:
    """Whether a process takes a token; anything but yes and 401 is neither."""
    async with instance.http.get("/whoami", headers={"Authorization": f"Bearer {token}"}) as response:
        assert response.status in (200, 401)
        return response.status == 200


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
        short = quick(around, consul_url=f"http://127.0.0.1:{port}", key_trust_seconds=0.5)
        office = await opened(await run_auth(**short), here, consul)
        old = await office.signs_with()
        between.cut()
        new = (await office.rotate()).body["kid"]
        assert await office.waiting_for() == {"consul": "does not answer"}
        cut_at = monotonic()
        while monotonic() < cut_at + 1.0:
            assert await office.signs_with() == old
        assert await office.published() == [old]
        between.heal()
        await eventually(lambda: office.signs(new))


async def looks(office: Office, times: int) -> set[str]:
    """The keys that so many tokens are signed with, one after the other."""
    return {await office.signs_with() for _ in range(times)}


async def test_only_one_rotation_at_a_time_and_the_same_answer_for_the_same_key(
    office: Office, around: Site, control_plane: Instance
) -> None:
    await around.stub("payment")
    first = await office.rotate("k1", reason="once")
    again = await office.rotate("k1", reason="once")
    assert (again.status, again.body) == (202, first.body)
    other = await office.rotate("k1", reason="for another reason")
    assert (other.status, other.fields) == (422, ["Idempotency-Key"])
    second = await office.rotate("k2")
    assert (second.status, second.slug) == (409, "rotation-in-progress")
    assert len(await office.published()) == 2


async def test_one_that_revokes_takes_over_the_one_that_is_held_up(office: Office) -> None:
    waiting = (await office.rotate()).body["kid"]
    answer = await office.rotate(revoke=True, reason="it was stolen")
    assert (answer.status, answer.body["kid"], answer.body["revokes"]) == (202, waiting, True)
    assert (await office.keys())["items"][0]["reason"] == "it was stolen"


async def test_administrators_alone_see_and_rotate_keys(auth: Auth) -> None:
    await auth.register()
    token = (await auth.login()).body["access_token"]
    for headers, status in (({}, 401), ({"Authorization": f"Bearer {token}"}, 403)):
        assert (await auth.call("GET", "/keys", **headers)).status == status
        assert (await auth.call("POST", "/keys/rotation", {}, **headers)).status == status


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"revoke": 7}, "revoke"),
        ({"x": 1}, "x"),
    ],
)
async def test_a_bad_wish_is_refused_by_the_name_of_its_field(
    office: Office, body: dict[str, Any], field: str
) -> None:
    answer = await office.rotate(**body)
    assert (answer.status, answer.fields) == (422, [field])


async def test_a_wish_needs_no_reason_but_a_key(office: Office) -> None:
    bearer = {"Authorization": f"Bearer {await office.token()}"}
    assert (await office.auth.call("POST", "/keys/rotation", {}, **bearer)).status == 400
    answer = await office.auth.call("POST", "/keys/rotation", {}, **bearer, **{"Idempotency-Key": "k1"})
    assert (answer.status, answer.body["reason"]) == (202, "by hand")


async def test_a_retired_key_verifies_until_its_tokens_have_expired_and_is_gone_then(
    office: Office, control_plane: Instance, here: Corner
) -> None:
    old, token = await office.signs_with(), await office.token()
    new = await office.renewed()
    await office.let_pass(OVERLAP - 30)
    await looks(office, 5)
    assert await office.states() == ["active", "retired"]
    assert await accepts(control_plane, token)
    await office.let_pass(30)

    async def refused() -> bool:
        return not await accepts(control_plane, token)

    await eventually(refused)
    assert await office.published() == [new]
    assert await office.states() == ["active", "removed"]
    assert await accepts(control_plane, await office.token())
    removed = await here.db("auth").signing_keys.find_one({"_id": old})
    assert removed is not None and removed["encrypted_private_key"] is None


async def test_removal_waits_for_the_tokens_of_whoever_lets_them_live_longest(
    office: Office, run_auth: RunAuth, control_plane: Instance, here: Corner
) -> None:
    old = await office.signs_with()
    await run_auth(instance="auth-patient", access_token_seconds=7200, key_holders="nobody")
    stored = await here.db("auth").signing_keys.find_one({"_id": old})
    assert stored is not None and stored["overlap_seconds"] == 7260


async def test_a_key_that_revokes_ends_the_tokens_of_all_before_it_at_once(
    office: Office, control_plane: Instance
) -> None:
    tokens = [await office.token()]
    await office.renewed()
    tokens.append(await office.token())
    assert [await accepts(control_plane, token) for token in tokens] == [True, True]
    new = await office.renewed(revoke=True, reason="it was stolen")

    async def refused() -> bool:
        return not any([await accepts(control_plane, token) for token in tokens])

    await eventually(refused)
    assert await accepts(control_plane, await office.token())
    shown = (await office.keys())["items"]
    assert [key["state"] for key in shown] == ["active", "removed", "removed"]
    assert (shown[0]["kid"], shown[0]["reason"], shown[0]["revokes"]) == (new, "it was stolen", True)


async def test_an_old_key_is_replaced_by_itself(
    run_auth: RunAuth, around: Site, here: Corner, consul: Consul, control_plane: Instance
) -> None:
    office = await opened(await run_auth(**quick(around, key_rotation_days=90)), here, consul)
    old = await office.signs_with()
    await looks(office, 5)
    assert await office.published() == [old]
    await office.let_pass(91 * 86400)

    async def renewed() -> bool:
        return await office.signs_with() != old

    await eventually(renewed)
    newest = (await office.keys())["items"][0]
    assert (newest["reason"], newest["asked_by"]) == ("scheduled", None)


async def test_an_instance_that_has_not_seen_its_key_for_long_signs_nothing(run_auth: RunAuth) -> None:
    """Another one may have replaced it by now, and the old one may be gone before such a token expires."""
    blind = await run_auth(jwks_check_seconds=3600, key_trust_seconds=0.5)
    await blind.register()

    async def refused() -> bool:
        return (await blind.login()).status == 503

    await eventually(refused)


class Overtaken(SigningKeys):
    """Reads the keys, and is then held up: what it has read is old by the time it goes on."""

    def __init__(self, office: Office) -> None:
        super().__init__(office.auth.settings)
        self._office = office
        self.published: list[list[str]] = []

    async def look(self) -> list[StoredKey]:
        """The keys as they were before the service began and published another one."""
        self.published.append(await self._office.published())
        stored = await super().look()
        if len(self.published) == 1:
            await self._office.rotate()

            async def both() -> bool:
                return len(await self._office.published()) == 2

            await eventually(both)
        return stored


async def test_an_instance_that_was_overtaken_makes_consul_forget_no_key(
    run_auth: RunAuth, around: Site, here: Corner, consul: Consul
) -> None:
    office = await opened(await run_auth(**quick(around, jwks_check_seconds=3600)), here, consul)
    settings, slow = office.auth.settings, Overtaken(office)
    # Something to mend, or it would not write at all.
    await kv.put(consul, settings.jwks_key, b'{"keys": []}')
    async with holders(consul, "nobody") as nobody:
        await Rotation(slow, consul, nobody, settings).catch_up()
    nothing, *later = slow.published
    assert nothing == []
    assert later and all(len(published) == 2 for published in later)


async def test_a_value_that_has_changed_meanwhile_is_not_replaced(consul: Consul, here: Corner) -> None:
    name = f"{here.name}/contended"
    assert await kv.read(consul, name) == kv.NOTHING
    assert await kv.replace(consul, name, b"first", 0)
    assert not await kv.replace(consul, name, b"late", 0)
    stored = await kv.read(consul, name)
    await kv.put(consul, name, b"second")
    assert not await kv.replace(consul, name, b"late", stored.version)
    assert (stored.value, await kv.get(consul, name)) == (b"first", b"second")


async def test_another_instance_goes_on_when_the_one_that_began_is_killed(
    here: Corner, around: Site, control_plane: Instance, consul: Consul, tmp_path: Path
) -> None:
    settings = here.settings(Settings, **CHEAP, **quick(around))
    slow = await around.stub("payment")
    async with (
        instances(settings, 2, tmp_path) as supervisor,
        remote(settings, consul, "auth-1") as first,
        remote(settings, consul, "auth-2") as second,
    ):
        office = await opened(first, here, consul)
        old = slow.kids = [await office.signs_with()]
        new = (await office.rotate()).body["kid"]
        supervisor.kill("auth-1")
        slow.kids = [*old, new]

        async def signs() -> bool:
            return bool(kid((await second.login(EMAIL)).body["access_token"]) == new)

        await eventually(signs)
        assert f"the signing key {new} is active" in (tmp_path / "logs" / "auth-2.log").read_text()


@asynccontextmanager
async def remote(settings: Settings, consul: Consul, id: str) -> AsyncIterator[Auth]:
    """An instance that is a process of its own."""
    _, entries = await consul.health.service("auth", passing=True)
    (found,) = (entry["Service"] for entry in entries if entry["Service"]["ID"] == id)
    async with ClientSession(f"http://{found['Address']}:{found['Port']}") as http:
        yield Auth(Instance(web.Application(), http, found["Port"]), settings)

"""Seeding as the supervisor does it: a process of its own, told everything by its environment."""

import asyncio
import os
import subprocess
import sys

import jwt

from tests.parts import Corner
from tests.services.auth.client import Auth

ADMIN, SUPPORT = "admin@portico.test", "support@portico.test"


async def seed(auth: Auth, admin: str = "admin password", support: str = "support password") -> str:
    """Run it to its end; returns all that it printed."""
    settings = auth.settings
    environment = {
        "PORTICO_MONGODB_URL": settings.mongodb_url.get_secret_value(),
        "PORTICO_SIGNING_KEY_SECRET": settings.signing_key_secret.get_secret_value(),
        "PORTICO_ARGON2_PASSES": str(settings.argon2_passes),
        "PORTICO_ARGON2_MEMORY_KIB": str(settings.argon2_memory_kib),
        "PORTICO_ADMIN_PASSWORD": admin,
        "PORTICO_SUPPORT_PASSWORD": support,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.auth.seed"),
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    return printed.decode()


async def test_both_accounts_are_made_with_their_roles(auth: Auth) -> None:
    await seed(auth)
    for email, password, role in (
        (ADMIN, "admin password", "admin"),
        (SUPPORT, "support password", "support"),
    ):
        signed_in = await auth.login(email, password)
        claims = jwt.decode(signed_in.body["access_token"], options={"verify_signature": False})
        assert claims["roles"] == [role]


async def test_a_second_time_changes_nothing(auth: Auth, here: Corner) -> None:
    await seed(auth)
    first = await here.db("auth").accounts.find().to_list()
    assert len(first) == 2
    await seed(auth)
    assert await here.db("auth").accounts.find().to_list() == first


async def test_another_password_replaces_the_old_one_and_ends_its_sessions(auth: Auth) -> None:
    await seed(auth)
    session = (await auth.login(ADMIN, "admin password")).body["refresh_token"]
    untouched = (await auth.login(SUPPORT, "support password")).body["refresh_token"]
    await seed(auth, admin="a new password")
    assert (await auth.login(ADMIN, "admin password")).status == 401
    assert (await auth.login(ADMIN, "a new password")).status == 200
    assert (await auth.refresh(session)).status == 401
    assert (await auth.refresh(untouched)).status == 200


async def test_an_account_that_was_registered_before_gets_the_role(auth: Auth, here: Corner) -> None:
    await auth.register(ADMIN, "admin password")
    await seed(auth)
    found = await here.db("auth").accounts.find_one({"account.email": ADMIN})
    assert found is not None and found["account"]["roles"] == ["admin"]


async def test_passwords_are_not_printed(auth: Auth) -> None:
    printed = await seed(auth) + await seed(auth, admin="a new password")
    assert not [word for word in ("admin password", "support password", "a new password") if word in printed]

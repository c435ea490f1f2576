"""`python -m services.auth.seed`: the accounts of the administrator and of support, as the environment wants them."""

import asyncio

from aiohttp import web
from pydantic import Field, SecretStr

from observability.logs import configure_logs
from services.auth.app import DOCUMENTS
from services.auth.domain import Applicant
from services.auth.passwords import PASSWORDS, passwords
from services.auth.settings import Settings
from services.auth.use_cases import ensure_account
from services.chassis.clock import utcnow
from services.chassis.health import READINESS, Readiness
from services.chassis.mongo import DATABASE, mongo


class SeedSettings(Settings):
    """The auth service's settings, and two passwords."""

    admin_password: SecretStr = Field(min_length=10)
    support_password: SecretStr = Field(min_length=10)


async def seed(settings: SeedSettings) -> None:
    """Create the accounts, or give them these passwords and roles again; a second time changes nothing."""
    runner = web.AppRunner(_make_app(settings))
    await runner.setup()
    try:
        database, hasher = runner.app[DATABASE], runner.app[PASSWORDS]
        for applicant, password in (
            (Applicant(email="admin@portico.test", roles=("admin",)), settings.admin_password),
            (Applicant(email="support@portico.test", roles=("support",)), settings.support_password),
        ):
            await ensure_account(database, hasher, applicant, password.get_secret_value(), utcnow())
    finally:
        await runner.cleanup()


def _make_app(settings: SeedSettings) -> web.Application:
    app = web.Application()
    app[READINESS] = Readiness()
    app.cleanup_ctx.extend([mongo(settings, DOCUMENTS), passwords(settings)])
    return app


if __name__ == "__main__":
    wanted = SeedSettings()
    configure_logs(wanted.service, "seed", wanted.log_level, wanted.version, wanted.logs_address)
    asyncio.run(seed(wanted))

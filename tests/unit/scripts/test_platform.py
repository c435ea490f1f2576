"""The processes of the platform: their order, their environment, their secrets."""

import pytest

from scripts.layout import Layout
from scripts.native.fetching import fetch
from scripts.platform import platform_specs
from scripts.supervisor import ProcessSpec


@pytest.fixture(scope="module")
async def specs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProcessSpec]:
    layout = Layout(tmp_path_factory.mktemp("home"), 400)
    await fetch(layout.native)
    return {
        spec.name: spec for spec in platform_specs(layout, {"order": {"PORTICO_SAGA_DEADLINE_SECONDS": "5"}})
    }


async def test_every_need_is_met_by_another_process(specs: dict[str, ProcessSpec]) -> None:
    provided = {spec.provides for spec in specs.values()}
    assert all(set(spec.after) <= provided - {spec.provides} for spec in specs.values())


async def test_each_service_gets_its_own_database_and_only_its_own_secrets(
    specs: dict[str, ProcessSpec],
) -> None:
    urls = {
        name: specs[f"{name}-1"].environment["PORTICO_MONGODB_URL"] for name in ("auth", "order", "payment")
    }
    assert all(f"/{name}?" in url for name, url in urls.items())
    assert len({url.split("@")[0] for url in urls.values()}) == len(urls)
    assert _holders(specs, "PORTICO_SIGNING_KEY_SECRET") == {"auth-1"}
    assert _holders(specs, "PORTICO_ADMIN_PASSWORD") == {"auth-1"}
    assert _holders(specs, "PORTICO_SANDBOX_WEBHOOK_SECRET") == {"payment-1"}
    assert "PORTICO_MONGODB_URL" not in specs["gateway-1"].environment


async def test_no_secret_is_on_a_command_line(specs: dict[str, ProcessSpec]) -> None:
    password = specs["order-1"].environment["PORTICO_MONGODB_URL"].split(":")[2].split("@")[0]
    assert not any(password in word for spec in specs.values() for word in spec.command)


async def test_an_override_reaches_every_instance_of_its_service(specs: dict[str, ProcessSpec]) -> None:
    assert specs["order-1"].numbered(7).environment["PORTICO_SAGA_DEADLINE_SECONDS"] == "5"
    assert specs["order-1"].numbered(7).environment["PORTICO_INSTANCE"] == "order-7"
    assert _holders(specs, "PORTICO_SAGA_DEADLINE_SECONDS") == {"order-1"}


def _holders(specs: dict[str, ProcessSpec], variable: str) -> set[str]:
    return {name for name, spec in specs.items() if variable in spec.environment}

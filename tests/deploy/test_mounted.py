"""Every file that a container gets is read by the program it is for, or by the one natively nearest to it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from discovery.control_plane.bootstrap import contained
from discovery.control_plane.policy import Role
from discovery.control_plane.publisher import ROLES
from scripts.layout import CHECKOUT, Layout
from scripts.native import alertmanager, consul, envoy, prometheus, rabbitmq
from scripts.native.part import Part
from scripts.platform import load_secrets
from tests.deploy.stack import Service
from tests.parts import eventually


def read_by(part: Part, native: Path, *arguments: object, beside: str = "") -> str:
    """What a part's program, or one `beside` it, says of a file that it takes."""
    program = part.executable(native).path
    command = [str(program.with_name(beside) if beside else program), *map(str, arguments)]
    run = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


@pytest.mark.parametrize("role", ROLES)
def test_envoy_takes_its_bootstrap(role: Role, native: Path) -> None:
    file = {"edge": "envoy/edge.json", "egress": "envoy/egress.json"}[role]
    assert (CHECKOUT / file).read_text() == contained(role), f"make it anew: see {file}'s maker"
    read_by(envoy.PART, native, "--mode", "validate", "--service-node", "x", "-c", file)


def test_consul_takes_its_configuration(native: Path, tmp_path: Path) -> None:
    # The data directory is an argument of the command in the container, and needed to tell.
    (tmp_path / "data.json").write_text(json.dumps({"data_dir": str(tmp_path)}))
    read_by(consul.PART, native, "validate", "deploy/parts/consul.json", tmp_path / "data.json")


def test_prometheus_takes_its_configuration_but_for_what_debian_leaves_out(
    native: Path, tmp_path: Path
) -> None:
    file = CHECKOUT / "observability/prometheus" / "prometheus.yml"
    document = yaml.safe_load(file.read_text())
    document["rule_files"] = [str(file.parent / pattern) for pattern in document["rule_files"]]
    found = [job.pop("consul_sd_configs") for job in document["scrape_configs"] if "consul_sd_configs" in job]
    assert found == [[{"server": "consul:8500", "tags": ["portico"]}]]
    (tmp_path / "prometheus.yml").write_text(json.dumps(document))
    read_by(prometheus.PART, native, "check", "config", tmp_path / "prometheus.yml", beside="promtool")


def test_alertmanager_takes_its_configuration_and_pages_for_what_is_urgent(native: Path) -> None:
    file = CHECKOUT / "observability/alertmanager" / "alertmanager.yml"
    read_by(alertmanager.PART, native, "check-config", file)
    for severity, receiver in (("page", "pager"), ("ticket", "tickets")):
        to = read_by(
            *(alertmanager.PART, native, "config", "routes", "test"),
            *(f"--config.file={file}", f"--verify.receivers={receiver}", f"severity={severity}"),
        )
        assert to.strip().startswith(receiver)


def test_what_prometheus_scrapes_is_where_compose_has_it(services: dict[str, Service]) -> None:
    document = yaml.safe_load(prometheus.CONFIGURATION.read_text())
    targets = [
        target
        for job in document["scrape_configs"]
        for group in job.get("static_configs", ())
        for target in group["targets"]
    ]
    assert {target.partition(":")[0] for target in targets} <= services.keys()
    stats = json.loads(contained("edge"))["static_resources"]["listeners"][0]
    port = stats["address"]["socket_address"]["port_value"]
    assert {f"edge:{port}", f"egress:{port}"} <= set(targets)
    assert "prometheus:9090" not in targets


@pytest.mark.usefixtures("parts")
class TestTheNativePartsRunWithTheSameFiles:
    """What is common to both is in force natively, so that every other test has tried it."""

    async def test_mongodb(self, layout: Layout) -> None:
        file = CHECKOUT / "deploy/parts/mongod.conf"
        url = f"mongodb://root:{load_secrets(layout).mongodb_root}@{layout.address('mongodb')}/?authSource=admin"
        async with AsyncMongoClient[dict[str, Any]](url) as client:
            options = (await client.admin.command("getCmdLineOpts"))["parsed"]
        assert options["config"] == str(file)
        assert options["replication"]["replSetName"] == "rs0"

    async def test_redis(self, layout: Layout) -> None:
        file = CHECKOUT / "deploy/parts/redis.conf"
        assert "maxmemory-policy volatile-lru" in file.read_text()
        async with Redis(host=layout.host, port=layout.port("redis"), decode_responses=True) as client:
            assert await client.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-lru"}
            assert await client.config_get("appendonly") == {"appendonly": "yes"}

    async def test_rabbitmq(self, layout: Layout) -> None:
        files = ("deploy/parts/rabbitmq.conf", "deploy/parts/rabbitmq_plugins")
        assert tuple(CHECKOUT / name for name in files) == (rabbitmq.CONFIGURATION, rabbitmq.ENABLED_PLUGINS)
        login = aiohttp.encode_basic_auth(rabbitmq.USER, load_secrets(layout).rabbitmq)
        url, headers = layout.url("rabbitmq_management"), {"Authorization": login}
        async with aiohttp.ClientSession(url, headers=headers) as broker:

            async def measured() -> Any:
                (node,) = await _json(broker, "/api/nodes")
                return node if "mem_limit" in node else None

            node = await eventually(measured)
        assert node["mem_limit"] == 1_000_000_000
        assert {plugin for plugin in node["enabled_plugins"] if plugin in rabbitmq.PLUGINS} == set(
            rabbitmq.PLUGINS
        )

    async def test_consul(self, layout: Layout) -> None:
        async with aiohttp.ClientSession(layout.url("consul")) as agent:
            told = (await _json(agent, "/v1/agent/self"))["DebugConfig"]
        assert (
            told["HTTPMaxConnsPerClient"]
            == json.loads(consul.CONFIGURATION.read_text())["limits"]["http_max_conns_per_client"]
        )
        assert told["Bootstrap"] is True


async def _json(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(path, raise_for_status=True) as response:
        return await response.json()

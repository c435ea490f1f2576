"""Prometheus: scrapes the processes Consul knows, both Envoys and RabbitMQ."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from scripts.layout import CHECKOUT, Layout
from scripts.native.debian import DebianPackages
from scripts.native.part import Part
from scripts.native.probes import http_answer
from scripts.native.tools import Tool
from scripts.supervisor import ProcessSpec

WEB_ASSETS = (
    "libjs-jquery libjs-jquery-hotkeys libjs-popper.js libjs-bootstrap libjs-bootstrap4 libjs-moment "
    "libjs-moment-timezone libjs-eonasdan-bootstrap-datetimepicker libjs-mustache libjs-d3 libjs-rickshaw "
    "fonts-glyphicons-halflings"
)
PART = Part(
    "prometheus",
    DebianPackages("bookworm", ("prometheus", *WEB_ASSETS.split())),
    Tool("PORTICO_PROMETHEUS_BIN", ("prometheus",), "usr/bin/prometheus", (2, 30)),
)
SCRAPED_TAG = "portico"
TARGETS_SECONDS = 5.0
FILES = CHECKOUT / "observability" / "prometheus"
CONFIGURATION = FILES / "prometheus.yml"
LISTENERS = {"edge": "edge_admin", "egress": "egress_admin", "rabbitmq": "rabbitmq_prometheus"}
"""Who tells the figures of a host of the configuration on this machine."""


def process(layout: Layout) -> ProcessSpec:
    """The server, with a bounded store."""
    config = layout.config("prometheus") / "prometheus.yml"
    found = PART.executable(layout.native)
    # A flag of Debian's package only: its web assets lie outside the program.
    assets = PART.directory(layout.native) / "usr" / "share" / "prometheus" / "web"
    return ProcessSpec(
        name="prometheus",
        command=(
            *(
                str(found.path),
                f"--config.file={config}",
                f"--web.listen-address={layout.address('prometheus')}",
            ),
            *(f"--storage.tsdb.path={layout.data('prometheus')}", "--storage.tsdb.retention.time=8d"),
            *("--storage.tsdb.retention.size=512MB", "--log.level=warn"),
            *((f"--web.local-assets={assets}/",) if found.fetched else ()),
        ),
        ports=layout.ports("prometheus"),
        prepare=lambda: _configure(layout, config),
        ready=lambda: http_answer(f"{layout.url('prometheus')}/-/ready", lambda _: True),
    )


def _configure(layout: Layout, config: Path) -> None:
    config.write_text(json.dumps(configuration(layout), indent=2))


def configuration(layout: Layout) -> dict[str, Any]:
    """What Prometheus does in containers, for what runs on this machine. There is no Alertmanager here."""
    document: dict[str, Any] = yaml.safe_load(CONFIGURATION.read_text())
    del document["alerting"]
    document["scrape_configs"] = [job for job in document["scrape_configs"] if _is_here(job)]
    document["rule_files"] = [str(FILES / pattern) for pattern in document["rule_files"]]
    for job in document["scrape_configs"]:
        if job.pop("consul_sd_configs", None):
            job["file_sd_configs"] = [{"files": [str(_targets_file(layout))]}]
        for group in job.get("static_configs", ()):
            group["targets"] = [_here(target, layout) for target in group["targets"]]
    return document


def _is_here(job: Mapping[str, Any]) -> bool:
    targets = [target for group in job.get("static_configs", ()) for target in group["targets"]]
    return all(target.partition(":")[0] in LISTENERS for target in targets)


def _here(target: str, layout: Layout) -> str:
    host, _, _ = target.partition(":")
    return layout.address(LISTENERS[host])


async def keep_targets(layout: Layout) -> None:
    """Tell Prometheus of the processes registered in Consul, until cancelled.

    Debian builds Prometheus without Consul discovery, so it reads them from a file.
    """
    file = _targets_file(layout)
    query = {"filter": f'"{SCRAPED_TAG}" in Tags'}
    timeout = aiohttp.ClientTimeout(total=TARGETS_SECONDS)
    async with aiohttp.ClientSession(layout.url("consul"), timeout=timeout) as consul:
        while True:
            # Without Consul the last known targets stay.
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with consul.get("/v1/agent/services", params=query, raise_for_status=True) as response:
                    _replace(file, json.dumps(_targets(await response.json())))
            await asyncio.sleep(TARGETS_SECONDS)


def _targets(services: Mapping[str, Mapping[str, object]]) -> list[dict[str, object]]:
    return [
        {
            "targets": [f"{service['Address']}:{service['Port']}"],
            # As Consul discovery tells it.
            "labels": {
                "__meta_consul_service": str(service["Service"]),
                "__meta_consul_service_id": name,
            },
        }
        for name, service in sorted(services.items())
    ]


def _replace(file: Path, text: str) -> None:
    if not file.exists() or file.read_text() != text:
        draft = file.with_suffix(".tmp")
        draft.write_text(text)
        draft.replace(file)


def _targets_file(layout: Layout) -> Path:
    return layout.config("prometheus") / "targets.json"

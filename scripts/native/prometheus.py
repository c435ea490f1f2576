"""Prometheus: scrapes the processes Consul knows, both Envoys and RabbitMQ."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from string import Template

import aiohttp

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
TEMPLATE = CHECKOUT / "observability" / "prometheus" / "prometheus.yml"


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
            *(f"--storage.tsdb.path={layout.data('prometheus')}", "--storage.tsdb.retention.time=7d"),
            *("--storage.tsdb.retention.size=512MB", "--log.level=warn"),
            *((f"--web.local-assets={assets}/",) if found.fetched else ()),
        ),
        ports=layout.ports("prometheus"),
        prepare=lambda: _configure(layout, config),
        ready=lambda: http_answer(f"{layout.url('prometheus')}/-/ready", lambda _: True),
    )


def _configure(layout: Layout, config: Path) -> None:
    names = ("edge_admin", "egress_admin", "rabbitmq_prometheus")
    values = {name: layout.address(name) for name in names} | {"targets": str(_targets_file(layout))}
    config.write_text(Template(TEMPLATE.read_text()).substitute(values))


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
            "labels": {"service": service["Service"], "instance": name},
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

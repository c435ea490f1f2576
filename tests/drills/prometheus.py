"""The rules of the platform with time taken out of them, and what fires of them."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml

from scripts.layout import Layout
from scripts.native.prometheus import configuration
from scripts.supervisor.changes import Changes
from services.chassis.background import background
from tests.runbooks import RULES

STEP: Final = "2s"
FASTER: Final = 20
"""Windows are so much shorter."""
LEAST_WINDOW: Final = 15
"""Seconds; a rate needs some samples in it."""
_LOOK_SECONDS: Final = 0.5
_ANSWER_SECONDS: Final = 5.0
_WINDOW: Final = re.compile(r"(\[|offset )(\d+)([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}

Labels = Mapping[str, str]


def hurried(layout: Layout, config: Path) -> None:
    """Write the configuration of a Prometheus that reads often, and the rules so that it does not wait."""
    document = configuration(layout)
    document["global"] = {"scrape_interval": STEP, "scrape_timeout": "1500ms", "evaluation_interval": STEP}
    directory = layout.config("prometheus-rules")
    document["rule_files"] = [f"{directory}/*.json"]
    for file in RULES.glob("*.yml"):
        rules = [
            _hurried(rule) for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]
        ]
        group = {"name": file.stem, "rules": rules}
        (directory / f"{file.stem}.json").write_text(json.dumps({"groups": [group]}))
    config.write_text(json.dumps(document))


def _hurried(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Without `for`, and with shorter windows."""
    kept = {name: value for name, value in rule.items() if name != "for"}
    return {**kept, "expr": _WINDOW.sub(_shorter, rule["expr"])}


def _shorter(window: re.Match[str]) -> str:
    seconds = int(window[2]) * _SECONDS[window[3]] // FASTER
    return f"{window[1]}{max(LEAST_WINDOW, seconds)}s"


class Alerts:
    """What fires at the moment, as Prometheus tells."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._firing: list[Labels] = []
        self._changes = Changes()

    def firing(self, alert: str, labels: Labels) -> bool:
        """Whether an alert fires that has these labels."""
        wanted = {"alertname": alert, **labels}.items()
        return any(wanted <= one.items() for one in self._firing)

    @property
    def names(self) -> set[str]:
        """Those that fire."""
        return {one["alertname"] for one in self._firing}

    async def until(self, alert: str, labels: Labels, seconds: float, *, fires: bool) -> float | None:
        """Wait until it fires, or does not, and tell when that was, by the loop's clock; None if it took longer."""
        try:
            async with asyncio.timeout(seconds):
                await self._changes.until(lambda: self.firing(alert, labels) is fires)
        except TimeoutError:
            return None
        return asyncio.get_running_loop().time()

    async def watch(self) -> None:
        """Keep up, until cancelled. Raises ClientError, TimeoutError."""
        timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
        async with aiohttp.ClientSession(self._url, timeout=timeout, raise_for_status=True) as http:
            while True:
                async with http.get("/api/v1/alerts") as response:
                    found = (await response.json())["data"]["alerts"]
                self._firing = [one["labels"] for one in found if one["state"] == "firing"]
                self._changes.notify()
                await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def watched(url: str) -> AsyncIterator[Alerts]:
    """The alerts of the Prometheus at `url`, followed while inside."""
    alerts = Alerts(url)
    async with background("alerts", alerts.watch):
        yield alerts

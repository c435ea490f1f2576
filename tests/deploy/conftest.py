"""What the deployment's files are held against: the tools that read them, and what they say."""

from pathlib import Path
from typing import Any

import pytest

from scripts.layout import Layout
from scripts.native import alertmanager, compose, consul, envoy, mongodb, prometheus
from scripts.native.fetching import fetch
from tests.deploy.stack import Compose, Service


@pytest.fixture(scope="session")
async def native(layout: Layout) -> Path:
    """Where the tools are."""
    parts = (alertmanager.PART, compose.PART, consul.PART, envoy.PART, mongodb.PART, prometheus.PART)
    await fetch(layout.native, parts)
    return layout.native


@pytest.fixture(scope="session")
def stack(native: Path, tmp_path_factory: pytest.TempPathFactory) -> Compose:
    return Compose.prepared(compose.PART.executable(native).path, tmp_path_factory.mktemp("compose"))


@pytest.fixture(scope="session")
def document(stack: Compose) -> dict[str, Any]:
    return stack.document()


@pytest.fixture(scope="session")
def services(document: dict[str, Any]) -> dict[str, Service]:
    return dict(document["services"])

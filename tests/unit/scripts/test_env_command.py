"""`portico env`: the secrets of the platform, for Docker Compose."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.cli import app
from scripts.layout import Layout
from scripts.platform import load_credentials, load_secrets

RUNNER = CliRunner()


def written(home: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("PORTICO_HOME", str(home))
    result = RUNNER.invoke(app, ["env", "--file", str(file)])
    assert result.exit_code == 0, result.output
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_it_is_for_its_owner_only_and_holds_what_the_native_platform_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    told = written(tmp_path / "home", file, monkeypatch)
    assert file.stat().st_mode & 0o777 == 0o600
    layout = Layout(tmp_path / "home")
    secrets = load_secrets(layout)
    assert told["PORTICO_MONGODB_PASSWORD_ORDER"] == secrets.mongodb["order"]
    assert told["PORTICO_MONGODB_KEYFILE"] == secrets.mongodb_keyfile
    assert told["PORTICO_ADMIN_PASSWORD"] == load_credentials(layout).admin.password
    assert told["COMPOSE_PROFILES"] == "core,observability,elk"
    assert written(tmp_path / "home", file, monkeypatch) == told


def test_only_parts_that_there_are_can_be_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_HOME", str(tmp_path))
    result = RUNNER.invoke(app, ["fetch", "moon"])
    assert result.exit_code == 2
    assert "no part is called moon" in result.output

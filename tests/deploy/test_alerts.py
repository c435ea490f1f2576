"""The alerts: each fires when it should and not before, is explained by a page, and the page's commands exist."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from scripts.cli import app
from scripts.layout import CHECKOUT, Layout
from scripts.native import prometheus
from tests.deploy.alerts import CASES
from tests.deploy.stack import Service
from tests.runbooks import RULE_FILES, RUNBOOKS, alerts, commands, pages

SEVERITIES = {"page", "ticket"}
_MENTIONED = re.compile(r"`(portico [^`]+)`")


def tried(series: dict[str, str], name: str, at: str, firing: int, labels: str = "") -> dict[str, Any]:
    """What promtool is asked: these series, and so many such alerts that fire at that time."""
    query = f'count(ALERTS{{alertname="{name}", alertstate="firing", {labels}}}) or vector(0)'
    expected = [{"labels": "{}", "value": firing}]
    return {
        "interval": "1m",
        "input_series": [{"series": key, "values": values} for key, values in series.items()],
        "promql_expr_test": [{"expr": query, "eval_time": at, "exp_samples": expected}],
    }


def promtool(native: Path, file: Path, tests: list[dict[str, Any]]) -> str:
    """What it says against the rules, given these series: nothing, if all is as expected."""
    rule_files = [str(path) for path in RULE_FILES]
    file.write_text(json.dumps({"rule_files": rule_files, "evaluation_interval": "1m", "tests": tests}))
    program = prometheus.PART.executable(native).path.with_name("promtool")
    command = [str(program), "test", "rules", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    return run.stdout + run.stderr if run.returncode else ""


def test_every_alert_is_tried_out() -> None:
    assert alerts().keys() == CASES.keys()


def test_each_fires_when_it_should(native: Path, tmp_path: Path) -> None:
    tests = [tried(case.bad, name, case.at, case.firing, case.labels) for name, case in CASES.items()]
    assert promtool(native, tmp_path / "bad.yml", tests) == ""


def test_none_fires_when_all_is_well(native: Path, tmp_path: Path) -> None:
    tests = [tried(case.good, name, case.at, 0) for name, case in CASES.items()]
    assert promtool(native, tmp_path / "good.yml", tests) == ""


def test_one_that_should_fire_and_does_not_is_noticed(native: Path, tmp_path: Path) -> None:
    tests = [tried(CASES["SagasStuck"].good, "SagasStuck", "30m", 1)]
    assert "SagasStuck" in promtool(native, tmp_path / "wrong.yml", tests)


@pytest.mark.parametrize("name", alerts())
def test_it_says_how_urgent_it_is_and_has_a_page(name: str) -> None:
    rule = alerts()[name]
    assert rule["labels"]["severity"] in SEVERITIES
    assert rule["annotations"]["summary"]
    page = CHECKOUT / rule["annotations"]["runbook"]
    assert page.read_text().startswith(f"# {name}\n")
    for part in ("**Means.**", "**Look.**", "**Do.**"):
        assert part in page.read_text(), part


def test_prometheus_keeps_as_much_as_the_promise_is_about(
    layout: Layout, services: dict[str, Service]
) -> None:
    promised = re.search(r"in (\d+) days", (prometheus.FILES / "rules" / "slo.yml").read_text())
    assert promised
    for command in (prometheus.process(layout).command, services["prometheus"]["command"]):
        kept = re.search(r"retention\.time=(\d+)d", " ".join(command))
        assert kept
        assert int(kept[1]) > int(promised[1])
    assert f"in any {promised[1]} days" in (CHECKOUT / "docs" / "observability.md").read_text()


def test_no_page_is_about_an_alert_that_is_not_there() -> None:
    written = {str(path.relative_to(CHECKOUT)) for path in pages()}
    assert written == {rule["annotations"]["runbook"] for rule in alerts().values()}


def mentioned() -> list[str]:
    """Every command that a page speaks of in a sentence, with as many words as it takes there."""
    return sorted({name for path in pages() for name in _MENTIONED.findall(path.read_text())})


@pytest.mark.parametrize("line", mentioned())
def test_the_commands_that_a_sentence_speaks_of_exist(line: str) -> None:
    """Without what they are told, but with every option."""
    command, words = found(line)
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known


@pytest.mark.parametrize("line", sorted({line for path in pages() for line in commands(path)}))
def test_the_command_lines_of_the_pages_are_taken(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "portico-before").mkdir()
    (tmp_path / "portico").mkdir()
    monkeypatch.chdir(tmp_path / "portico")
    command, words = found(line)
    # Parsed as it would be, and not carried out. Raises for what it does not know.
    command.make_context("portico", words)


def found(line: str) -> tuple[Any, list[str]]:
    """The command of a line, and the words that are for it."""
    program, *words = shlex.split(line)
    assert program == "portico"
    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    return command, words


def test_links_between_pages_lead_somewhere() -> None:
    for path in RUNBOOKS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), (path.name, target)

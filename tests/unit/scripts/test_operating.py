"""What operators type, and what is asked for because of it."""

from datetime import UTC, datetime, timedelta

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from scripts.cli import app
from scripts.console import literally
from scripts.operating import ago, given


@pytest.mark.parametrize(
    ("age", "seconds"), [("0s", 0), ("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604800)]
)
def test_ages_are_times(age: str, seconds: int) -> None:
    before = datetime.now(UTC)
    then = datetime.fromisoformat(ago(age)) + timedelta(seconds=seconds)
    assert before <= then <= datetime.now(UTC)


@pytest.mark.parametrize("age", ["", "2", "h", "-1h", "1.5h", "2w", "1h30m", "999999d"])
def test_what_is_no_age_is_refused(age: str) -> None:
    with pytest.raises(typer.BadParameter):
        ago(age)


def test_what_was_left_open_is_not_asked_for() -> None:
    assert given({"queue": "order.saga", "kind": None, "limit": 0}) == {"queue": "order.saga", "limit": 0}


@pytest.mark.parametrize(
    "words",
    [
        ["dlq", "replay"],
        ["dlq", "replay", "--all", "8b2561dabbc8a721"],
        ["dlq", "replay", "--queue", "order.saga", "8b2561dabbc8a721"],
        ["dlq", "discard", "8b2561dabbc8a721"],
        ["dlq", "list", "--older-than", "yesterday"],
        ["saga", "compensate", "o1"],
    ],
)
def test_what_cannot_be_meant_is_asked_back_before_anything_is_done(words: list[str]) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "Error" in result.output


def test_a_stranger_s_text_commands_nothing() -> None:
    console = Console(force_terminal=True, highlight=False)
    with console.capture() as captured:
        console.print(literally("[red]a\x1b[2J\r\x07b[/red]"))
    assert captured.get() == "[red]a\\x1b[2J\\r\\x07b[/red]\n"

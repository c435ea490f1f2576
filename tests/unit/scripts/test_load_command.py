"""What `portico load` takes, and how it says what came of it."""

import pytest
from typer.testing import CliRunner

from scripts.cli import app
from scripts.commands.outcome import show_complaints, show_report, show_stock
from scripts.console import console
from scripts.load.loops import Pace
from scripts.load.percentiles import Percentiles
from scripts.load.report import Report


@pytest.mark.parametrize("share", ["", "=many", "=-0.1", "=1.1", "=nan", "=inf", "=-inf"])
def test_shares_that_make_no_sense_are_refused(share: str) -> None:
    result = CliRunner().invoke(app, ["load", "--pay", f"tok_decline{share}"])
    assert result.exit_code == 2
    assert "--pay" in result.output


def test_a_report_is_shown_with_shares_and_reasons() -> None:
    report = Report(
        pace=Pace(sent=2000, seconds=100.0, behind=0.03, cpu_seconds=2.5),
        accepted=1990,
        confirmed=1930,
        cancelled={"payment_declined": 59, "out_of_stock": 1},
        unfinished={},
        lost=0,
        payable=1931,
        paid=1930,
        refused={"422 some skus cannot be ordered": 10},
        unknown=0,
        repeated={"503": 4},
        sold={},
        accepting=Percentiles(0.01, 0.02, 0.03, 0.04),
        ending=Percentiles(0.1, 0.2, 0.3, 0.4),
    )
    with console.capture() as capture:
        show_report(report)
    lines = [" ".join(line.split()) for line in capture.get().splitlines()]
    assert "confirmed 1,930 97.0%" in lines
    assert "cancelled 60 3.0% 59 payment_declined, 1 out_of_stock" in lines
    assert "refused 10 10 422 some skus cannot be ordered" in lines
    assert "ended after 100 200 300 400" in lines
    assert "2,000 orders in 100.0 s, 20.0 a second" in capture.get()


def test_complaints_are_shown() -> None:
    with console.capture() as capture:
        show_complaints(["3 orders were refused"])
    assert capture.get() == "✗ 3 orders were refused\n"


def test_stock_that_does_not_match_is_named() -> None:
    with console.capture() as capture:
        show_stock({"tea": 2}, [])
        show_stock({"tea": 2}, ["tea: 9 where 8 were due"])
    assert "matches: 2 pieces sold" in capture.get()
    assert "does not match: 1 products\n  tea: 9" in capture.get()

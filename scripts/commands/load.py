"""`portico load`: real purchases, placed as orders on the running platform."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from scripts.commands.bars import bars, listed
from scripts.commands.outcome import show_complaints, show_report, show_stock
from scripts.console import console
from scripts.layout import Layout
from scripts.load.customers import signed_in
from scripts.load.record import Record, recorded
from scripts.load.report import Report
from scripts.load.run import place_all
from scripts.load.stock import Stock, mismatches, read_stock
from scripts.load.wishes import Wish
from scripts.platform import load_credentials
from scripts.storefront import Storefront


class Source(StrEnum):
    """Whose purchases."""

    COMPLETE_JOURNEY = "complete-journey"


def load(
    source: Annotated[Source, typer.Option("--replay", help="Whose purchases.")] = Source.COMPLETE_JOURNEY,
    rate: Annotated[float, typer.Option(min=0.1, help="Orders a second.")] = 20.0,
    baskets: Annotated[int, typer.Option(min=1, help="How many orders.")] = 2000,
    customers: Annotated[int, typer.Option(min=1, help="How many accounts place them, at most.")] = 50,
    seed: Annotated[int, typer.Option(help="Decides which baskets, and how they are paid.")] = 1,
    pay: Annotated[
        list[str] | None, typer.Option(metavar="TOKEN=SHARE", help="Such as tok_decline=0.03; repeatable.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="A file for what the clients saw, in JSON lines.")
    ] = None,
) -> None:
    """Place real baskets as orders through Envoy, wait for their ends, and report what became of them.

    Exit code 1 when an order is refused, never answered, lost, does not end, or is cancelled without a reason; when
    fewer than 95 % of those with an approving token are confirmed; or when the stock is not what it must be.
    """
    plan = Plan(rate, baskets, customers, seed, _shares(pay or []))
    with recorded(record) as kept:
        went_well = uvloop.run(_load(Layout.from_environment(), plan, kept))
    if not went_well:
        raise typer.Exit(1)


@dataclass(frozen=True)
class Plan:
    """What was asked for; `shares` are those of the payment tokens that are not approved."""

    rate: float
    baskets: int
    customers: int
    seed: int
    shares: Mapping[str, float]


def _shares(texts: Sequence[str]) -> dict[str, float]:
    """The share of each token. Raises BadParameter."""
    try:
        shares = {token: float(share) for token, _, share in (text.partition("=") for text in texts)}
    except ValueError:
        raise typer.BadParameter("write it like tok_decline=0.03", param_hint="--pay") from None
    # Written so that what is no number is none of them either.
    if not all(0 <= share <= 1 for share in (*shares.values(), sum(shares.values()))):
        raise typer.BadParameter("shares lie between 0 and 1, all together too", param_hint="--pay")
    return shares


async def _load(layout: Layout, plan: Plan, record: Record) -> bool:
    """Whether there is nothing to complain of, and the stock is right."""
    login = load_credentials(layout).support
    async with Storefront(layout.url("edge")) as staff:
        await staff.log_in(login)
        wishes = await _wishes(staff, plan)
        before = await _count(staff, {sku for wish in wishes for sku in wish.items})
        report = await _place(layout, wishes, plan.rate, record)
        show_report(report)
        show_complaints(complaints := list(report.complaints()))
        # Placing may have taken longer than a token lives.
        await staff.log_in(login)
        wrong = mismatches(before, await _count(staff, before), report.sold)
    show_stock(report.sold, wrong)
    return not (complaints or wrong)


async def _wishes(staff: Storefront, plan: Plan) -> list[Wish]:
    """Real baskets as orders. Raises TooFewBaskets, DataMissing."""
    # Here, so that the other commands do without the data and what reads it.
    from scripts.complete_journey.baskets import choose
    from scripts.complete_journey.replay import on_sale, wishes

    with console.status("choosing baskets …"):
        skus = await on_sale(staff)
        choice = await asyncio.to_thread(choose, skus, plan.baskets, plan.seed)
    console.print(
        f"{plan.baskets:,} baskets of {len(skus):,} products; left out: {listed(choice.left_out) or 'nothing'}"
    )
    return wishes(choice.baskets, skus, plan.customers, plan.shares, plan.seed)


async def _count(staff: Storefront, skus: Collection[str]) -> dict[str, Stock]:
    with bars() as progress:
        bar = progress.add_task("counting stock", total=len(skus))
        return await read_stock(staff, skus, lambda: progress.advance(bar))


async def _place(layout: Layout, wishes: Sequence[Wish], rate: float, record: Record) -> Report:
    """Place the orders and see them end."""
    password = load_credentials(layout).customer.password
    count = 1 + max(wish.customer for wish in wishes)
    with bars() as progress:
        signing_in = progress.add_task("signing in", total=None)
        async with signed_in(layout.url("edge"), password, count) as customers:
            progress.remove_task(signing_in)
            placing = progress.add_task("placed", total=len(wishes))
            ending = progress.add_task("ended", total=len(wishes))
            return await place_all(
                customers,
                wishes,
                rate,
                record,
                placed=lambda: progress.advance(placing),
                ended=lambda count: progress.update(ending, completed=count, total=len(record.accepted)),
            )

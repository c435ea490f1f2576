"""One run: many orders at a rate, followed to their ends."""

from collections.abc import Callable, Iterable

from scripts.load.customers import Customers
from scripts.load.endings import endings
from scripts.load.loops import open_loop
from scripts.load.placing import Placement, Placing
from scripts.load.record import Record
from scripts.load.report import Report
from scripts.load.wishes import Wish

# A saga ends within its deadline of 30 s, and its compensations soon after.
ENDING_SECONDS = 60.0


async def place_all(
    customers: Customers,
    wishes: Iterable[Wish],
    rate: float,
    record: Record,
    *,
    placed: Callable[[], object] = lambda: None,
    ended: Callable[[int], object] = lambda _: None,
) -> Report:
    """Place the orders at so many a second, see the accepted ones end, and sum it up.

    `placed` hears of each that was answered, `ended` how many have ended, again and again.
    """

    def settled(placement: Placement) -> None:
        record.add(placement)
        placed()

    pace = await open_loop(Placing(customers, settled), wishes, rate)
    known = await endings(customers, record.accepted, ENDING_SECONDS, ended)
    return Report.of(pace, record.placements, known)

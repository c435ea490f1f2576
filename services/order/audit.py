"""What operators do to orders, for the audit trail: it leaves through the outbox."""

from collections.abc import Sequence

from services.chassis.deeds import Deed
from services.chassis.envelope import new_id
from services.chassis.mongo import Work
from services.contracts.order import OperatorActed


async def record(work: Work, deed: Deed[str], subjects: Sequence[str], outcome: str) -> None:
    """Have an entry written, once the transaction of what it tells of is committed."""
    work.emit(f"audit/{new_id()}", 1, OperatorActed(**deed.entry(subjects, outcome)))

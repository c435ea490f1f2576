"""What the checks are shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.faults.books import Books, Letter
from tests.faults.seen import Seen
from tests.faults.witness import Heard


@dataclass(frozen=True)
class Evidence:
    """All that is known of a stretch of time in which something was done to the platform, until `calm_at`.

    `seen` is what the customers and the staff wrote down, `heard` what was said on the bus, `unsent` what outboxes
    still hold, `waiting` what queues still hold, `not_taken` what nobody took of each queue. `died` are the dead
    letters, `poisoned` those that had to die, or only might have (False). `ahead` is how far the clock of some process
    was put forward: times in the books may be too late by that.
    """

    calm_at: datetime
    books: Books
    seen: Seen
    heard: Sequence[Heard]
    unsent: Mapping[str, int]
    waiting: Mapping[str, int]
    not_taken: Mapping[str, Collection[str]]
    died: Sequence[Letter]
    poisoned: Mapping[Letter, bool]
    ahead: timedelta = timedelta()

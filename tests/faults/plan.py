"""What chance decides of a row, drawn from the seed before anything begins.

Each purpose has a chance of its own, and what is decided of an order or a burst derives from its number. So tasks that
run side by side can't take draws from each other: two plans of one seed are equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, Self

from tests.faults.catalogue import FAULTS
from tests.faults.faults import Fault

WISHES: Final = 1_000
"""How many orders are known that somebody may want."""
LEAD: Final = (0.5, 1.0)
"""Seconds of traffic before the first fault strikes, and as many between two."""
INTO: Final = 0.08
"""Seconds into a burst at which a fault strikes, at most."""
CANCELLED: Final = 0.04
"""The share of accepted orders whose customers think better of it."""
THINK_SECONDS: Final = 1.5
"""How long they take for it at most."""
SIGN_INS: Final = 0.25
"""The share of bursts that somebody signs in with: a password takes longer to check than an order to accept."""
MOST_COUNTED: Final = 3
"""Pieces that the staff find at once."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A fault strikes after `lead` seconds of traffic, `into` seconds into the next burst, and holds for `hold`."""

    lead: float
    into: float
    hold: float

    def __str__(self) -> str:
        return f"{self.lead:.3f} s + {1000 * self.into:.0f} ms, for {self.hold:.2f} s"


@dataclass(frozen=True, slots=True)
class Errands:
    """What is done beside a burst of orders: whether somebody signs in, and how many pieces the staff find."""

    signs_in: bool
    counted: int


@dataclass(frozen=True)
class Plan:
    """Of one row. Its traffic begins with the wish of number `first`. The faults serve once."""

    seed: int
    names: tuple[str, ...]
    moments: tuple[Moment, ...]
    first: int
    faults: tuple[Fault, ...] = field(compare=False)

    @classmethod
    def of(cls, seed: int, names: Sequence[str]) -> Self:
        """The plan for these faults, the same whichever others are run."""
        faults = tuple(FAULTS[name](name, _chance(seed, names, name)) for name in names)
        when, which = _chance(seed, names, "moments"), _chance(seed, names, "wishes")
        moments = [Moment(when.uniform(*LEAD), when.uniform(0, INTO), fault.seconds) for fault in faults]
        return cls(seed, tuple(names), tuple(moments), which.randrange(WISHES), faults)

    def thinks_better(self, order: int) -> float | None:
        """How many seconds after the order of this number was accepted it is cancelled; None for never."""
        chance = _chance(self.seed, self.names, f"order {order}")
        return chance.uniform(0, THINK_SECONDS) if chance.random() < CANCELLED else None

    def errands(self, burst: int) -> Errands:
        """What is done beside the burst that begins with the order of this number."""
        chance = _chance(self.seed, self.names, f"burst {burst}")
        return Errands(chance.random() < SIGN_INS, chance.randint(1, MOST_COUNTED))


def _chance(seed: int, names: Sequence[str], purpose: str) -> Random:
    return Random(f"{seed} {' + '.join(names)} {purpose}")

"""Everything that can be done to the platform, by name."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from tests.faults.faults import Ail, ClockJump, Fault, Freeze, Kill, Nothing, Restart, Slow
from tests.faults.full_disk import FullDatabase, FullDisk
from tests.faults.messages import Duplicate, Poison, Reorder
from tests.faults.proxy import Proxy
from tests.faults.site import CLOCKED, PARTS

Make = Callable[[str, Random], Fault]
"""Makes a fault of a name and of what chance decides."""

SERVICES: Final = ("auth", "product", "inventory", "payment", "order", "operations", "gateway")
SINGLE: Final = ("control-plane-1", "edge", "egress", *PARTS)
"""Those that there is one of."""
RESTARTED: Final = ("rabbitmq", "mongodb")
SPARE: Final = 100 * 2**20
"""Bytes that are left to RabbitMQ: half of what it insists on, and enough for what it is about to write."""
CONTROL: Final = "no fault"
"""What the others are compared with."""


def _nothing(name: str, chance: Random) -> Fault:
    return Nothing(name, chance.uniform(1, 3))


def _kill(name: str, _: Random) -> Fault:
    return Kill(name, 0)


def _freeze_instance(name: str, chance: Random) -> Fault:
    """Sometimes for longer than its leases last."""
    return Freeze(name, chance.uniform(3, 13))


def _freeze(name: str, chance: Random) -> Fault:
    return Freeze(name, chance.uniform(2, 8))


def _restart(name: str, chance: Random) -> Fault:
    return Restart(name, chance.uniform(0, 3))


def _full_database(name: str, chance: Random) -> Fault:
    return FullDatabase(name, chance.uniform(3, 8), 0)


def _full_disk(name: str, chance: Random) -> Fault:
    return FullDisk(name, chance.uniform(3, 8), SPARE)


def _clock_jump(name: str, chance: Random) -> Fault:
    return ClockJump(name, chance.uniform(2, 6))


def _slow(name: str, chance: Random) -> Fault:
    return Slow(name, chance.uniform(2, 6), chance.uniform(0.05, 0.25))


def _cut(name: str, chance: Random) -> Fault:
    return Ail(name, chance.uniform(0.5, 5), Proxy.cut)


def _half_open(name: str, chance: Random) -> Fault:
    return Ail(name, chance.uniform(2, 8), Proxy.half_open)


def _meddle(kind: type[Duplicate | Reorder | Poison]) -> Make:
    return lambda name, chance: kind(name, chance.uniform(2, 4), chance)


def _all() -> Iterator[tuple[str, Make]]:
    yield CONTROL, _nothing
    for service in SERVICES:
        yield f"kill {service}-1", _kill
        yield f"kill {service}", _kill
        yield f"freeze {service}-1", _freeze_instance
    for single in SINGLE:
        yield f"kill {single}", _kill
        yield f"freeze {single}", _freeze
    for part in RESTARTED:
        yield f"restart {part}", _restart
    for part in PARTS:
        yield f"slow {part}", _slow
        yield f"cut {part}", _cut
        yield f"half-open {part}", _half_open
    yield "full-disk mongodb", _full_database
    yield "full-disk rabbitmq", _full_disk
    for process in CLOCKED:
        yield f"clock-jump {process}", _clock_jump
    yield "duplicate messages", _meddle(Duplicate)
    yield "reorder messages", _meddle(Reorder)
    yield "poison messages", _meddle(Poison)


FAULTS: Final = dict(_all())

TELLING: Final = (
    CONTROL,
    *(f"kill {name}" for name in ("auth-1", "product-1", "inventory", "payment", "order")),
    *(f"kill {name}" for name in ("operations", "gateway-1", *SINGLE)),
    *(f"freeze {name}" for name in ("order-1", "mongodb")),
    *(f"{kind} {part}" for kind in ("cut", "half-open") for part in ("mongodb", "rabbitmq")),
    *("slow mongodb", "full-disk mongodb", "clock-jump order-1"),
    *("duplicate messages", "reorder messages", "poison messages"),
)
"""Those that tell most in a short time."""


def pairs(count: int, seed: int) -> list[tuple[str, str]]:
    """So many pairs of faults that do different things to different targets."""
    chance = Random(f"{seed} pairs")
    drawn: list[tuple[str, str]] = []
    while len(drawn) < count:
        one, other = (name.split(" ") for name in chance.sample(sorted(FAULTS.keys() - {CONTROL}), 2))
        if one[1].rstrip("-1") != other[1].rstrip("-1"):
            drawn.append((" ".join(one), " ".join(other)))
    return drawn

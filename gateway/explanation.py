"""Why a request was answered as it was: gathered while it is worked on, by whoever knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import Any, Final

_MOST_CALLS: Final = 20
"""So many calls are told of one by one: the answer's header has to fit into one of Envoy's."""


@dataclass(slots=True)
class Call:
    """A call to a service. `attempts` are Envoy's, None when it was not asked; `breaker` is the state it began in."""

    service: str
    call: str
    breaker: str
    outcome: str = "failed"
    status: int | None = None
    attempts: int | None = None
    milliseconds: float = 0.0


@dataclass(slots=True)
class Explanation:
    """All there is to say of one request."""

    cache: str | None = None
    calls: list[Call] = field(default_factory=list)
    degraded: set[str] = field(default_factory=set)

    def document(self, route: str) -> dict[str, Any]:
        """As operators read it."""
        told = [asdict(call) for call in self.calls[:_MOST_CALLS]]
        more = len(self.calls) - len(told)
        return {
            "route": route,
            "cache": self.cache,
            "calls": told,
            **({"more_calls": more} if more else {}),
            "degraded": sorted(self.degraded),
        }


_current: ContextVar[Explanation | None] = ContextVar("explanation", default=None)


@contextmanager
def explaining() -> Iterator[Explanation]:
    """Gather what is said inside, also by the tasks that are started there."""
    explanation = Explanation()
    token = _current.set(explanation)
    try:
        yield explanation
    finally:
        _current.reset(token)


def explanation() -> Explanation:
    """That of the request in hand; outside of any, one that nobody reads."""
    return _current.get() or Explanation()

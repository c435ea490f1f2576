"""A circuit breaker for coroutines: pybreaker's states and counting, with the gate and the clock that it lacks.

By itself pybreaker lets every waiting call in once it is half-open, takes a cancelled call for a failed one, and
measures with the wall clock. Here a half-open circuit means that exactly one call is probing.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from pybreaker import (
    STATE_CLOSED,
    STATE_HALF_OPEN,
    STATE_OPEN,
    CircuitBreaker,
    CircuitBreakerListener,
    CircuitBreakerState,
)

from gateway.metrics import BREAKER_STATE
from services.chassis.errors import Unavailable

_FIGURES: Final = {STATE_CLOSED: 0, STATE_HALF_OPEN: 1, STATE_OPEN: 2}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """So many failures in a row open a breaker, and so many seconds later one call may probe."""

    failures: int
    seconds: float


class Breaker(CircuitBreakerListener):
    """Guards the calls to one upstream, with the tolerance that holds at the moment."""

    def __init__(
        self, upstream: str, tolerance: Callable[[], Tolerance], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._upstream = upstream
        self._tolerance = tolerance
        self._clock = clock
        self._opened_at = -math.inf
        self._circuit = CircuitBreaker(reset_timeout=0, listeners=[self], throw_new_error_on_trip=False)
        self._gauge = BREAKER_STATE.labels(upstream)
        self._gauge.set(_FIGURES[STATE_CLOSED])

    @property
    def state(self) -> str:
        """`closed`, `half-open` or `open`."""
        return self._circuit.current_state

    @property
    def refusing(self) -> bool:
        """Whether an attempt would be refused now."""
        return self.state == STATE_HALF_OPEN or (self.state == STATE_OPEN and self._wait > 0)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """One call. An exception out of it is a failure; a cancellation tells nothing about the upstream.

        Raises Unavailable at once while the circuit is open, and while somebody else is probing.
        """
        probing = self._admit()
        try:
            yield
        except Exception as error:
            self._failed(error, probing)
            raise
        except asyncio.CancelledError:
            if probing:
                self._circuit.open()
            raise
        self._succeeded(probing)

    def state_change(
        self, cb: CircuitBreaker, old_state: CircuitBreakerState | None, new_state: CircuitBreakerState
    ) -> None:
        """Called by pybreaker."""
        if new_state.name == STATE_OPEN:
            self._opened_at = self._clock()
        self._gauge.set(_FIGURES[new_state.name])
        if old_state and STATE_CLOSED in (old_state.name, new_state.name):
            _log.warning("the circuit of %s is %s", self._upstream, new_state.name)

    def _admit(self) -> bool:
        """Whether this call is the probe."""
        if self.refusing:
            wait = max(1, math.ceil(self._wait))
            raise Unavailable(f"the {self._upstream} service is not answering", retry_after=wait)
        if self.state == STATE_OPEN:
            self._circuit.half_open()
            return True
        return False

    @property
    def _wait(self) -> float:
        """Seconds until an open circuit may be probed."""
        return self._opened_at + self._tolerance().seconds - self._clock()

    def _succeeded(self, probing: bool) -> None:
        if probing or (self.state == STATE_CLOSED and self._circuit.fail_counter):
            self._circuit.call(lambda: None)

    def _failed(self, error: Exception, probing: bool) -> None:
        def fail() -> None:
            raise error

        # A straggler from before the circuit opened has nothing to say about whether it may close.
        if probing or self.state == STATE_CLOSED:
            self._circuit.fail_max = self._tolerance().failures
            with suppress(type(error)):
                self._circuit.call(fail)

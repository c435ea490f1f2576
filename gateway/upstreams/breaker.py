"""A circuit breaker for coroutines: pybreaker's states and counting, with the gate and the clock that it lacks.

By itself pybreaker lets every waiting call in once it is half-open, takes a cancelled call for a failed one, and
measures with the wall clock. Here a half-open circuit means that exactly one call is probing.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


class Breaker(CircuitBreakerListener):
    """Guards the calls to one upstream: opens after so many failures in a row, and probes it after so many seconds."""

    def __init__(
        self, upstream: str, failures: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._upstream = upstream
        self._seconds = seconds
        self._clock = clock
        self._probe_at = -math.inf
        self._circuit = CircuitBreaker(
            fail_max=failures, reset_timeout=0, listeners=[self], throw_new_error_on_trip=False
        )
        self._gauge = BREAKER_STATE.labels(upstream)
        self._gauge.set(_FIGURES[STATE_CLOSED])

    @property
    def state(self) -> str:
        """`closed`, `half-open` or `open`."""
        return self._circuit.current_state

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
            self._probe_at = self._clock() + self._seconds
        self._gauge.set(_FIGURES[new_state.name])

    def _admit(self) -> bool:
        """Whether this call is the probe."""
        if self.state == STATE_CLOSED:
            return False
        if self.state == STATE_OPEN and self._clock() >= self._probe_at:
            self._circuit.half_open()
            return True
        wait = max(1, math.ceil(self._probe_at - self._clock()))
        raise Unavailable(f"the {self._upstream} service is not answering", retry_after=wait)

    def _succeeded(self, probing: bool) -> None:
        if probing or self.state == STATE_CLOSED:
            self._circuit.call(lambda: None)

    def _failed(self, error: Exception, probing: bool) -> None:
        def fail() -> None:
            raise error

        # A straggler from before the circuit opened has nothing to say about whether it may close.
        if probing or self.state == STATE_CLOSED:
            with suppress(type(error)):
                self._circuit.call(fail)

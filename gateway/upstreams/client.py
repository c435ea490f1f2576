"""Calls to services: through Envoy's internal listener, under a deadline, behind a breaker. Envoy retries, we don't."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Self, TypeVar
from urllib.parse import quote, urlsplit

from aiohttp import web
from pydantic import BaseModel, ValidationError

from discovery.config.resilience import Resilience
from gateway.breaker import Breaker, Tolerance
from gateway.bulkhead import Bulkhead
from gateway.explanation import Call, explanation
from gateway.metrics import SHED, UPSTREAM_SECONDS
from gateway.settings import Settings
from gateway.upstreams.refusals import refusal
from gateway.upstreams.wire import Connect, Wire
from observability import context
from observability.tracing import calling
from services.chassis.config import CONFIGURATION, Configuration
from services.chassis.errors import NotFound, Overloaded, Refusal, Unavailable
from services.chassis.middlewares import DEADLINE_HEADER

Model = TypeVar("Model", bound=BaseModel)
_log = logging.getLogger(__name__)


class Service(StrEnum):
    """The services by the names that Envoy knows them by."""

    AUTH = "auth"
    PRODUCT = "product"
    INVENTORY = "inventory"
    PAYMENT = "payment"
    ORDER = "order"
    OPERATIONS = "operations"


@dataclass(frozen=True, slots=True)
class Question:
    """What a service is asked; `target` is a path, made by `path`, and may have a query."""

    service: Service
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said."""

    service: Service
    status: int
    body: bytes
    headers: Mapping[str, str]

    def read(self, model: type[Model]) -> Model:
        """The body as `model`. Raises Unavailable for one that cannot be read so."""
        try:
            return model.model_validate_json(self.body)
        except ValidationError as error:
            # Without the values: they may be somebody's address.
            wrong = error.errors(include_input=False, include_url=False, include_context=False)
            _log.error("an answer of the %s service is no %s: %s", self.service, model.__name__, wrong)
            raise Unavailable(f"the {self.service} service gave no usable answer") from None

    @property
    def attempts(self) -> int | None:
        """How often Envoy tried."""
        counted = self.headers.get("x-envoy-attempt-count", "")
        return int(counted) if counted.isdecimal() else None

    def refusal(self) -> Refusal | None:
        """What a status of 400 or above stands for."""
        if self.status < 400:
            return None
        return refusal(self.service, self.status, self.body, self.headers.get("Retry-After"))


class Upstreams:
    """One pool of connections to Envoy, and one bulkhead and one breaker for each service behind it."""

    def __init__(self, wire: Wire, configuration: Configuration) -> None:
        self._wire = wire
        self._configuration = configuration
        self._bulkheads = {service: Bulkhead(service) for service in Service}
        self._breakers = {service: Breaker(service, self._tolerance) for service in Service}

    async def exchange(self, question: Question, seconds: float) -> Answer:
        """One call. Raises the service's refusal; Unavailable when it fails, is late, or is better not asked.

        Too much to do, here or there, is no failure of the service, so it does not count towards its breaker.
        """
        with self._bulkheads[question.service].place(self._resilience.upstream_calls, question.service):
            return await self._measured(question, seconds)

    @property
    def _resilience(self) -> Resilience:
        return self._configuration[Resilience]

    def _tolerance(self) -> Tolerance:
        return Tolerance(self._resilience.breaker_failures, self._resilience.breaker_seconds)

    async def _measured(self, question: Question, seconds: float) -> Answer:
        breaker = self._breakers[question.service]
        call = Call(question.service, f"{question.method} {question.target.partition('?')[0]}", breaker.state)
        explanation().calls.append(call)
        started = time.perf_counter()
        try:
            with breaker.attempt():
                answer = await self._send(question, seconds)
                call.status, call.attempts = answer.status, answer.attempts
                refused = answer.refusal()
                if isinstance(refused, Overloaded):
                    SHED.labels(question.service, "upstream").inc()
                elif refused and answer.status >= 500:
                    raise refused
            call.outcome = "refused" if refused else "ok"
        finally:
            elapsed = time.perf_counter() - started
            call.milliseconds = round(elapsed * 1e3, 3)
            UPSTREAM_SECONDS.labels(question.service, call.outcome).observe(elapsed)
        if refused:
            raise refused
        return answer

    async def _send(self, question: Question, seconds: float) -> Answer:
        service = question.service
        headers = {**question.headers, "Host": service, DEADLINE_HEADER: str(max(1, int(seconds * 1000)))}
        try:
            with calling(f"{question.method} {service}") as span:
                headers["traceparent"] = context.traceparent()
                async with asyncio.timeout(seconds):
                    reply = await self._wire.exchange(
                        question.method, question.target, headers, question.body
                    )
                span.set_attribute("http.status_code", reply.status)
        except TimeoutError as error:
            raise Unavailable(
                f"the {service} service did not answer in time", slug="deadline-exceeded"
            ) from error
        except OSError as error:
            _log.warning("the %s service cannot be reached: %r", service, error)
            raise Unavailable(f"the {service} service cannot be reached") from error
        return Answer(service, reply.status, reply.body, reply.headers)


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls on behalf of one request: they carry its headers, and none outlives its deadline (in loop time).

    `patience`, in seconds, is how long a page waits for what it can do without.
    """

    upstreams: Upstreams
    headers: Mapping[str, str]
    deadline: float
    patience: float

    def within(self, seconds: float) -> Self:
        """The same with less patience."""
        return replace(self, deadline=min(self.deadline, _now() + seconds))

    @property
    def anonymous(self) -> Self:
        """The same on behalf of nobody, for what is everybody's."""
        return replace(self, headers={k: v for k, v in self.headers.items() if k != "Authorization"})

    def renewed(self, seconds: float) -> Self:
        """The same with a fresh deadline, for a request that outlives its first one."""
        return replace(self, deadline=_now() + seconds)

    async def ask(
        self,
        service: Service,
        method: str,
        target: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call; `target` is made by `path`, and may have a query. Raises as `Upstreams.exchange` does."""
        seconds = self.deadline - _now()
        if seconds <= 0:
            raise Unavailable("there was no time left to ask", slug="deadline-exceeded")
        typed = {"Content-Type": "application/json"} if body is not None else {}
        sent = {**self.headers, **typed, **(headers or {})}
        return await self.upstreams.exchange(Question(service, method, target, sent, body), seconds)

    async def read(self, service: Service, target: str, model: type[Model]) -> Model:
        """A GET, read as `model`. Raises as `ask` and `Answer.read` do."""
        return (await self.ask(service, "GET", target)).read(model)


def path(*segments: str) -> str:
    """An absolute path. No segment can break out of its place. Raises NotFound for one that would climb."""
    if not {".", ".."}.isdisjoint(segments):
        raise NotFound
    return "".join(f"/{quote(segment, safe='', errors='replace')}" for segment in segments)


UPSTREAMS = web.AppKey("UPSTREAMS", Upstreams)


def upstreams(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    """The connections to Envoy, for as long as the application lives: declare it after `configuration`."""

    async def resource(app: web.Application) -> AsyncIterator[None]:
        # Bounded by the bulkheads: with a limit of its own, calls to one service could use up those to all others.
        wire = Wire(_connect(settings.egress_url))
        app[UPSTREAMS] = Upstreams(wire, app[CONFIGURATION])
        yield
        wire.close()

    return resource


def _connect(egress_url: str) -> Connect:
    loop, url = asyncio.get_running_loop(), urlsplit(egress_url)
    if url.scheme == "unix":
        return partial(loop.create_unix_connection, path=url.path)
    return partial(loop.create_connection, host=url.hostname, port=url.port or 80)


def _now() -> float:
    return asyncio.get_running_loop().time()

"""Who verifies with a key: every process that Consul knows is asked, the control planes also for their Envoys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from consul.aio import Consul
from pydantic import BaseModel, ValidationError

from discovery.consul.client import ERRORS
from discovery.consul.roster import Member, roster

_ROSTER_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 1.0
_AT_ONCE: Final = 64
_SPEAKS_FOR_ENVOYS: Final = "control-plane"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An instance that has not acknowledged a key, and why; in words."""

    instance: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answers:
    """How many instances verify with a key, and all those that are to and do not."""

    acknowledged: int
    waiting_for: tuple[Waiting, ...]


class _Report(BaseModel):
    """What is read of an instance's health report."""

    signing_keys: frozenset[str]
    signing_keys_wait_for: tuple[str, ...] = ()


class Holders:
    """The processes that hold the keys: whatever is in Consul with a tag."""

    def __init__(self, consul: Consul, http: ClientSession, tag: str) -> None:
        self._consul = consul
        self._http = http
        self._tag = tag

    async def ask(self, kid: str) -> Answers:
        """Ask all of them at once, none for longer than a second.

        Who does not answer is waited for as long as Consul calls it well; after that it is down, and reads the keys
        anew when it comes back. Who answers is waited for even when it is not well: it may still be asked things.
        """
        try:
            async with asyncio.timeout(_ROSTER_SECONDS):
                members = await roster(self._consul, self._tag)
        except ERRORS:
            return Answers(0, (Waiting("consul", "does not answer"),))
        reports = await asyncio.gather(*map(self._report, members))
        return _judged(kid, list(zip(members, reports, strict=True)))

    async def _report(self, member: Member) -> _Report | str | None:
        """What an instance tells, what is wrong with that, or None when there is no answer."""
        url = f"http://{member.endpoint.host}:{member.endpoint.port}/health"
        try:
            async with self._http.get(url) as response:
                return _Report.model_validate_json(await response.read())
        except (ClientError, OSError, TimeoutError):
            return None
        except ValidationError:
            return "does not tell what it verifies with"


def _judged(kid: str, told: list[tuple[Member, _Report | str | None]]) -> Answers:
    there = [(member, report) for member, report in told if report is not None or member.passing]
    missing = [
        (member, report)
        for member, report in there
        if not (isinstance(report, _Report) and kid in report.signing_keys)
    ]
    waiting = [Waiting(member.endpoint.id, _reason(report)) for member, report in missing]
    if all(member.service != _SPEAKS_FOR_ENVOYS for member, _ in there):
        waiting.append(Waiting(_SPEAKS_FOR_ENVOYS, "is missing, and nobody else speaks for the Envoys"))
    return Answers(len(there) - len(missing), tuple(waiting))


def _reason(report: _Report | str | None) -> str:
    match report:
        case None:
            return "does not answer"
        case str():
            return report
        case _ if report.signing_keys_wait_for:
            return f"waits for {'; '.join(report.signing_keys_wait_for)}"
        case _:
            return "does not verify with it yet"


@asynccontextmanager
async def holders(consul: Consul, tag: str) -> AsyncIterator[Holders]:
    """Those with `tag`. Each is asked over a connection of its own, which proves that it can be reached."""
    connector = TCPConnector(limit=_AT_ONCE, force_close=True)
    timeout = ClientTimeout(total=None, sock_connect=_ANSWER_SECONDS, sock_read=_ANSWER_SECONDS)
    async with ClientSession(connector=connector, timeout=timeout) as http:
        yield Holders(consul, http, tag)

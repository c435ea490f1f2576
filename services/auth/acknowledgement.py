"""Who verifies with a key: every process that Consul knows is asked, the control planes also for their Envoys."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Set
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
_AT_ONCE: Final = 1024
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

    signing_keys: frozenset[str] = frozenset()
    signing_keys_wait_for: tuple[str, ...] = ()


class Holders:
    """The processes that hold the keys: whatever is in Consul with a tag."""

    def __init__(self, consul: Consul, http: ClientSession, tag: str) -> None:
        self._consul = consul
        self._http = http
        self._tag = tag
        self._kid = ""
        self._knew: Set[Member] = frozenset()

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
        reports = zip(members, await asyncio.gather(*map(self._report, members)), strict=True)
        there = {member: report for member, report in reports if report is not None or member.passing}
        know = {member for member, report in there.items() if self._knows(kid, member, report)}
        self._kid, self._knew = kid, know
        return Answers(len(know), _waiting_for(there, know))

    async def _report(self, member: Member) -> _Report | None:
        """What an instance tells of its keys; None when it does not answer."""
        url = f"http://{member.endpoint.host}:{member.endpoint.port}/health"
        try:
            async with self._http.get(url) as response:
                return _Report.model_validate_json(await response.read())
        except (ClientError, OSError, TimeoutError):
            return None
        except ValidationError:
            return _Report()

    def _knows(self, kid: str, member: Member, report: _Report | None) -> bool:
        if report is not None:
            return kid in report.signing_keys
        # It is too busy to say again what it has said before. For Envoys that matters: they come and go.
        return member in self._knew and kid == self._kid and member.service != _SPEAKS_FOR_ENVOYS


def _waiting_for(there: Mapping[Member, _Report | None], know: Set[Member]) -> tuple[Waiting, ...]:
    waiting = [
        Waiting(member.endpoint.id, _reason(report)) for member, report in there.items() if member not in know
    ]
    if all(member.service != _SPEAKS_FOR_ENVOYS for member in there):
        waiting.append(Waiting(_SPEAKS_FOR_ENVOYS, "is missing, and nobody else speaks for the Envoys"))
    return tuple(waiting)


def _reason(report: _Report | None) -> str:
    if report is None:
        return "does not answer"
    if report.signing_keys_wait_for:
        return f"waits for {'; '.join(report.signing_keys_wait_for)}"
    return "does not verify with it yet"


@asynccontextmanager
async def holders(consul: Consul, tag: str) -> AsyncIterator[Holders]:
    """Those with `tag`. Each is asked over a connection of its own, which proves that it can be reached."""
    connector = TCPConnector(limit=_AT_ONCE, force_close=True)
    async with ClientSession(connector=connector, timeout=ClientTimeout(_ANSWER_SECONDS)) as http:
        yield Holders(consul, http, tag)

"""What the supervisor has to know of a process."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path


class State(StrEnum):
    """Where a supervised process stands."""

    STOPPED = "stopped"
    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """One process: how it is run, what it needs first and how to tell that it serves.

    `service` is the name dependants use in `after`; several numbered processes can share one. The
    process runs in `directory`, with `environment` on top of the supervisor's own.
    `ready` returns once the process is usable and may set it up on the way; without it the process
    says so itself (`READY=1`, the sd_notify protocol). `prepare` writes its files before each start.
    `before_stop` drains it. Times are seconds. With a `niceness` above 0 it has the processor after the others.
    """

    name: str
    command: tuple[str, ...]
    service: str = ""
    directory: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    ports: Mapping[str, int] = field(default_factory=dict)
    prepare: Callable[[], None] | None = None
    ready: Callable[[], Awaitable[None]] | None = None
    before_stop: Callable[[], Awaitable[None]] | None = None
    start_seconds: float = 60.0
    stop_seconds: float = 15.0
    scalable: bool = False
    niceness: int = 0

    @property
    def provides(self) -> str:
        """The name dependants know this process by."""
        return self.service or self.name

    def numbered(self, number: int) -> "ProcessSpec":
        """The same process as instance `number` of its service."""
        name = f"{self.provides}-{number}"
        return replace(self, name=name).with_environment({"PORTICO_INSTANCE": name})

    def with_environment(self, variables: Mapping[str, str]) -> "ProcessSpec":
        """The same process with more environment variables."""
        return replace(self, environment={**self.environment, **variables})


@dataclass(frozen=True)
class Status:
    """What can be told of one process now; `uptime` in seconds, `rss` in bytes."""

    name: str
    service: str
    state: State
    pid: int | None
    ports: tuple[int, ...]
    restarts: int
    text: str
    uptime: float
    rss: int

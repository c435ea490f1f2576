"""Runs many processes in dependency order and ends them in reverse."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Self

from scripts.supervisor.changes import Changes
from scripts.supervisor.logfile import LogFile
from scripts.supervisor.process import Process
from scripts.supervisor.record import Record, end_leftovers
from scripts.supervisor.spec import ProcessSpec, State, Status
from services.chassis.open_files import allow_open_files

MOST_INSTANCES = 32


class StartFailed(Exception):
    """Some processes could not be started; `failures` has the reason of each by name."""

    def __init__(self, failures: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in failures.items()))
        self.failures = failures


class UnknownProcess(LookupError):
    """No process or service of that name."""


class Supervisor:
    """Owns the processes of `specs` while it is entered; leaving it ends them all.

    `logs` is the directory of the log files, `record` the file that lets the next supervisor find
    what this one left when it was killed.
    """

    def __init__(self, specs: Iterable[ProcessSpec], *, logs: Path, record: Path) -> None:
        self.changes = Changes()
        self._logs = logs
        self._record_path = record
        self._record = Record(record)
        self._processes = {spec.name: self._process(spec) for spec in specs}
        self._templates = {process.spec.provides: process.spec for process in self._processes.values()}

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(end_leftovers, self._record_path)
        # Envoy holds a connection on either side of every stream.
        allow_open_files()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, *names: str) -> None:
        """Start the named processes and all they need (everything without a name); return when ready.

        Raises StartFailed when one of them is given up.
        """
        wanted = self._with_dependencies(names or tuple(self._processes))
        for process in wanted:
            process.start(partial(self._may_start, process))
        await self._settled(wanted)

    async def stop(self, *names: str) -> None:
        """Stop the named processes (all without a name), each after those that need it."""
        stopping = [self._find(name) for name in names] if names else list(self._processes.values())
        await asyncio.gather(*(self._stop_after_dependants(process, stopping) for process in stopping))

    def kill(self, name: str) -> None:
        """SIGKILL a process; it is restarted as after a crash."""
        self._find(name).kill()

    async def replace(self, spec: ProcessSpec) -> None:
        """Run the process of that name like this from now on; return when it is ready. Those that need it go on.

        Raises StartFailed when it is given up.
        """
        await self._find(spec.name).stop()
        self._processes[spec.name] = self._process(spec)
        await self.start(spec.name)

    async def scale(
        self,
        service: str,
        count: int,
        environment: Mapping[str, str] = MappingProxyType({}),
        directory: Path | None = None,
    ) -> None:
        """Run `count` instances of a service, from lowest number up; return when they are ready or gone.

        Those that are new have `environment` on top of the others', and run in `directory` if one is given.
        """
        template = self._templates.get(service)
        if template is None or not template.scalable:
            raise UnknownProcess(f"{service} cannot be scaled; these can: {', '.join(self.scalable)}")
        if not 0 <= count <= MOST_INSTANCES:
            raise ValueError(f"{count} is not between 0 and {MOST_INSTANCES}")
        new = replace(template, directory=directory or template.directory).with_environment(environment)
        wanted = {spec.name: spec for spec in (new.numbered(n) for n in range(1, count + 1))}
        await self._remove([p for p in self._instances(service) if p.spec.name not in wanted])
        for name, spec in wanted.items():
            self._processes.setdefault(name, self._process(spec))
        if wanted:
            await self.start(*wanted)

    def status(self) -> tuple[Status, ...]:
        """Every process, in the order of the specs."""
        return tuple(process.status() for process in self._processes.values())

    def states(self) -> dict[str, tuple[State, str]]:
        """State and status text of every process: cheap enough to be asked at each change."""
        return {name: (process.state, process.text) for name, process in self._processes.items()}

    async def ready(self, name: str) -> None:
        """Return once the named process is ready, for instance again after a crash."""
        process = self._find(name)
        await self.changes.until(lambda: process.state is State.READY)

    @property
    def scalable(self) -> tuple[str, ...]:
        """The services that can be scaled."""
        return tuple(name for name, spec in self._templates.items() if spec.scalable)

    def _process(self, spec: ProcessSpec) -> Process:
        return Process(spec, LogFile(self._logs, spec.name), self._record, self.changes)

    def _find(self, name: str) -> Process:
        try:
            return self._processes[name]
        except KeyError:
            raise UnknownProcess(f"no process is named {name}: {', '.join(self._processes)}") from None

    def _instances(self, service: str) -> list[Process]:
        return [process for process in self._processes.values() if process.spec.provides == service]

    def _with_dependencies(self, names: Iterable[str]) -> list[Process]:
        found: dict[str, Process] = {}

        def visit(process: Process) -> None:
            if process.spec.name not in found:
                for service in process.spec.after:
                    for dependency in self._instances(service):
                        visit(dependency)
                found[process.spec.name] = process

        for name in names:
            visit(self._find(name))
        return list(found.values())

    def _may_start(self, process: Process) -> bool:
        return all(
            any(instance.state is State.READY for instance in self._instances(service))
            for service in process.spec.after
        )

    async def _settled(self, wanted: list[Process]) -> None:
        await self.changes.until(lambda: self._is_settled(wanted))
        failures = {p.spec.name: p.text for p in wanted if p.state is State.FAILED}
        if failures:
            raise StartFailed(failures)

    def _is_settled(self, wanted: list[Process]) -> bool:
        """All are ready or given up, or wait for one that was given up."""
        return all(
            process.state in (State.READY, State.FAILED, State.STOPPED) or self._is_hopeless(process)
            for process in wanted
        )

    def _is_hopeless(self, process: Process) -> bool:
        dependencies = [p for service in process.spec.after for p in self._instances(service)]
        return process.state is State.WAITING and any(
            dependency.state is State.FAILED or self._is_hopeless(dependency) for dependency in dependencies
        )

    async def _stop_after_dependants(self, process: Process, stopping: list[Process]) -> None:
        dependants = [other for other in stopping if process.spec.provides in other.spec.after]
        await self.changes.until(lambda: all(other.state is State.STOPPED for other in dependants))
        await process.stop()

    async def _remove(self, surplus: list[Process]) -> None:
        await asyncio.gather(*(process.stop() for process in surplus))
        for process in surplus:
            del self._processes[process.spec.name]

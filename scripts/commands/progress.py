"""Showing processes come and go."""

import time
from collections.abc import AsyncIterator
from typing import Any

import typer
from rich.markup import escape
from rich.text import Text

from scripts.console import console
from scripts.control import Message
from scripts.layout import Layout
from scripts.supervisor import State
from scripts.supervisor.logfile import tail

LOG_LINES = 12
LINE_LENGTH = 400


async def follow(layout: Layout, answers: AsyncIterator[Message], target: State) -> None:
    """Print each process as it reaches the target state; exit with what failed if the request did."""
    progress = _Progress(target)
    with console.status("asking the supervisor …") as spinner:
        async for answer in answers:
            if "error" in answer:
                spinner.stop()
                _explain(layout, answer)
                raise typer.Exit(1)
            if processes := answer.get("processes"):
                progress.tell(processes)
                spinner.update(_pending(processes, target))


class _Progress:
    """Prints what is new since the last look; what was as wanted from the start is not worth a line."""

    def __init__(self, target: State) -> None:
        self._target = target
        self._began = time.monotonic()
        self._told: dict[str, tuple[State, str]] = {}

    def tell(self, processes: list[dict[str, Any]]) -> None:
        """Print a line for each process that reached the target, trips on its way to readiness, or is gone."""
        for process in processes:
            name, now = process["name"], (State(process["state"]), process["text"])
            before = self._told.setdefault(name, now)
            if now[0] is self._target is not before[0]:
                self._told[name] = now
                self._print_reached(name, " ".join(f":{port}" for port in process["ports"]))
            elif self._trips(now[0]) and now != before:
                self._told[name] = now
                console.print(f"[red]✗[/red] {name:<16} {now[0]}: {escape(now[1])}", soft_wrap=True)
        for name in self._told.keys() - {process["name"] for process in processes}:
            del self._told[name]
            self._print_reached(name, "and gone", State.STOPPED)

    def _print_reached(self, name: str, what: str, state: State | None = None) -> None:
        seconds = time.monotonic() - self._began
        console.print(
            f"[green]✓[/green] {name:<16} {state or self._target} {what} [dim]{seconds:.1f} s[/dim]"
        )

    def _trips(self, state: State) -> bool:
        return self._target is State.READY and state in (State.RESTARTING, State.FAILED)


def _pending(processes: list[dict[str, Any]], target: State) -> str:
    pending = [
        f"{process['name']} ({process['text'] or process['state']})"
        for process in processes
        if process["state"] != target
    ]
    return ", ".join(pending)


def _explain(layout: Layout, answer: Message) -> None:
    """Say which process failed, why, what it said last and what to do."""
    failures = answer.get("failures", {})
    if not failures:
        console.print(f"[red]✗[/red] {answer['error']}", soft_wrap=True)
    for name, reason in failures.items():
        log = layout.logs / f"{name}.log"
        console.print(f"\n[red]✗ {name}[/red] {reason}", soft_wrap=True)
        console.print(f"  The last lines of {log}:", soft_wrap=True)
        for line in tail(log, LOG_LINES):
            console.print(Text.assemble(("  | ", "dim"), Text.from_ansi(line[:LINE_LENGTH])), soft_wrap=True)
    if failures:
        console.print(
            "\nMend the cause and run `portico up` again: it starts what is missing. A port that is taken can be "
            "moved with PORTICO_PORT_<NAME>, all of them with PORTICO_PORT_OFFSET. `portico doctor` knows more."
        )

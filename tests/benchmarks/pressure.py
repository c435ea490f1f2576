"""As many requests as a system can answer, sent by wrk: a generator in Python would be what is measured."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import orjson

from scripts.load.percentiles import Percentiles
from scripts.native.debian import DebianPackages
from scripts.native.part import Part
from scripts.native.tools import Tool
from tests.benchmarks.load import REQUEST_SECONDS, Clients, Load, Outcome
from tests.benchmarks.outside import output

SCRIPT = Path(__file__).with_name("pressure.lua")
WRK = Part(
    "wrk",
    DebianPackages("bookworm", ("wrk", "libluajit-5.1-2", "libssl3")),
    Tool("PORTICO_WRK_BIN", ("wrk",), "usr/bin/wrk", (4, 1), "-v"),
)


async def pressed(load: Load, how: Clients, native: Path) -> Outcome:
    """Let so many clients send the GETs of a load, each the next one when its last one is answered.

    Unlike those of `load.under`, latencies are of all answers: a round with failures says nothing of them.
    Raises CommandFailed.
    """
    with tempfile.NamedTemporaryFile("w", prefix="portico-targets-") as targets:
        targets.writelines(f"{request.path}\t{request.token}\n" for request in load.requests)
        targets.flush()
        wrk, arguments = WRK.executable(native).path, _arguments(load.url, how)
        said = await output(wrk, *arguments, targets.name, environment=_environment(native))
    return outcome(orjson.loads(said.splitlines()[-1]))


def _arguments(url: str, how: Clients) -> tuple[str, ...]:
    bounds = ("--duration", f"{max(1, round(how.seconds))}s", "--timeout", f"{REQUEST_SECONDS:g}s")
    return ("--threads", "1", "--connections", str(how.count), *bounds, "--script", str(SCRIPT), url, "--")


def _environment(native: Path) -> dict[str, str]:
    """One in which a fetched wrk finds the libraries that were fetched with it."""
    if not WRK.executable(native).fetched:
        return dict(os.environ)
    libraries = (WRK.directory(native) / "usr" / "lib").glob("*-linux-gnu")
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))}


def outcome(said: Mapping[str, float]) -> Outcome:
    """What came of it, as the script says it: times in microseconds, errors by what they were."""
    failures = {
        name: int(said[name]) for name in ("connect", "read", "write", "status", "timeout") if said[name]
    }
    sent, seconds = int(said["requests"]), said["microseconds"] / 1e6
    answered = sent - failures.get("status", 0)
    latency = Percentiles(*(said[name] / 1000 for name in ("p50", "p95", "p99", "most")))
    return Outcome(sent, answered, seconds, answered / seconds, latency, failures, 0.0, said["cpu_seconds"])

"""The image: what goes in, who runs in it, and the two scripts it adds to our code."""

import asyncio
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from aiohttp import web

from scripts.layout import CHECKOUT
from tests.deploy.stack import FILE
from tests.serving import serving

DOCKERFILE = (CHECKOUT / "deploy" / "Dockerfile").read_text()
SCRIPTS = CHECKOUT / "deploy" / "image"
PROCESSES = sorted(set(re.findall(r"python, -m, ([\w.]+)", FILE.read_text())))


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What .dockerignore leaves of a checkout."""
    rules = [
        line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line and line[0] not in "#*"
    ]
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    assert len(kept) == len(rules)
    target = tmp_path_factory.mktemp("context") / "portico"
    target.mkdir()
    for name in kept:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, target / name)
    return target


def test_it_installs_only_what_is_pinned_by_hash() -> None:
    installs = re.findall(r"pip install (.*)", DOCKERFILE)
    assert installs
    for arguments in installs:
        pinned = "--require-hashes" in arguments and "deploy/locks/runtime.txt" in arguments
        assert pinned or arguments.startswith("--no-deps --no-build-isolation -e ."), arguments


def test_it_is_of_two_pinned_stages_and_ends_as_nobody() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", bases[0])
    assert re.findall(r"^USER (.*)", DOCKERFILE, re.MULTILINE) == ["10001:10001"]


def test_it_holds_neither_secrets_nor_tests(context: Path) -> None:
    names = [str(path.relative_to(context)) for path in context.rglob("*")]
    for unwanted in (".git*", ".portico*", ".env*", "tests*", "*secrets.json", "*credentials.json"):
        assert not [name for name in names if fnmatch(name, unwanted)], unwanted


def test_what_it_holds_is_enough_to_run(context: Path) -> None:
    code = """
import importlib, pathlib, sys
import scripts.layout
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    if hasattr(module, "__path__"):
        importlib.import_module(f"{name}.app")
    assert pathlib.Path(module.__file__).is_relative_to(pathlib.Path.cwd()), module
assert scripts.layout.CHECKOUT == pathlib.Path.cwd()
"""
    command = [sys.executable, "-c", code, *PROCESSES]
    run = subprocess.run(command, cwd=context, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr


def test_the_entrypoint_tells_a_process_its_address_and_name_and_becomes_it() -> None:
    script = 'echo "$PORTICO_HOST $PORTICO_INSTANCE $$"'
    process = subprocess.Popen(
        [SCRIPTS / "entrypoint", "sh", "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    said, _ = process.communicate(timeout=10)
    host, instance, pid = said.split()
    hostname = subprocess.run(["hostname"], capture_output=True, text=True, check=True).stdout.strip()
    assert re.fullmatch(r"[\d.:a-f]+", host)
    assert instance == hostname
    assert int(pid) == process.pid


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
async def test_a_container_is_as_healthy_as_its_process_is_ready(status: int, code: int) -> None:
    async def readyz(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/readyz", readyz)
    async with serving(app) as port:
        assert await asked(port) == code


async def test_without_an_answer_it_is_not_healthy() -> None:
    assert await asked(1) == 1


async def asked(port: int) -> int:
    environment = {"PATH": "/usr/bin:/bin", "PORTICO_HOST": "127.0.0.1", "PORTICO_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(sys.executable, SCRIPTS / "healthy", env=environment)
    return await process.wait()

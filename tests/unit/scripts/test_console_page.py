"""The console's page: its sources fit together, and what is built of them loads nothing from elsewhere."""

import json
import re
import shutil
from pathlib import Path

import pytest

from scripts.layout import CHECKOUT, Layout
from scripts.native import console, node
from scripts.native.commands import run
from scripts.native.fetching import fetch

LARGEST_SCRIPT = 200_000


@pytest.fixture(scope="module")
async def native() -> Path:
    """Where the parts are, Node and the built page among them."""
    layout = Layout(CHECKOUT / ".portico" / "test")
    await fetch(layout.native, (node.PART, console.PART))
    return layout.native


async def test_the_types_are_right(native: Path, tmp_path: Path) -> None:
    work = tmp_path / "web"
    shutil.copytree(console.SOURCES, work, ignore=shutil.ignore_patterns("node_modules"))
    node.npm_ci(work, native, development=True)
    compiler = work / "node_modules" / "typescript" / "bin" / "tsc"
    assert run("node", str(compiler), cwd=work, environment=node.node_environment(native), seconds=100) == ""


async def test_the_page_is_small_and_all_of_it_is_ours_to_serve(native: Path) -> None:
    directory = console.PART.directory(native)
    script, style = ((directory / name).read_text() for name in ("console.js", "console.css"))
    page = (directory / "index.html").read_text()
    assert len(script) < LARGEST_SCRIPT
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert set(loaded) == {"console.js", "console.css", "icon.svg"}
    assert "url(" not in style
    assert "@import" not in style
    assert "<style" not in page
    assert not re.search(r"<script(?! src=)|\son\w+=|\sstyle=", page), "the page's own policy forbids it"


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((console.SOURCES / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())

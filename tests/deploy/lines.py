"""Which fields log lines have, and which of them Elasticsearch knows."""

import ast
import json
from collections.abc import Iterable, Iterator
from typing import Any

from scripts.layout import CHECKOUT

TEMPLATE = CHECKOUT / "observability" / "elasticsearch" / "template.json"
OURS = ("gateway", "services", "discovery", "observability")


def known() -> dict[str, str]:
    """The type of every field of the template, by its dotted name."""
    mappings = json.loads(TEMPLATE.read_text())["template"]["mappings"]
    return dict(_fields(mappings["properties"], ""))


def _fields(properties: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in properties.items():
        if "properties" in field:
            yield from _fields(field["properties"], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field["type"]


def unknown(fields: Iterable[str]) -> set[str]:
    """Those of the fields that nobody could search for; labels are known whatever they are called."""
    return {name for name in fields if name not in known() and not name.startswith("labels.")}


def logged_by_name() -> set[str]:
    """The ECS fields that our code adds to a line: the keys with a dot of what goes along as `extra`."""
    return {
        key
        for folder in OURS
        for file in (CHECKOUT / folder).rglob("*.py")
        for function in ast.walk(ast.parse(file.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for extra in _extras(function)
        for key in _keys(extra)
    }


def _extras(function: ast.AST) -> Iterator[ast.expr]:
    """What is given as `extra` in a function, there or by a name that it was given before."""
    given = [
        node.value for node in ast.walk(function) if isinstance(node, ast.keyword) and node.arg == "extra"
    ]
    names = {node.id for node in given if isinstance(node, ast.Name)}
    yield from given
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and names & {getattr(target, "id", "") for target in node.targets}:
            yield node.value


def _keys(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and "." in key.value:
                    yield key.value

"""How `portico config` changes what is set."""

from typing import Any

import pytest

from scripts.commands.config import changed


@pytest.mark.parametrize(
    ("tree", "path", "value", "expected"),
    [
        ({}, "a.b", (1,), {"a": {"b": 1}}),
        ({"a": {"b": 1}}, "a.c", (2,), {"a": {"b": 1, "c": 2}}),
        ({"a": 1}, "a.b", (2,), {"a": {"b": 2}}),
        ({"a": {"b": 1}}, "a.b", (None,), {"a": {"b": None}}),
        ({"a": {"b": 1}, "c": 2}, "a.b", (), {"c": 2}),
        ({"a": {"b": 1}}, "x.y", (), {"a": {"b": 1}}),
    ],
)
def test_a_value_is_set_or_taken_away(
    tree: dict[str, Any], path: str, value: tuple[Any, ...], expected: dict[str, Any]
) -> None:
    assert changed(tree, path.split("."), *value) == expected

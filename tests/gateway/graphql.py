"""Asking a gateway in GraphQL."""

from typing import Any

from tests.answers import Answer
from tests.instances import Instance

GRAPHQL = "/graphql"


async def ask(
    shop: Instance,
    document: str,
    variables: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Answer:
    """Whatever comes of a document."""
    body = {"query": document, "variables": variables, **more}
    async with shop.http.post(GRAPHQL, json=body, headers=headers) as response:
        return await Answer.of(response)


async def data(
    shop: Instance,
    document: str,
    variables: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """What was asked for, of which nothing may be missing."""
    answer = await ask(shop, document, variables, headers)
    assert answer.status == 200, answer
    assert "errors" not in answer.body, answer.body
    assert answer.body["extensions"]["degraded"] == []
    found: dict[str, Any] = answer.body["data"]
    return found


def codes(answer: Answer) -> list[str]:
    """The codes of an answer's errors."""
    return [error["extensions"]["code"] for error in answer.body["errors"]]

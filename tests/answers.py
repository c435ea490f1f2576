"""What a service answered, read to its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import ClientResponse


@dataclass(frozen=True)
class Answer:
    """`body` is what the JSON says, an empty object when there is none."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def slug(self) -> str:
        """The last part of a problem's type."""
        return str(self.body["type"]).rpartition(":")[2]

    @property
    def fields(self) -> list[str]:
        """The fields that a problem names."""
        return [error["field"] for error in self.body["errors"]]

    @classmethod
    async def of(cls, response: ClientResponse) -> Self:
        """Read a response."""
        body = await response.json(content_type=None) if await response.read() else {}
        return cls(response.status, response.headers, body)

"""Lists in version 2: a page links to the next one, and nobody has to put its address together."""

from collections.abc import Iterable
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.endpoint import Handler, query_of
from gateway.upstreams.client import Calls, Service
from services.chassis.http import reply

NextPage = Annotated[
    str | None,
    Field(
        description="The path of the next page, with all that this one was asked for; null on the last one.",
        examples=["/api/{version}/orders?limit=20&cursor=eyJhZnRlciI6IjAxYTIwOGJjIn0"],
    ),
]


class Page(BaseModel):
    """One page of a list, as its service gives it."""

    items: tuple[dict[str, Any], ...]
    next_cursor: str | None


class LinkedPage(BaseModel):
    """The same with a link in place of the cursor."""

    items: tuple[dict[str, Any], ...]
    next: NextPage

    @classmethod
    def of(cls, page: Page, next_page: str | None) -> Self:
        """The page as version 2 shows it."""
        return cls(items=page.items, next=next_page)


def link(path: str, query: Iterable[tuple[str, str]], cursor: str | None) -> str | None:
    """Where the page is that begins at `cursor`, of the list that was asked for by `path` and `query`."""
    if cursor is None:
        return None
    kept = [(name, value) for name, value in query if name != "cursor"]
    return f"{path}?{urlencode([*kept, ('cursor', cursor)], errors='replace')}"


def next_page(request: web.Request, cursor: str | None) -> str | None:
    """Where the page is that comes behind the one that is asked for; None behind the last."""
    return link(request.path, request.query.items(), cursor)


def linked(service: Service, target: str) -> Handler:
    """A handler that hands on a list of a service, and links its pages."""

    async def handle(request: web.Request, calls: Calls) -> web.Response:
        page = await calls.read(service, target + query_of(request), Page)
        return reply(LinkedPage.of(page, next_page(request, page.next_cursor)))

    return handle

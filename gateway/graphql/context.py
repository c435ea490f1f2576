"""What resolvers get to know of the request they work for."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry
from aiohttp import web

from gateway.compositions.page import Page
from gateway.graphql.document import Operation
from gateway.graphql.loaders import Loaders
from gateway.upstreams.client import Calls


@dataclass(frozen=True, slots=True)
class Context:
    """One request. Its answer is a page that the client composes: what `page` lacks, the answer names."""

    request: web.Request
    operation: Operation
    calls: Calls
    page: Page
    loaders: Loaders


Info: TypeAlias = strawberry.Info[Context, None]

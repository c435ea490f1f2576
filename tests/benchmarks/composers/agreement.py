"""Whether the composers say the same: what is faster because it does less is not compared."""

from aiohttp import ClientSession

from tests.benchmarks.composers.documents import LAME, order_ids, product_ids
from tests.benchmarks.composers.processes import Composers
from tests.benchmarks.load import Request

PRODUCTS, ORDERS = "/api/v1/products", "/api/v1/orders"


class Disagreement(RuntimeError):
    """A rival composes something else; the message says what."""


async def agreed(composers: Composers) -> None:
    """Ask each for pages that are whole and pages that lack sections. Raises Disagreement."""
    asked = (
        *(Request("GET", f"{PRODUCTS}/{id}", composers.staff) for id in (product_ids()[0], LAME)),
        *(Request("GET", f"{ORDERS}/{id}", composers.customer) for id in (order_ids()[0], LAME)),
    )
    for request in asked:
        pages = {name: await _page(url, request) for name, url in composers.urls.items()}
        ours = pages.pop("Portico")
        for rival, theirs in pages.items():
            if theirs != ours:
                raise Disagreement(f"{request.path}: Portico says {ours}, {rival} says {theirs}")


async def _page(url: str, request: Request) -> object:
    async with ClientSession(url) as http, http.get(request.path, headers=request.headers()) as response:
        return response.status, await response.json()

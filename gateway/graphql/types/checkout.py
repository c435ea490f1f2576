"""What an order would cost, before it is placed."""

from strawberry import Parent

from gateway.graphql.context import Info
from gateway.graphql.loaders import Count
from gateway.graphql.types.values import Money
from gateway.graphql.words import ProductId, by, shape
from gateway.upstreams import order as source
from gateway.vocabulary import Available, ImageUrl, ProductName, Quantity, Sku


def _available(line: Parent[source.Line], info: Info) -> Count:
    return info.context.loaders.available((line.sku,))


@shape
class PreviewLine:
    """One line of an order that is only thought of."""

    sku: Sku
    product_id: ProductId
    name: ProductName
    image: ImageUrl | None
    quantity: Quantity
    unit_price: Money
    line_total: Money
    available: Available = by(_available)


@shape
class Notice:
    """What a customer should know before ordering: `code` for programs, `detail` for people."""

    code: str
    sku: Sku
    detail: str


@shape
class Preview:
    """What an order would be charged, and what stands in its way."""

    items: list[PreviewLine]
    subtotal: Money
    discount: Money
    shipping: Money
    total: Money
    notices: list[Notice]

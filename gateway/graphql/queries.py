"""What can be asked for, on one screen: each root field, and the REST operation it stands for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import strawberry

from gateway.compositions.checkout_preview import checkout_preview
from gateway.graphql.access import stands_for
from gateway.graphql.context import Info
from gateway.graphql.inputs import AddressInput, ItemInput, PaymentMethodInput, order_body
from gateway.graphql.pages import category_tree, everybodys_home, one_product, some_products
from gateway.graphql.types.account import Account, Home, Stock
from gateway.graphql.types.checkout import Preview
from gateway.graphql.types.ordering import Order, Orders
from gateway.graphql.types.products import Category, FoundProduct, Product, Products
from gateway.graphql.words import MinorUnits, OrderStatus, ProductSort, shape
from gateway.upstreams import auth, inventory
from gateway.upstreams import order as orders
from gateway.upstreams import product as source


async def _home(info: Info) -> Mapping[str, object]:
    home = await everybodys_home(info)
    shown = home.showcase
    info.context.loaders.know(home.stock, source.skus_of((*shown.featured, *shown.newest)))
    return {"featured": shown.featured, "new": shown.newest, "categories": home.categories}


async def _product(info: Info, id: strawberry.ID) -> FoundProduct:
    page = await one_product(info, id)
    info.context.loaders.know(page.stock, page.product.skus)
    return FoundProduct.of(page)


async def _products(
    info: Info,
    q: str | None = None,
    category: str | None = None,
    brand: str | None = None,
    tag: str | None = None,
    min_price: MinorUnits | None = None,
    max_price: MinorUnits | None = None,
    sort: ProductSort | None = None,
    limit: int = 20,
    cursor: str | None = None,
) -> source.Listing:
    wanted = _given(
        q=q,
        category=category,
        brand=brand,
        tag=tag,
        min_price=min_price,
        max_price=max_price,
        sort=sort,
        limit=limit,
        cursor=cursor,
    )
    found = await some_products(info, _query(wanted), wanted.items())
    info.context.loaders.know(found.stock, source.skus_of(found.listing.items))
    return found.listing


async def _categories(info: Info) -> tuple[source.Category, ...]:
    return (await category_tree(info)).roots


async def _account(info: Info) -> auth.Account:
    return await auth.account(info.context.calls)


async def _order(info: Info, id: strawberry.ID) -> orders.Order:
    return await orders.order(info.context.calls, id)


async def _orders(
    info: Info, status: OrderStatus | None = None, limit: int = 20, cursor: str | None = None
) -> orders.History:
    return await orders.orders(info.context.calls, _query(_given(status=status, limit=limit, cursor=cursor)))


async def _checkout_preview(
    info: Info,
    items: list[ItemInput],
    shipping_address: AddressInput | None = None,
    payment_method: PaymentMethodInput | None = None,
) -> Mapping[str, object]:
    body = order_body(items, shipping_address, payment_method)
    preview = await checkout_preview(info.context.calls, body)
    info.context.page.lacks(preview.degraded)
    info.context.loaders.know(preview.stock, (line.sku for line in preview.priced.items))
    return {**dict(preview.priced), "notices": preview.notices}


async def _stock(info: Info, sku: str) -> inventory.Level:
    return await inventory.level(info.context.calls, sku)


@shape
class Query:
    """All that changes nothing."""

    home: Home | None = stands_for("get_home", _home)
    product: Product | None = stands_for("get_product", _product)
    products: Products | None = stands_for("list_products", _products)
    categories: list[Category] | None = stands_for("list_categories", _categories)
    account: Account | None = stands_for("get_account", _account)
    order: Order | None = stands_for("get_order", _order)
    orders: Orders | None = stands_for("list_orders", _orders)
    checkout_preview: Preview | None = stands_for("preview_checkout", _checkout_preview)
    stock: Stock | None = stands_for("get_stock", _stock)


def _given(**parameters: Any) -> dict[str, str]:
    """Those that were given, as they stand in a query."""
    return {name: str(value) for name, value in parameters.items() if value is not None}


def _query(parameters: Mapping[str, str]) -> str:
    return f"?{urlencode(parameters, errors='replace')}" if parameters else ""

"""The product service's HTTP edge."""

from aiohttp import web

from services.chassis.clock import utcnow
from services.chassis.http import query, read, reply
from services.chassis.idempotency import HEADER, idempotent
from services.chassis.identity import Role, known_caller, require
from services.chassis.mongo import DATABASE, Work
from services.product.lists import category_tree, list_products, related_products, showcase
from services.product.schemas import (
    BatchQuery,
    CategoriesOut,
    ListQuery,
    ProductIn,
    ProductOut,
    ProductPatch,
    ProductsOut,
    ProductSummary,
    RelatedOut,
)
from services.product.use_cases import change_product, create_product, get_product, get_products

routes = web.RouteTableDef()


def _is_editor(request: web.Request) -> bool:
    known = known_caller(request)
    return known is not None and known.has(Role.ADMIN)


@routes.get("/products")
async def listing(request: web.Request) -> web.Response:
    """Active products, filtered, searched, sorted."""
    return reply(await list_products(query(request, ListQuery)))


@routes.get("/product-batch")
async def batch(request: web.Request) -> web.Response:
    """Whole products by id or sku, for pages that are composed of many. What is unknown is left out."""
    wanted = query(request, BatchQuery)
    found = await get_products(wanted.ids, wanted.skus)
    return reply(ProductsOut(items=tuple(ProductOut.of(product) for product in found)))


@routes.get("/products/{reference}")
async def one(request: web.Request) -> web.Response:
    """One whole product, by id or slug."""
    product = await get_product(request.match_info["reference"], editor=_is_editor(request))
    return reply(ProductOut.of(product))


@routes.get("/products/{reference}/related")
async def related(request: web.Request) -> web.Response:
    """What goes with it."""
    product = await get_product(request.match_info["reference"], editor=_is_editor(request))
    found = await related_products(product)
    return reply(RelatedOut(items=tuple(ProductSummary.of(other) for other in found)))


@routes.get("/showcase")
async def shown_first(_request: web.Request) -> web.Response:
    """Featured and new products."""
    return reply(await showcase())


@routes.get("/categories")
async def categories(_request: web.Request) -> web.Response:
    """The tree."""
    return reply(CategoriesOut(items=await category_tree()))


@routes.post("/products")
async def create(request: web.Request) -> web.Response:
    """201: the product is in the catalogue. An Idempotency-Key makes it safe to repeat."""
    require(request, Role.ADMIN)
    content = await read(request, ProductIn)

    async def use_case(work: Work) -> ProductOut:
        return ProductOut.of(await create_product(work, content, utcnow()))

    if HEADER in request.headers:
        return await idempotent(request, content, 201, use_case)
    return reply(await request.app[DATABASE].transaction(use_case), 201)


@routes.patch("/products/{id}")
async def patch(request: web.Request) -> web.Response:
    """The product as it is after the change."""
    require(request, Role.ADMIN)
    body = await read(request, ProductPatch)

    async def use_case(work: Work) -> ProductOut:
        product_id, changes = request.match_info["id"], body.changes()
        return ProductOut.of(await change_product(work, product_id, changes, body.version, utcnow()))

    return reply(await request.app[DATABASE].transaction(use_case))


@routes.delete("/products/{id}")
async def archive(request: web.Request) -> web.Response:
    """204: the product is archived; what was ordered of it can still be named."""
    require(request, Role.ADMIN)
    product_id = request.match_info["id"]

    async def use_case(work: Work) -> None:
        await change_product(work, product_id, {"status": "archived"}, None, utcnow())

    await request.app[DATABASE].transaction(use_case)
    return web.Response(status=204)

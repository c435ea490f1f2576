"""By what the edge knows an endpoint."""

from aiohttp import web


def route_of(request: web.Request) -> str:
    """The method and the template of the path, such as `GET /api/v1/orders/{id}`; no such path has none."""
    resource = request.match_info.route.resource
    method = "GET" if request.method == "HEAD" else request.method
    return f"{method} {resource.canonical}" if resource else ""

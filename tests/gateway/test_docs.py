"""The document and the page that shows it, as they are served."""

import gzip
import json
import re
from html.parser import HTMLParser
from typing import Any

import jsonschema_rs
import pytest
from aiohttp import ClientSession

from gateway.openapi.site import assets
from gateway.versions import PUBLISHED, VERSIONS
from tests.instances import Instance


class Links(HTMLParser):
    """What a page loads or leads to, and whether it has any script or style of its own."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.linked: list[str] = []
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag in ("script", "link", "img", "iframe"):
            self.loaded.append(known.get("src") or known.get("href", ""))
        elif "href" in known:
            self.linked.append(known["href"])
        if tag == "style" or known.keys() & {"style", "onload", "onerror"}:
            self.inline.append(tag)


async def test_each_version_has_a_document_which_is_that_of_its_table(shop: Instance) -> None:
    documents: dict[str, dict[str, Any]] = {}
    for version in VERSIONS:
        async with shop.http.get(f"{version.prefix}/openapi.json") as response:
            assert (response.status, response.content_type) == (200, "application/json")
            assert response.headers["Cache-Control"] == "public, max-age=60"
            documents[version.name] = await response.json()
    for one in PUBLISHED:
        assert one.endpoint.method.lower() in documents[one.version.name]["paths"][one.path]


async def test_the_document_without_a_version_stays_that_of_version_1(shop: Instance) -> None:
    async with shop.http.get("/openapi.json") as plain, shop.http.get("/api/v1/openapi.json") as first:
        assert await plain.json() == await first.json()


@pytest.mark.parametrize(
    "path", ["/openapi.json", "/api/v2/openapi.json", "/docs", "/docs/", "/docs/swagger-ui.css"]
)
async def test_whoever_has_it_is_not_given_it_again(shop: Instance, path: str) -> None:
    async with shop.http.get(path) as first:
        assert first.status == 200
        known = first.headers["ETag"]
    for value in (known, f'"another", {known}', "*"):
        async with shop.http.get(path, headers={"If-None-Match": value}) as again:
            assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", known)
            assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    async with shop.http.get(path, headers={"If-None-Match": '"another"'}) as other:
        assert other.status == 200


async def test_it_is_packed_for_whoever_takes_that(shop: Instance) -> None:
    async with ClientSession(f"http://127.0.0.1:{shop.port}", auto_decompress=False) as plain:
        async with plain.get("/docs/swagger-ui-bundle.js", headers={"Accept-Encoding": "gzip"}) as packed:
            assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
            body = await packed.read()
        async with plain.get("/docs/swagger-ui-bundle.js", headers={"Accept-Encoding": "identity"}) as whole:
            assert "Content-Encoding" not in whole.headers
            assert gzip.decompress(body) == await whole.read()
            assert len(body) < 500_000


async def test_the_page_loads_nothing_but_from_here_and_has_nothing_inline(shop: Instance) -> None:
    async with shop.http.get("/docs") as response:
        assert (response.status, response.content_type) == (200, "text/html")
        policy = response.headers["Content-Security-Policy"]
        links = Links(await response.text())
    assert links.inline == []
    assert links.linked == ["/api/v2/openapi.json", "/api/v1/openapi.json"]
    assert {link.partition("?")[0] for link in links.loaded} == {f"/docs/{name}" for name in assets()}
    for link in links.loaded:
        async with shop.http.get(link) as response:
            assert response.status == 200
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    sources = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert sources["default-src"] == "'none'"
    assert set(sources.values()) <= {"'none'", "'self'", "'self' data:"}


async def test_what_starts_it_asks_nobody_else(shop: Instance) -> None:
    async with shop.http.get("/docs/initializer.js") as response:
        script = await response.text()
    choice = re.search(r"urls: (\[.+\])", script)
    assert choice and json.loads(choice[1]) == [
        {"name": "v2", "url": "/api/v2/openapi.json"},
        {"name": "v1", "url": "/api/v1/openapi.json"},
    ]
    assert "validatorUrl: null" in script
    assert "//" not in script


@pytest.mark.parametrize("name", ["swagger-ui.css.map", "oauth2-redirect.html", "..%2f__init__.py", "%2e%2e"])
async def test_only_what_is_needed_is_served(shop: Instance, name: str) -> None:
    async with shop.http.get(f"/docs/{name}") as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"


async def test_health_is_as_documented(shop: Instance) -> None:
    async with shop.http.get("/openapi.json") as response:
        document = await response.json()
    schema = {"$ref": "#/components/schemas/HealthOut", "components": document["components"]}
    async with shop.http.get("/health") as response:
        jsonschema_rs.validate(schema, await response.json())

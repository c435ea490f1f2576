"""The sample data and the sample order: what makes a fresh platform worth looking at."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from uuid import uuid4

from scripts.layout import CHECKOUT, Layout
from scripts.platform import load_credentials, service_environment
from scripts.secrets import Login
from scripts.seeding import Article, put_on_sale
from scripts.storefront import Storefront, order_request

CATALOGUE = CHECKOUT / "scripts" / "catalogue.json"
SEED_SECONDS = 60.0
# A sku is orderable within 1 s of its adjustment; a machine busy starting may need longer.
AVAILABLE_ATTEMPTS = 30
AVAILABLE_PAUSE = 0.3


class DemoFailed(RuntimeError):
    """The sample data or the sample order could not be made; the message says why."""


@dataclass(frozen=True)
class Placed:
    """An order just accepted: what was bought and where its events are."""

    order_id: str
    product: str
    sku: str
    events_url: str


def seed_accounts(layout: Layout) -> None:
    """Create the admin and support accounts with the passwords of the credentials file. Raises DemoFailed."""
    environment = {**os.environ, **service_environment(layout, "auth")}
    command = [sys.executable, "-m", "services.auth.seed"]
    try:
        subprocess.run(
            command, cwd=CHECKOUT, env=environment, capture_output=True, check=True, timeout=SEED_SECONDS
        )
    except subprocess.CalledProcessError as error:
        said = (error.stdout + error.stderr).decode(errors="replace").strip()
        raise DemoFailed(f"accounts could not be seeded:\n{said}") from error
    except subprocess.TimeoutExpired as error:
        raise DemoFailed(f"accounts could not be seeded within {SEED_SECONDS:g} s") from error


async def seed_catalogue(url: str, admin: Login) -> int:
    """Put the sample products on sale that are not there yet; return how many those were."""
    articles = [Article(**entry) for entry in json.loads(CATALOGUE.read_text())]
    async with Storefront(url) as storefront:
        await storefront.log_in(admin)
        return await put_on_sale(storefront, articles)


async def place_order(storefront: Storefront, layout: Layout, token: str) -> Placed:
    """Order one of any product that is available, as the demo customer. Raises DemoFailed, Refused."""
    await storefront.sign_up(load_credentials(layout).customer)
    product, sku = await _available(storefront)
    body = order_request({sku: 1}, token)
    answer = await storefront.call("POST", "/api/v1/orders", body, key=uuid4().hex)
    return Placed(answer["order_id"], product, sku, answer["events_url"])


async def _available(storefront: Storefront) -> tuple[str, str]:
    """Name and sku of something in stock, waited for if the platform has only just been seeded."""
    for _ in range(AVAILABLE_ATTEMPTS):
        if found := await _in_stock(storefront):
            return found
        await asyncio.sleep(AVAILABLE_PAUSE)
    raise DemoFailed("no product is in stock: `portico seed` loads the sample catalogue")


async def _in_stock(storefront: Storefront) -> tuple[str, str] | None:
    products = await storefront.call("GET", "/api/v2/products?limit=20")
    for product in products["items"]:
        page = await storefront.call("GET", f"/api/v1/products/{product['id']}")
        for variant in page["variants"]:
            if variant["available"] is None or variant["available"] > 0:
                return page["name"], variant["sku"]
    return None

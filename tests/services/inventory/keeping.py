"""What those who keep the stock ask of the inventory service; each gives the status and the body."""

from typing import Any

from services.chassis.envelope import new_id
from tests.instances import Instance

Answer = tuple[int, dict[str, Any]]


async def get(app: Instance, path: str, headers: dict[str, str]) -> Answer:
    """Look something up."""
    async with app.http.get(path, headers=headers) as answer:
        return answer.status, await answer.json()


async def adjust(
    app: Instance, sku: str, body: dict[str, Any], headers: dict[str, str], key: str | None = None
) -> Answer:
    """Add to what there is, or take away."""
    headers = {**headers, "Idempotency-Key": key or new_id()}
    async with app.http.post(f"/stock/{sku}/adjustments", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def change(app: Instance, sku: str, body: dict[str, Any], headers: dict[str, str]) -> Answer:
    """Change how a sku is counted."""
    async with app.http.patch(f"/stock/{sku}", json=body, headers=headers) as answer:
        return answer.status, await answer.json()
